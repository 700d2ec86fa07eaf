// A small strict reader of the XML that AWS answers: elements, text, CDATA and the five entities. Attributes are
// checked and dropped; document types are refused, so nothing expands. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::aws {

struct XmlElement {
  std::string name;  // as written, prefix included
  std::string text;  // all character data directly inside, in order
  std::vector<XmlElement> children;

  // The first child of that name, or null.
  const XmlElement* find(std::string_view child) const;
};

// The root element. UTF-8 only; depth at most 64. The message says the offset.
Result<XmlElement> parse_xml(std::string_view text);

}  // namespace fl::aws
