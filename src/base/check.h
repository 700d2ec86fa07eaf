// For our own mistakes, never for input. FL_CHECK aborts in every build; FL_ASSERT only in debug builds, so it may
// stand on the hot path.
#pragma once

namespace fl {
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;
}

#define FL_CHECK(expression) \
  (__builtin_expect(static_cast<bool>(expression), 1) ? void(0) : ::fl::check_failed(#expression, __FILE__, __LINE__))
#ifdef NDEBUG
#define FL_ASSERT(expression) void(sizeof(!(expression)))
#else
#define FL_ASSERT(expression) FL_CHECK(expression)
#endif
