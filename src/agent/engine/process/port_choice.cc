#include "agent/engine/process/port_choice.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/crypto.h"
#include "net/address.h"

namespace fl::agent::engine::process {
namespace {

constexpr uint32_t kTaskNetwork = 127u << 24 | 64u << 16;  // 127.64.0.0/10
constexpr uint32_t kTaskHosts = 1u << 22;

// Whether somebody could listen there now.
bool is_free(const std::string& ip, uint16_t port, bool udp) {
  const auto address = net::IpAddress::parse(ip);
  if (!address) return false;
  sockaddr_storage storage{};
  const socklen_t length = net::SocketAddress{*address, port}.to_sockaddr(storage);
  const int fd = ::socket(storage.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  if (!udp) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0;
  if (free && !udp) free = ::listen(fd, 1) == 0;
  ::close(fd);
  return free;
}

}  // namespace

PortChoice::PortChoice(std::string instance_address, uint16_t first, uint16_t last, std::string_view agent)
    : instance_address_(std::move(instance_address)),
      first_(first),
      last_(last),
      next_(static_cast<uint16_t>(first + fnv1a64(agent) % (last - first + 1u))) {}

Result<std::string> PortChoice::task_address(std::string_view task_id, const std::vector<PortMapping>& ports,
                                             const std::set<std::string>& taken) {
  uint32_t host = static_cast<uint32_t>(fnv1a64(task_id)) % kTaskHosts;
  for (int tries = 0; tries < 1000; ++tries, host = (host + 1) % kTaskHosts) {
    const uint32_t number = kTaskNetwork + host;
    if ((number & 0xff) == 0 || (number & 0xff) == 0xff) continue;
    const std::string ip = fmt::format("127.{}.{}.{}", number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
    const bool usable = !taken.contains(ip) && std::ranges::all_of(ports, [&](const PortMapping& port) {
      return is_free(ip, port.container_port, port.udp);
    });
    if (usable) return ip;
  }
  return fail(Code::exhausted, "no free address in 127.64.0.0/10");
}

uint16_t PortChoice::take_next() {
  const uint16_t taken = next_;
  next_ = taken == last_ ? first_ : static_cast<uint16_t>(taken + 1);
  return taken;
}

Result<std::vector<PortBinding>> PortChoice::bind(NetworkMode mode, const std::string& task_address,
                                                  const std::vector<PortMapping>& ports,
                                                  const std::vector<PortBinding>& before,
                                                  const std::function<bool(const PortBinding&)>& is_ours) {
  std::vector<PortBinding> out;
  if (mode == NetworkMode::none) return out;
  const std::string& ip = mode == NetworkMode::awsvpc ? task_address : instance_address_;
  const auto is_usable = [&](const PortBinding& b) { return !is_ours(b) && is_free(b.bind_ip, b.host_port, b.udp); };
  for (size_t i = 0; i < ports.size(); ++i) {
    const PortMapping& port = ports[i];
    PortBinding chosen{ip, port.container_port, mode == NetworkMode::bridge ? port.host_port : port.container_port,
                       port.udp};
    if (chosen.host_port != 0) {
      if (!is_usable(chosen))
        return fail(Code::conflict,
                    fmt::format("cannot listen on {}:{}: address already in use", ip, chosen.host_port));
      out.push_back(std::move(chosen));
      continue;
    }
    if (i < before.size()) chosen.host_port = before[i].host_port;
    for (int tries = last_ - first_ + 1; chosen.host_port == 0 || !is_usable(chosen); --tries) {
      if (tries == 0) return fail(Code::exhausted, "no free port in the dynamic range");
      chosen.host_port = take_next();
    }
    out.push_back(std::move(chosen));
  }
  return out;
}

}  // namespace fl::agent::engine::process
