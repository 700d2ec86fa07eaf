// The AWS settings of a program that speaks with a control plane, which may be one of ours on this machine. Pure.
#pragma once

#include <string>

#include "aws/environment.h"
#include "config/fields.h"

namespace fl::app {

// `variables`, of the process, with `endpoint` (empty: what they say) for the services a control plane has. One on this
// machine takes any signature by default (--auth=any), so keys are made up for it where none are set up.
aws::FixedEnvironment control_plane_environment(const config::Map<std::string>& variables, const std::string& endpoint);

}  // namespace fl::app
