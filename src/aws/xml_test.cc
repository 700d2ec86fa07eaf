#include "aws/xml.h"

#include <gtest/gtest.h>

namespace fl::aws {
namespace {

// The tree as text: name=text(children).
std::string shown(const XmlElement& element) {
  std::string out = element.name;
  if (!element.text.empty()) out += "=" + element.text;
  if (element.children.empty()) return out;
  out += "(";
  for (const auto& child : element.children) out += (&child == element.children.data() ? "" : ",") + shown(child);
  return out + ")";
}

TEST(Xml, ReadsElementsAndText) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"<a/>", "a"},
      {"<a></a >", "a"},
      {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><?pi x?><a>t</a>\n<!-- e -->", "a=t"},
      {"<a xmlns=\"http://x/\" b = 'c&amp;\"'><b>1</b><c/><b>2</b></a>", "a(b=1,c,b=2)"},
      {"<a>x&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;y</a>", "a=x<>&\"'A\U0001F600y"},
      {"<a>1<![CDATA[<b>&amp;]]]]>2<!-- x -->3</a>", "a=1<b>&amp;]]23"},
      {"<a>l1\r\nl2\rl3</a>", "a=l1\nl2\nl3"},
      {"<ns:a-b.c_d>\u00e9</ns:a-b.c_d>", "ns:a-b.c_d=\u00e9"},
      {"<a>]]</a>", "a=]]"},
  };
  for (const auto& [text, want] : cases) {
    const auto root = parse_xml(text);
    ASSERT_TRUE(root) << text << ": " << root.error().message;
    EXPECT_EQ(shown(*root), want);
  }
}

TEST(Xml, RefusesTheRest) {
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "<a>";
  for (int i = 0; i < 65; ++i) deep += "</a>";
  for (const std::string& text : {std::string(""),
                                  std::string("x"),
                                  std::string("<"),
                                  std::string("<a>"),
                                  std::string("<a"),
                                  std::string("<a b>"),
                                  std::string("</a>"),
                                  std::string("<a></b>"),
                                  std::string("<a></a"),
                                  std::string("<a/><b/>"),
                                  std::string("<a/>x"),
                                  std::string("x<a/>"),
                                  std::string("<a b=c/>"),
                                  std::string("<a b=\"c/>"),
                                  std::string("<a b=\"<\"/>"),
                                  std::string("<a b=\"1\"c=\"2\"/>"),
                                  std::string("<1a/>"),
                                  std::string("< a/>"),
                                  std::string("<a>&nbsp;</a>"),
                                  std::string("<a>&amp</a>"),
                                  std::string("<a>&#0;</a>"),
                                  std::string("<a>&#xD800;</a>"),
                                  std::string("<a>&#x110000;</a>"),
                                  std::string("<a>&#;</a>"),
                                  std::string("<a>&#x;</a>"),
                                  std::string("<a>&#99999999999;</a>"),
                                  std::string("<a>\x01</a>"),
                                  std::string("<a>\xff</a>"),
                                  std::string("<a><![CDATA[</a>"),
                                  std::string("<a><!-- </a>"),
                                  std::string("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
                                  std::string("<a><!DOCTYPE b></a>"),
                                  std::string("<?xml <a/>"),
                                  std::string("<a\0/>", 5),
                                  deep}) {
    const auto root = parse_xml(text);
    EXPECT_FALSE(root) << text;
  }
  EXPECT_EQ(parse_xml("<a>\n</b>").error().message, "not valid XML near byte 7: </a> expected");
}

}  // namespace
}  // namespace fl::aws
