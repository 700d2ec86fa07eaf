// Account settings: stored and answered; what follows from them is asked for by effective_setting().
#pragma once

#include <string_view>

#include "control/api/action.h"
#include "control/state/view.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// What holds for a principal: its own value, else the account's default, else AWS's. Empty for an unknown name.
std::string_view effective_setting(const state::Partition& state, std::string_view principal_arn,
                                   std::string_view name);

Answer<ecs::ListAccountSettingsResponse> list_account_settings(const ReadCall& call,
                                                               const ecs::ListAccountSettingsRequest& request);
Answer<ecs::PutAccountSettingResponse> put_account_setting(const WriteCall& call,
                                                           const ecs::PutAccountSettingRequest& request);
Answer<ecs::PutAccountSettingDefaultResponse> put_account_setting_default(
    const WriteCall& call, const ecs::PutAccountSettingDefaultRequest& request);
Answer<ecs::DeleteAccountSettingResponse> delete_account_setting(const WriteCall& call,
                                                                 const ecs::DeleteAccountSettingRequest& request);

}  // namespace fl::control::api
