#include "control/api/actions/client_tokens.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace fl::control::api {

std::string hash_of(const ClientTokenUse& use) { return hex(sha256(json::to_text(use.request))); }

Answer<const state::ClientToken*> find_use(const state::Transaction& transaction, const ClientTokenUse& use) {
  if (!use.token) return nullptr;
  if (use.token->size() > use.max_bytes)
    return invalid_parameter(fmt::format("clientToken can be at most {} characters long.", use.max_bytes));
  return transaction.state().client_tokens().find({use.action, *use.token});
}

void remember_use(state::Transaction& transaction, const ClientTokenUse& use, std::vector<std::string> ids) {
  if (!use.token) return;
  transaction.put(state::ClientToken{.action = use.action,
                                     .token = *use.token,
                                     .request_hash = hash_of(use),
                                     .ids = std::move(ids),
                                     .created_at = transaction.now()});
}

}  // namespace fl::control::api
