#include "aws/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fl::aws {
namespace {

class ProcessEnvironment final : public Environment {
 public:
  std::string variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? value : "";
  }
  Result<std::string> read_file(const std::string& path) const override {
    const auto failed = [&] {
      const Code code = errno == ENOENT || errno == ENOTDIR ? Code::not_found
                        : errno == EACCES                   ? Code::denied
                                                            : Code::unavailable;
      return fail(code, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed();
    std::string text;
    char buffer[4096];
    ssize_t n;
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(n));
    Result<std::string> result = n == 0 ? Result<std::string>(std::move(text)) : failed();
    ::close(fd);
    return result;
  }
};

}  // namespace

const Environment& process_environment() {
  static const ProcessEnvironment environment;
  return environment;
}

std::string FixedEnvironment::variable(const std::string& name) const {
  const auto found = variables_.find(name);
  return found != variables_.end() ? found->second : "";
}

Result<std::string> FixedEnvironment::read_file(const std::string& path) const {
  return process_environment().read_file(path);
}

}  // namespace fl::aws
