// Expected errors are values: Result<T> holds a T or an Error that says what, where and what to do.
// The data plane uses its own three-byte ProxyError instead; exceptions stop at the adapter of the library that throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace fl {

// What kind of failure; one place maps it to an exit code, an HTTP status or an AWS error type.
enum class Code : uint8_t {
  invalid,      // the input is wrong; the same call fails again
  not_found,    // a file, object or name does not exist
  conflict,     // it exists already, or changed under us
  denied,       // no permission
  unavailable,  // the other side cannot be reached or refuses for now; a retry may work
  throttled,    // the other side asks us to slow down
  timeout,      // no answer within the deadline
  canceled,     // we gave up because our own caller did
  exhausted,    // a limit of ours or of the machine is reached
  internal,     // our mistake
};

struct Error {
  Code code = Code::internal;
  std::string message;

  // Puts `what` in front: "reading acme.json: permission denied". Outermost first, the cause last.
  Error&& context(std::string_view what) && {
    message.insert(0, ": ");
    message.insert(0, what);
    return std::move(*this);
  }
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message) {
  return tl::make_unexpected(Error{code, std::move(message)});
}

}  // namespace fl

#define FL_CONCAT_(a, b) a##b
#define FL_CONCAT(a, b) FL_CONCAT_(a, b)

// FL_TRY(auto value, expression): value, or return the error to our caller.
#define FL_TRY_(tmp, decl, ret, ...)                         \
  auto tmp = (__VA_ARGS__);                                  \
  if (!tmp) ret tl::make_unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define FL_TRY(decl, ...) FL_TRY_(FL_CONCAT(fl_try_, __LINE__), decl, return, __VA_ARGS__)
#define FL_CO_TRY(decl, ...) FL_TRY_(FL_CONCAT(fl_try_, __LINE__), decl, co_return, __VA_ARGS__)

// The same for Result<void>.
#define FL_TRY_VOID_(tmp, ret, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp) ret tl::make_unexpected(std::move(tmp).error())
#define FL_TRY_VOID(...) FL_TRY_VOID_(FL_CONCAT(fl_try_, __LINE__), return, __VA_ARGS__)
#define FL_CO_TRY_VOID(...) FL_TRY_VOID_(FL_CONCAT(fl_try_, __LINE__), co_return, __VA_ARGS__)
