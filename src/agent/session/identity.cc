#include "agent/session/identity.h"

#include <sys/random.h>

#include <array>

#include "agent/engine/process/proc.h"
#include "base/check.h"
#include "base/crypto.h"
#include "base/json.h"

namespace fl::agent::session {

std::string Identity::new_instance_id() {
  std::array<uint8_t, 9> bytes{};
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return "i-" + hex(bytes).substr(0, 17);
}

Result<Identity> load_identity(const std::string& path) {
  const auto text = engine::process::read_file(path);
  if (!text) {
    if (text.error().code != Code::not_found) return tl::make_unexpected(text.error());
    return Identity{.instance_id = Identity::new_instance_id(), .container_instance_arn = {}, .cluster = {}};
  }
  const auto value = json::parse(*text);
  if (!value) return tl::make_unexpected(Error(value.error()).context(path));
  Identity identity;
  identity.instance_id = value->string_at("instanceId");
  identity.container_instance_arn = value->string_at("containerInstanceArn");
  identity.cluster = value->string_at("cluster");
  if (const json::Value* port = value->find("metadataPort"); port != nullptr && port->if_int() != nullptr)
    identity.metadata_port = static_cast<uint16_t>(*port->if_int());
  if (identity.instance_id.empty())
    return fail(Code::invalid, path + ": instanceId is missing; delete the file to register anew");
  return identity;
}

Result<> save_identity(const std::string& path, const Identity& identity) {
  return engine::process::write_durable_file(
      path, json::to_text(json::Object{{"instanceId", identity.instance_id},
                                       {"containerInstanceArn", identity.container_instance_arn},
                                       {"cluster", identity.cluster},
                                       {"metadataPort", int64_t{identity.metadata_port}}}));
}

}  // namespace fl::agent::session
