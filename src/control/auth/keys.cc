#include "control/auth/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "config/decode.h"
#include "config/flags.h"
#include "config/schema.h"

namespace fl::control::auth {
namespace {

struct KeyLine {
  std::string access_key_id, secret_access_key, account_id, user;
};

struct KeyLines {
  std::vector<KeyLine> keys;
};

void describe(config::Fields<KeyLine>& f) {
  f("access-key-id", &KeyLine::access_key_id, "the key's id", config::kFairleadOnly);
  f("secret-access-key", &KeyLine::secret_access_key, "what requests are signed with", config::kFairleadOnly);
  f("account-id", &KeyLine::account_id, "12 digits; empty: the server's", config::kFairleadOnly);
  f("user", &KeyLine::user, "IAM user; empty: the account's root", config::kFairleadOnly);
}

void describe(config::Fields<KeyLines>& f) { f("keys", &KeyLines::keys, "every access key", config::kFairleadOnly); }

// What is wrong with a line, or empty.
std::string complaint(const KeyLine& line) {
  if (line.access_key_id.size() < 3 || !std::ranges::all_of(line.access_key_id, is_alnum))
    return "access-key-id: letters and digits, at least 3";
  if (line.secret_access_key.empty()) return "secret-access-key is missing";
  if (!is_account_id(line.account_id)) return fmt::format("account-id: \"{}\" is not 12 digits", line.account_id);
  return {};
}

}  // namespace

bool is_account_id(std::string_view text) { return text.size() == 12 && std::ranges::all_of(text, is_digit); }

Result<KeyFile> KeyFile::read(const std::string& path, std::string_view default_account) {
  FL_TRY(const config::Document document, config::read_options_file(path));
  KeyLines lines;
  std::vector<config::Issue> issues = config::decode(document.root(), config::Form::file, lines);
  KeyFile out;
  for (size_t i = 0; i < lines.keys.size(); ++i) {
    KeyLine& line = lines.keys[i];
    if (line.account_id.empty()) line.account_id = default_account;
    std::string wrong = complaint(line);
    AccessKey key{.id = line.access_key_id, .secret = line.secret_access_key, .account = line.account_id};
    key.arn = fmt::format("arn:aws:iam::{}:{}", key.account, line.user.empty() ? "root" : "user/" + line.user);
    key.user_id = line.user.empty() ? key.account : "AIDA" + to_upper(key.id.substr(key.id.size() > 4 ? 4 : 0));
    if (wrong.empty() && !out.keys_.emplace(key.id, key).second) wrong = "this access-key-id is there already";
    if (!wrong.empty()) issues.push_back({.where = path, .path = fmt::format("keys[{}]", i), .text = std::move(wrong)});
  }
  if (config::has_errors(issues)) return fail(Code::invalid, config::to_text(issues));
  return out;
}

std::optional<AccessKey> KeyFile::find(std::string_view id, std::string_view) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace fl::control::auth
