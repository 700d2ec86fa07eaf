// Names for messages: random UUIDs (RFC 4122, version 4). Any thread.
#pragma once

#include <string>

namespace fl::agent::session {

std::string new_message_id();

}  // namespace fl::agent::session
