#include <fmt/format.h>

#include <algorithm>

#include "aws/credentials/sources.h"
#include "aws/generated/sts_operations.h"
#include "base/json.h"
#include "base/strings.h"

namespace fl::aws::credentials {
namespace {

constexpr Duration kCommandTimeout = 60s;

std::string setting(const Settings& profile, const std::string& key) {
  const auto found = profile.find(key);
  return found != profile.end() ? found->second : "";
}

std::optional<Credentials> keys_of(const Settings& profile) {
  Credentials keys{.access_key_id = setting(profile, "aws_access_key_id"),
                   .secret_access_key = setting(profile, "aws_secret_access_key"),
                   .session_token = setting(profile, "aws_session_token"),
                   .expires = {}};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) return std::nullopt;
  return keys;
}

Found from_command(Inputs inputs, std::string command) {
  FL_CO_TRY(const std::string output, co_await run_command(command, kCommandTimeout, inputs.stop()));
  auto keys = parse_credentials(output, "SessionToken");
  if (!keys) co_return tl::make_unexpected(std::move(keys).error().context("credential_process"));
  const auto value = json::parse(output);
  const json::Value* version = value->find("Version");
  if (version == nullptr || version->if_number() != 1.0)
    co_return fail(Code::invalid, "credential_process: only Version 1 of its output is known");
  co_return keys;
}

Found assume_role(Inputs inputs, const Settings& profile, Credentials base) {
  if (!setting(profile, "mfa_serial").empty())
    co_return fail(Code::invalid, "mfa_serial: nobody is there to type a code; use another profile");
  sts::AssumeRoleRequest request{.role_arn = setting(profile, "role_arn")};
  request.role_session_name = setting(profile, "role_session_name");
  if (request.role_session_name->empty())
    request.role_session_name = default_session_name(inputs.fetcher.loop().wall());
  if (std::string id = setting(profile, "external_id"); !id.empty()) request.external_id = std::move(id);
  if (const std::string text = setting(profile, "duration_seconds"); !text.empty()) {
    const auto seconds = parse_int(text);
    if (!seconds || *seconds < 900 || *seconds > 43200)
      co_return fail(Code::invalid, fmt::format("duration_seconds \"{}\" is not 900 to 43200", text));
    request.duration_seconds = static_cast<int32_t>(*seconds);
  }
  FixedCredentials source(std::move(base));
  FL_CO_TRY(auto response, co_await inputs.caller.call<sts::op::AssumeRole>(std::move(request), source));
  if (!response.credentials) co_return fail(Code::unavailable, "STS gave no credentials");
  const sts::Credentials& given = *response.credentials;
  co_return Credentials{given.access_key_id.value_or(""), given.secret_access_key.value_or(""),
                        given.session_token.value_or(""), given.expiration};
}

Found from_named_source(Inputs inputs, std::string name) {
  if (name == "Environment") co_return co_await from_environment(inputs);
  if (name == "EcsContainer") co_return co_await from_container(inputs);
  if (name == "Ec2InstanceMetadata") co_return co_await from_instance(inputs);
  co_return fail(Code::invalid,
                 fmt::format("credential_source \"{}\" is not Environment, EcsContainer or Ec2InstanceMetadata", name));
}

// `path` is the chain of source_profile names that led here, this one last.
Found from_profile_named(Inputs inputs, std::vector<std::string> path) {
  const std::string name = path.back();
  const auto wrong = [&](std::string_view why) {
    return fail(Code::invalid, fmt::format("profile {}: {}", name, why));
  };
  const Settings* found = inputs.profiles.find(name);
  if (found == nullptr) {
    if (path.size() > 1 || inputs.profiles.is_chosen()) co_return wrong("there is no such profile");
    co_return fail(Code::not_found, fmt::format("there is no profile {}", name));
  }
  const Settings& profile = *found;
  const std::string role = setting(profile, "role_arn");
  const std::string source_profile = setting(profile, "source_profile");
  const std::string source = setting(profile, "credential_source");
  const std::string token_file = setting(profile, "web_identity_token_file");
  const bool is_loop = std::ranges::find(path, source_profile) != path.end();

  if (!role.empty() && !token_file.empty())
    co_return co_await assume_with_web_identity(inputs, {token_file, role, setting(profile, "role_session_name")});
  if (!role.empty()) {
    if (source_profile.empty() == source.empty()) co_return wrong("role_arn needs source_profile or credential_source");
    Result<Credentials> base;
    if (!source.empty()) {
      base = co_await from_named_source(inputs, source);
    } else if (source_profile == name) {  // the role is assumed with the profile's own keys
      const auto keys = keys_of(profile);
      if (!keys) co_return wrong("is its own source_profile and has no keys");
      base = *keys;
    } else if (is_loop) {
      co_return wrong(fmt::format("source_profile {} leads back here", source_profile));
    } else {
      path.push_back(source_profile);
      base = co_await from_profile_named(inputs, std::move(path));
    }
    if (!base) {
      Error error = std::move(base).error().context(fmt::format("profile {}", name));
      if (error.code == Code::not_found) error.code = Code::invalid;  // a role was asked for: no reason to go on
      co_return tl::make_unexpected(std::move(error));
    }
    co_return co_await assume_role(inputs, profile, *std::move(base));
  }
  if (const auto keys = keys_of(profile)) co_return *keys;
  if (std::string command = setting(profile, "credential_process"); !command.empty())
    co_return co_await from_command(inputs, std::move(command));
  const bool is_sso = !setting(profile, "sso_session").empty() || !setting(profile, "sso_start_url").empty();
  if (is_sso) co_return wrong("single sign-on is for people; give it keys, a role or credential_process");
  co_return fail(Code::not_found, fmt::format("profile {} has no credentials", name));
}

}  // namespace

Found from_profile(Inputs inputs) {
  return from_profile_named(inputs, std::vector<std::string>{inputs.profiles.active()});
}

}  // namespace fl::aws::credentials
