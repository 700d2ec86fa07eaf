// Coroutine frames and other short-lived objects from per-thread free lists, one per 64-byte size class. A frame is
// freed on the thread that made it: coroutines never change threads. Under a sanitizer this is plain malloc, so that
// use after free is still seen.
#pragma once

#include <cstddef>

namespace fl::net {

void* allocate_frame(size_t size);
void free_frame(void* frame, size_t size) noexcept;

}  // namespace fl::net
