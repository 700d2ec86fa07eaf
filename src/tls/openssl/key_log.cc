#include "tls/openssl/key_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fl::tls::openssl {
namespace {

// The descriptor, one more than it is, so that null means none.
int descriptor_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, [](void*, void* p, CRYPTO_EX_DATA*, int, long, void*) {
        if (p != nullptr) ::close(static_cast<int>(reinterpret_cast<intptr_t>(p)) - 1);
      });
  return index;
}

void on_key(const SSL* session, const char* line) {
  void* p = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), descriptor_index());
  const std::string text = fmt::format("{}\n", line);
  // Appended in one call, lines of several workers do not mix. A full disk loses lines, not connections.
  (void)!::write(static_cast<int>(reinterpret_cast<intptr_t>(p)) - 1, text.data(), text.size());
}

}  // namespace

Result<> log_keys_to(SSL_CTX* context, const std::string& path) {
  if (path.empty()) return {};
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::invalid, fmt::format("cannot write the key log {}: {}", path, std::strerror(errno)));
  SSL_CTX_set_ex_data(context, descriptor_index(), reinterpret_cast<void*>(static_cast<intptr_t>(fd) + 1));
  SSL_CTX_set_keylog_callback(context, on_key);
  return {};
}

}  // namespace fl::tls::openssl
