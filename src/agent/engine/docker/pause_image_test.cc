#include "agent/engine/docker/pause_image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_directory.h"

namespace fl::agent::engine {
namespace {

// Of a process: R running, S waiting, Z ended.
char state_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string id, name, state;
  file >> id >> name >> state;
  return state.empty() ? '?' : state[0];
}

TEST(PauseImage, IsAnArchiveWithAProgramThatWaitsUntilItIsKilled) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/image.tar", std::ios::binary) << pause_archive();
  ASSERT_EQ(std::system(("tar -xf " + directory.path() + "/image.tar -C " + directory.path()).c_str()), 0);
  const std::string program = directory.path() + kPauseProgram;
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
    ::execv(program.c_str(), arguments);
    (void)!::write(ready[1], "x", 1);
    ::_exit(127);
  }
  ::close(ready[1]);
  char byte;
  EXPECT_EQ(::read(ready[0], &byte, 1), 0) << "it is no program";  // the end of the pipe: exec closed it
  ::close(ready[0]);
  while (state_of(child) == 'R') ::sched_yield();
  EXPECT_EQ(state_of(child), 'S') << "it does not wait";
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace fl::agent::engine
