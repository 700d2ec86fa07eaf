// Client tokens: a call that is repeated with the same token does nothing again. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "control/api/aws_error.h"
#include "control/state/transaction.h"

namespace fl::control::api {

struct ClientTokenUse {
  std::string action;                // with what else the token's meaning is bound to
  std::optional<std::string> token;  // absent: nothing is remembered
  size_t max_bytes = 64;
  json::Value request;  // without the token
};

std::string hash_of(const ClientTokenUse& use);

// The earlier use of the token, whose hash says whether it was the same request; null without one. Errors:
// InvalidParameterException for a token that is too long.
Answer<const state::ClientToken*> find_use(const state::Transaction& transaction, const ClientTokenUse& use);

// `ids`: what was made.
void remember_use(state::Transaction& transaction, const ClientTokenUse& use, std::vector<std::string> ids);

}  // namespace fl::control::api
