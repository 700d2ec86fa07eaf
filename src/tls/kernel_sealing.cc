#include "tls/kernel_sealing.h"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace fl::tls {
namespace {

constexpr char kUlp[] = "tls";

// What the kernel is told, and tells: one of three structures with the same fields. Wiped in the end.
template <class Info>
struct CryptoInfo {
  Info info{};
  CryptoInfo() = default;
  CryptoInfo(const CryptoInfo&) = delete;
  CryptoInfo& operator=(const CryptoInfo&) = delete;
  ~CryptoInfo() { OPENSSL_cleanse(&info, sizeof info); }
};

// Calls `use` with the structure of the encryption.
template <class Use>
auto with_info(Aead aead, Use use) {
  switch (aead) {
    case Aead::aes_128_gcm: {
      CryptoInfo<tls12_crypto_info_aes_gcm_128> of;
      of.info.info = {TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128};
      return use(of.info);
    }
    case Aead::aes_256_gcm: {
      CryptoInfo<tls12_crypto_info_aes_gcm_256> of;
      of.info.info = {TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_256};
      return use(of.info);
    }
    case Aead::chacha20_poly1305: break;
  }
  CryptoInfo<tls12_crypto_info_chacha20_poly1305> of;
  of.info.info = {TLS_1_3_VERSION, TLS_CIPHER_CHACHA20_POLY1305};
  return use(of.info);
}

bool set_keys(int fd, const openssl::RecordKeys& keys) {
  return with_info(keys.aead, [&](auto& info) {
    const auto iv = std::ranges::copy_n(keys.iv.begin(), sizeof info.salt, info.salt).in;
    std::ranges::copy(iv, keys.iv.end(), info.iv);
    std::ranges::copy_n(keys.key.begin(), sizeof info.key, info.key);
    for (size_t i = 0; i < 8; ++i) info.rec_seq[7 - i] = static_cast<uint8_t>(keys.records >> (8 * i));
    return ::setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof info) == 0;
  });
}

// Bytes that TCP was given to send since the connection began, or nothing when it does not tell.
std::optional<uint64_t> given_to_tcp(int fd) {
  const auto acknowledged = [fd]() -> std::optional<uint64_t> {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    return info.tcpi_bytes_acked;
  };
  for (std::optional<uint64_t> before = acknowledged(); before;) {
    int unacknowledged = 0;
    if (::ioctl(fd, SIOCOUTQ, &unacknowledged) != 0) break;
    const std::optional<uint64_t> after = acknowledged();
    if (after == before) return *before + static_cast<uint64_t>(unacknowledged);
    before = after;  // an acknowledgement came in between
  }
  return std::nullopt;
}

}  // namespace

Result<> KernelSealing::probe() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::unavailable, fmt::format("cannot make a socket: {}", std::strerror(errno)));
  const bool known = ::setsockopt(fd, IPPROTO_TCP, TCP_ULP, kUlp, sizeof kUlp) == 0 || errno == ENOTCONN;
  const int error = errno;
  ::close(fd);
  if (known) return {};
  return fail(Code::unavailable,
              fmt::format("this kernel has no TLS ({}): load its module with `modprobe tls`", std::strerror(error)));
}

std::unique_ptr<KernelSealing> KernelSealing::start(int fd, const openssl::RecordKeys& keys) {
  if (::setsockopt(fd, IPPROTO_TCP, TCP_ULP, kUlp, sizeof kUlp) != 0) return nullptr;
  const std::optional<uint64_t> sent_before = given_to_tcp(fd);
  if (!sent_before || !set_keys(fd, keys)) return nullptr;
  return std::unique_ptr<KernelSealing>(new KernelSealing(fd, keys, *sent_before));
}

KernelSealing::KernelSealing(int fd, const openssl::RecordKeys& keys, uint64_t sent_before)
    : fd_(fd), aead_(keys.aead), first_record_(keys.records), sent_before_(sent_before) {}

int KernelSealing::send_alert(std::string_view content) {
  iovec part{const_cast<char*>(content.data()), content.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(1)]{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* type = CMSG_FIRSTHDR(&message);
  type->cmsg_level = SOL_TLS;
  type->cmsg_type = TLS_SET_RECORD_TYPE;
  type->cmsg_len = CMSG_LEN(1);
  *CMSG_DATA(type) = static_cast<uint8_t>(openssl::ContentType::alert);
  const ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (n < 0) return -errno;
  count(static_cast<size_t>(n));
  return 0;
}

// That were sealed on this connection, by whomever.
std::optional<uint64_t> KernelSealing::records() const {
  return with_info(aead_, [this](auto& info) -> std::optional<uint64_t> {
    socklen_t size = sizeof info;
    if (::getsockopt(fd_, SOL_TLS, TLS_TX, &info, &size) != 0) return std::nullopt;
    uint64_t count = 0;
    for (const uint8_t byte : info.rec_seq) count = count << 8 | byte;
    return count;
  });
}

bool KernelSealing::is_flushed() const {
  const std::optional<uint64_t> records = this->records(), sent = given_to_tcp(fd_);
  if (!records || !sent) return true;  // nothing to wait for: the connection is broken
  return *sent - sent_before_ == text_ + (*records - first_record_) * openssl::kSealingAdds;
}

}  // namespace fl::tls
