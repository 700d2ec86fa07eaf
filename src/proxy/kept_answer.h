// What lasts as long as an answer is under way: a place in a queue, a count. Worker thread.
#pragma once

#include <memory>

#include "http/exchange.h"

namespace fl::proxy {

// Kept by the answer's tunnel or body until that goes; when it has neither, let go at once.
void keep_with_answer(http::Exchange& exchange, std::shared_ptr<const void> what);

}  // namespace fl::proxy
