#include "app/commands/whoami.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>

#include "app/commands/whoami_handler.h"
#include "http/server.h"
#include "net/listener.h"

namespace fl::app {
namespace {

// There is nothing to save, and as PID 1 of a container only a signal with a handler ends us.
void end_on_signals() {
  for (const int sign : {SIGINT, SIGTERM}) std::signal(sign, [](int) { ::_exit(0); });
}

http::ConnectionInfo describe(int fd, const net::SocketAddress& peer) {
  http::ConnectionInfo info;
  info.peer = peer;
  info.local = net::local_address(fd).value_or(net::SocketAddress{});
  info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
  return info;
}

}  // namespace

int run_whoami(std::span<const char* const> arguments) {
  uint16_t port = 80;
  std::string name, address;
  CLI::App cli("Answers every request with what reached it, as traefik/whoami does.", "fairlead whoami");
  cli.add_option("--port", port, "port to listen on")->envname("WHOAMI_PORT_NUMBER")->capture_default_str();
  cli.add_option("--address", address, "address to listen on, every one when empty; not an option of traefik/whoami")
      ->envname("WHOAMI_ADDRESS");
  cli.add_option("--name", name, "name to give in the answers")->envname("WHOAMI_NAME");
  try {
    // CLI11 takes its arguments last first.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }

  end_on_signals();
  net::Loop loop;
  loop.make_current();
  const auto fd = net::listen_tcp(address, port);
  if (!fd) {
    std::fprintf(stderr, "fairlead whoami: %s\n", fd.error().message.c_str());
    return 1;
  }
  const WhoamiHandler handler(std::move(name));
  http::Server server(loop, {}, handler);
  net::Listener listener(loop, *fd, [&](int accepted, const net::SocketAddress& peer) {
    server.serve(std::make_unique<net::TcpStream>(loop, accepted), describe(accepted, peer));
  });
  std::printf("Starting up on port %u\n", unsigned{port});
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace fl::app
