#include "agent/metadata/aws_address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "net/listener.h"

namespace fl::agent::metadata {
namespace {

constexpr const char* kInterface = "fairlead0";
constexpr const char* kGateway = "169.254.170.1";  // this machine, as the namespace sees it
constexpr uint32_t kInnerIndex = 2;                // of the pair's other end; 1 is the namespace's loopback

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error refusal(const char* what, int error) {
  const Code code = error == EPERM || error == EACCES ? Code::denied
                    : error == EEXIST                 ? Code::conflict
                                                      : Code::unavailable;
  return {code, fmt::format("{}: {}", what, std::strerror(error))};
}

// One request of rtnetlink(7): the kernel's struct, then attributes, which may hold others.
class Request {
 public:
  template <class Body>
  Request(uint16_t type, uint16_t flags, const Body& body) {
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    header().nlmsg_len = NLMSG_HDRLEN;
    append(&body, sizeof body);
  }
  void add(uint16_t type, const void* value, size_t size) {
    const rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    append(&attribute, sizeof attribute);
    append(value, size);
  }
  void add(uint16_t type, std::string_view text) { add(type, text.data(), text.size()); }
  void add(uint16_t type, uint32_t number) { add(type, &number, sizeof number); }
  // What `fill` adds lies inside the attribute; a struct may stand in front of it.
  template <class Fill>
  void nest(uint16_t type, Fill fill) {
    const size_t begin = header().nlmsg_len;
    add(type, nullptr, 0);
    fill();
    rtattr attribute{static_cast<unsigned short>(header().nlmsg_len - begin), type};
    std::memcpy(bytes_.data() + begin, &attribute, sizeof attribute);
  }
  void append(const void* value, size_t size) {
    FL_CHECK(header().nlmsg_len + NLMSG_ALIGN(size) <= bytes_.size());
    if (size > 0) std::memcpy(bytes_.data() + header().nlmsg_len, value, size);
    header().nlmsg_len += static_cast<uint32_t>(NLMSG_ALIGN(size));
  }
  // -> 0 or an errno. The kernel answers before send() returns.
  int send(const Descriptor& socket) {
    if (::send(socket.get(), bytes_.data(), header().nlmsg_len, 0) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 1024> answer{};
    if (::recv(socket.get(), answer.data(), answer.size(), 0) < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(int))))
      return EPROTO;
    const auto& head = *reinterpret_cast<const nlmsghdr*>(answer.data());
    if (head.nlmsg_type != NLMSG_ERROR) return EPROTO;
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(&head))->error;
  }

 private:
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  alignas(nlmsghdr) std::array<char, 512> bytes_{};
};

int route_socket() { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }
int this_namespace() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

// A new namespace: itself, its rtnetlink socket and a socket that listens there.
struct Inside {
  int space = -1, route = -1;
  Result<int> listener = -1;
};

Result<Inside> open_inside() {
  const Descriptor outside(this_namespace());
  if (!outside.is_open()) return tl::make_unexpected(refusal("/proc/thread-self/ns/net", errno));
  if (::unshare(CLONE_NEWNET) != 0) return tl::make_unexpected(refusal("a network namespace cannot be made", errno));
  Inside inside;
  inside.space = this_namespace();
  inside.route = route_socket();
  inside.listener = net::listen_tcp("0.0.0.0", 80);
  FL_CHECK(::setns(outside.get(), CLONE_NEWNET) == 0);  // whoever may leave may come back
  return inside;
}

int make_pair(const Descriptor& outer, const Descriptor& space) {
  ifinfomsg link{};
  link.ifi_flags = link.ifi_change = IFF_UP;
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link);
  request.add(IFLA_IFNAME, kInterface);
  request.nest(IFLA_LINKINFO, [&] {
    request.add(IFLA_INFO_KIND, "veth");
    request.nest(IFLA_INFO_DATA, [&] {
      request.nest(VETH_INFO_PEER, [&] {
        link = {};  // it cannot be up before there are two
        link.ifi_index = kInnerIndex;
        request.append(&link, sizeof link);
        request.add(IFLA_IFNAME, "eth0");
        request.add(IFLA_NET_NS_FD, static_cast<uint32_t>(space.get()));
      });
    });
  });
  return request.send(outer);
}

int set_up(const Descriptor& route, uint32_t interface) {
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(interface);
  link.ifi_flags = link.ifi_change = IFF_UP;
  return Request(RTM_NEWLINK, 0, link).send(route);
}

int add_address(const Descriptor& route, uint32_t interface, const char* own, const char* other) {
  ifaddrmsg message{};
  message.ifa_family = AF_INET;
  message.ifa_prefixlen = 32;
  message.ifa_scope = RT_SCOPE_LINK;
  message.ifa_index = interface;
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, message);
  request.add(IFA_LOCAL, ::inet_addr(own));
  request.add(IFA_ADDRESS, ::inet_addr(other));
  return request.send(route);
}

// Answers go back through this machine, wherever they go: a container may come with its own address.
int add_default_route(const Descriptor& route) {
  rtmsg message{};
  message.rtm_family = AF_INET;
  message.rtm_table = RT_TABLE_MAIN;
  message.rtm_protocol = RTPROT_STATIC;
  message.rtm_scope = RT_SCOPE_UNIVERSE;
  message.rtm_type = RTN_UNICAST;
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, message);
  request.add(RTA_GATEWAY, ::inet_addr(kGateway));
  request.add(RTA_OIF, kInnerIndex);
  return request.send(route);
}

}  // namespace

Result<int> listen_on_aws_address() {
  const Descriptor outer(route_socket());
  if (!outer.is_open()) return tl::make_unexpected(refusal("rtnetlink", errno));
  FL_TRY(Inside inside, open_inside());
  const Descriptor space(inside.space), inner(inside.route);
  if (!inside.listener) return inside.listener;
  Descriptor listener(*inside.listener);
  if (!space.is_open() || !inner.is_open()) return fail(Code::unavailable, "the new namespace cannot be opened");
  if (const int error = make_pair(outer, space)) return tl::make_unexpected(refusal(kInterface, error));
  int error = add_address(outer, ::if_nametoindex(kInterface), kGateway, kAwsAddress);
  if (error == 0) error = set_up(inner, kInnerIndex);
  if (error == 0) error = add_address(inner, kInnerIndex, kAwsAddress, kGateway);
  if (error == 0) error = add_default_route(inner);
  if (error != 0) return tl::make_unexpected(refusal(kAwsAddress, error));
  return listener.release();
}

}  // namespace fl::agent::metadata
