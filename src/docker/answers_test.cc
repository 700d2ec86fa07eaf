// Answers as dockerd 20.10 and podman 4.3 give them, cut to what matters.
#include <gmock/gmock.h>

#include "docker/client.h"
#include "docker/log_stream.h"

namespace fl::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DockerAnswers, TellsTheEnginesApart) {
  const auto docker = read_version(
      R"({"Platform":{"Name":""},"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1"}],"Version":"20.10.24+dfsg1","ApiVersion":"1.41"})");
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->engine, "docker");
  EXPECT_EQ(docker->version, "20.10.24+dfsg1");
  EXPECT_EQ(docker->api_version, "1.41");
  EXPECT_EQ(read_version(
                R"({"Components":[{"Name":"Podman Engine","Version":"4.3.1"}],"Version":"4.3.1","ApiVersion":"1.41"})")
                ->engine,
            "podman");
  EXPECT_FALSE(read_version("{}"));
  EXPECT_FALSE(read_version("<html>"));
}

TEST(DockerAnswers, ReadsNetworks) {
  const auto fresh = read_network(
      R"({"Name":"bridge","IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.17.0.0/16"}]},)"
      R"("Options":{"com.docker.network.bridge.name":"docker0"}})");
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(fresh->gateway, "");
  EXPECT_EQ(fresh->bridge_interface, "docker0");
  const auto podman =
      read_network(R"({"Name":"podman","IPAM":{"Config":[{"Subnet":"10.88.0.0/16","Gateway":"10.88.0.1"}]},)"
                   R"("Options":null})");
  ASSERT_TRUE(podman) << podman.error().message;
  EXPECT_EQ(podman->gateway, "10.88.0.1");
  EXPECT_EQ(podman->bridge_interface, "");
  EXPECT_TRUE(read_network(R"({"IPAM":null})"));
  EXPECT_FALSE(read_network("<html>"));
}

TEST(DockerAnswers, ReadsContainers) {
  const auto running = read_container(
      R"({"Id":"abc","Name":"/ecs-web-1-web-1","State":{"Status":"running","Running":true,"OOMKilled":false,"ExitCode":0,)"
      R"("Error":"","StartedAt":"2026-11-21T03:03:59.5Z","FinishedAt":"0001-01-01T00:00:00Z"},)"
      R"("NetworkSettings":{"IPAddress":"172.17.0.2","Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"32768"},)"
      R"({"HostIp":"::","HostPort":"32768"}],"53/udp":[{"HostIp":"","HostPort":"53"}],"81/tcp":null}}})");
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_EQ(running->name, "ecs-web-1-web-1");
  EXPECT_TRUE(running->is_running);
  EXPECT_EQ(running->started_at, WallTime(Duration(1795230239'500000000)));
  EXPECT_EQ(running->finished_at, std::nullopt);
  EXPECT_THAT(running->ports, ElementsAre(PortBinding{80, 32768, false, "0.0.0.0"}, PortBinding{80, 32768, false, "::"},
                                          PortBinding{53, 53, true, ""}));
  const auto ended =
      read_container(R"({"Id":"abc","State":{"Status":"exited","Running":false,"OOMKilled":true,"ExitCode":137,)"
                     R"("FinishedAt":"2026-11-21T05:03:59.5+02:00"}})");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 137);
  EXPECT_TRUE(ended->out_of_memory);
  EXPECT_EQ(ended->finished_at, WallTime(Duration(1795230239'500000000)));
  EXPECT_FALSE(read_container("{}"));

  const auto joined = read_container(R"({"Id":"abc","State":{"Running":true},"Config":{"Labels":{"a":"b"}},)"
                                     R"("HostConfig":{"NetworkMode":"tasks"},"NetworkSettings":{"IPAddress":"",)"
                                     R"("Networks":{"tasks":{"IPAddress":"10.8.0.2"}}}})");
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->network_mode, "tasks");
  EXPECT_EQ(joined->ip_address, "10.8.0.2");
  EXPECT_EQ(joined->labels.at("a"), "b");
}

TEST(DockerAnswers, ReadsEventsOfBoth) {
  const auto docker = read_event(R"({"status":"die","id":"abc","Type":"container","Action":"die","Actor":{"ID":"abc",)"
                                 R"("Attributes":{"exitCode":"3","image":"bb:1"}}})");
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->action, "die");
  EXPECT_EQ(docker->id, "abc");
  EXPECT_EQ(docker->exit_code, 3);
  const auto podman = read_event(
      R"({"status":"died","id":"abc","Action":"died","Actor":{"ID":"abc","Attributes":{"containerExitCode":"4"}}})");
  EXPECT_EQ(podman->exit_code, 4);
  EXPECT_FALSE(read_event("{"));
}

TEST(DockerAnswers, APullFailsInsideItsAnswer) {
  EXPECT_EQ(read_progress(R"({"status":"Pulling from library/busybox","id":"latest"})").value(),
            "Pulling from library/busybox");
  EXPECT_EQ(read_progress(R"({"errorDetail":{"message":"no"},"error":"no such image"})").error().message,
            "no such image");
}

TEST(DockerAnswers, ReadsListsAndUsage) {
  EXPECT_THAT(*read_ids(R"([{"Id":"a","Names":["/x"]},{"Id":"b"}])"), ElementsAre("a", "b"));
  EXPECT_FALSE(read_ids("{}"));
  const auto usage = read_usage(R"({"cpu_stats":{"cpu_usage":{"total_usage":12345}},"memory_stats":{"usage":4096}})");
  EXPECT_EQ(usage->cpu_ns, 12345u);
  EXPECT_EQ(usage->memory_bytes, 4096u);
}

// What comes of a stream that is fed in pieces of `step`.
std::string demux(std::string_view bytes, size_t step) {
  LogStream stream;
  std::string out;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    for (LogStream::Event event; (event = stream.next(piece)) != LogStream::Event::none;) {
      if (event == LogStream::Event::failed) return out + "!";
      for (const char c : stream.data()) {
        out += static_cast<char>('0' + stream.stream());
        out += c;
      }
    }
  }
  return out + (stream.is_between_frames() ? "" : "...");
}

TEST(LogStream, TellsTheStreamsApart) {
  const std::string bytes("\1\0\0\0\0\0\0\2ab\2\0\0\0\0\0\0\1c\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1d", 36);
  for (const size_t step : {1u, 3u, 9u, 100u}) EXPECT_EQ(demux(bytes, step), "1a1b2c1d");
  EXPECT_EQ(demux(bytes.substr(0, 9), 4), "1a...");
  EXPECT_EQ(demux("plain text, as of a tty", 5), "!");
}

}  // namespace
}  // namespace fl::docker
