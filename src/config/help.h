// What a person reads about the options, made from the tables: the text of --help and the reference pages of
// docs/user. Pure; any thread.
#pragma once

#include <string>

namespace fl::config {

struct Type;

// How options are written, then every static option as a flag, in groups, with its default; at most 100 columns.
// Options that are not supported yet are left out.
std::string help_text();

// Each supported option of a table as a flag with its default, as help_text() has them, without groups.
std::string options_text(const Type& root);

// docs/user/reference-static.md and reference-dynamic.md, complete.
std::string static_reference();
std::string dynamic_reference();

}  // namespace fl::config
