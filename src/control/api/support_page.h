// docs/user/ecs-api.md: which actions are served, with which members, and where they differ from AWS's. Made from the
// action table and the models; `make generate` renews it, a test compares it.
#pragma once

#include <string>

namespace fl::control::api {

std::string support_page();

}  // namespace fl::control::api
