#include "agent/become_machine.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "agent/session/machine.h"

namespace fl::agent {

net::Task<Result<bool>> become_machine(net::Loop& loop, session::ControlPlane& control_plane,
                                       std::string data_directory, Activation activation) {
  if (activation.id.empty() != activation.code.empty())
    co_return fail(Code::invalid, "activation-id and activation-code belong together: give both or neither");
  std::error_code error;
  std::filesystem::create_directories(data_directory, error);
  if (error) co_return fail(Code::unavailable, fmt::format("cannot make {}: {}", data_directory, error.message()));
  const std::string path = data_directory + "/machine.json";
  FL_CO_TRY(std::optional<session::Machine> machine, session::load_machine(path));
  if (!machine || machine->id.empty()) {
    if (activation.id.empty()) co_return false;
    FL_CO_TRY(machine, co_await session::register_machine(control_plane.caller(), std::move(machine), activation.id,
                                                          activation.code, path));
  }
  control_plane.set_credentials(
      std::make_unique<session::MachineCredentials>(control_plane.caller(), *std::move(machine), loop.clock()));
  co_return true;
}

}  // namespace fl::agent
