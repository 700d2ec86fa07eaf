#include "providers/gotemplate/template.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "providers/gotemplate/format.h"

namespace fl::providers::gotemplate {
namespace {

std::string rendered(std::string source, const json::Value& data, Dialect dialect = Dialect::default_rule) {
  const auto parsed = Template::parse("t", std::move(source), dialect);
  if (!parsed) return "parse " + parsed.error().message;
  auto text = parsed->render(data);
  return text ? *std::move(text) : "render " + text.error().message;
}

struct Case {
  const char* source;
  const char* expected;
};

TEST(Template, RendersAsGoDoes) {
  const json::Value data = json::Object{
      {"Name", "service:web"},
      {"Count", 3},
      {"Labels", json::Object{{"b", "2"}, {"a", "1"}, {"traefik.domain", "foo.bar"}}},
      {"List", json::Array{"x", "y", "z"}},
      {"Mixed", json::Object{{"n", 1}, {"deep", json::Object{{"key", "v"}}}}},
  };
  const Case cases[] = {
      // Text, trimming, comments.
      {"plain } text", "plain } text"},
      {"a {{- \"b\" -}} c", "abc"},
      {"a {{-1}} c", "a -1 c"},
      {"a {{/* note */}} b", "a  b"},
      {"a {{- /* note */ -}} b", "ab"},
      {"{{`raw }}`}}", "raw }}"},
      {"{{ 'a' }} {{ 0x10 }} {{ 1_000 }} {{ 1.50 }} {{ true }}", "97 16 1000 1.5 true"},
      // Data.
      {"Host(`{{ normalize .Name }}`)", "Host(`service-web`)"},
      {"{{ .Name }}.{{ index .Labels \"traefik.domain\" }}", "service:web.foo.bar"},
      {"[{{ index .Labels \"none\" }}]", "[]"},
      {"{{ .Labels.a }}{{ .Labels.none }}", "1<no value>"},
      {"{{ index .Mixed \"none\" }}", "<no value>"},
      {"{{ .Mixed.deep.key }} {{ (index .Mixed \"deep\").key }}", "v v"},
      {"{{ index .List 1 }}", "y"},
      {"{{ .List }} {{ .Labels }}", "[x y z] map[a:1 b:2 traefik.domain:foo.bar]"},
      // Blocks.
      {"{{ if .Name }}yes{{ else }}no{{ end }}", "yes"},
      {"{{ if eq .Count 1 }}one{{ else if eq .Count 2 3 }}few{{ else }}many{{ end }}", "few"},
      {"{{ with .Mixed.deep }}{{ .key }}{{ end }}{{ with .Labels.none }}x{{ else }}y{{ end }}", "vy"},
      {"{{ range .List }}{{ . }},{{ end }}", "x,y,z,"},
      {"{{ range $i, $e := .List }}{{ $i }}={{ $e }} {{ end }}", "0=x 1=y 2=z "},
      {"{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;traefik.domain=foo.bar;"},
      {"{{ range until 3 }}{{ . }}{{ end }}{{ range 2 }}{{ . }}{{ end }}", "01201"},
      {"{{ range list }}x{{ else }}none{{ end }}", "none"},
      {"{{ range .List }}{{ if eq . \"y\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "xz"},
      {"{{ range .List }}{{ if eq . \"y\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "x"},
      {"{{ $n := 1 }}{{ range .List }}{{ $n = add $n 1 }}{{ end }}{{ $n }}", "4"},
      {"{{ range .List }}{{ $.Count }}{{ end }}", "333"},
      {"{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" .Count }}{{ template \"t\" \"x\" }}", "<3><x>"},
      {"{{ block \"b\" .Name }}[{{ . }}]{{ end }}", "[service:web]"},
      // Pipelines and Go's functions.
      {"{{ .Name | upper | printf \"%s-%d\" \"a\" | len }}", "25"},
      {"{{ printf \"%05d|%-4s|%q|%v|%.2f|%x\" 42 \"ab\" \"c\" true 1.5 255 }}", "00042|ab  |\"c\"|true|1.50|ff"},
      {"{{ printf \"%d %s\" \"x\" }}", "%!d(string=x) %!s(MISSING)"},
      {"{{ printf \"%d\" 1 2 }}", "1%!(EXTRA int=2)"},
      {"{{ and true 0 \"x\" }}|{{ or 0 \"\" \"x\" }}|{{ not 0 }}", "0|x|true"},
      {"{{ or true (fail \"not reached\") }}", "true"},
      {"{{ lt 1 2 }} {{ ge \"b\" \"a\" }} {{ ne 1 2 }}", "true true true"},
      {"{{ slice .Name 0 7 }} {{ print 1 2 \"a\" \"b\" }} {{ urlquery \"a b/c\" }}", "service 1 2ab a+b%2Fc"},
      // Sprig.
      {"{{ default \"d\" \"\" }}{{ default \"d\" \"x\" }}{{ \"\" | default \"d\" }}", "dxd"},
      {"{{ trimPrefix \"service:\" .Name }} {{ trimSuffix \"b\" \"ab\" }} {{ trimAll \"$\" \"$5$\" }}", "web a 5"},
      {"{{ replace \":\" \".\" .Name }} {{ contains \"web\" .Name }} {{ hasPrefix \"ser\" .Name }}",
       "service.web true true"},
      {"{{ (split \":\" .Name)._1 }} {{ splitList \":\" .Name | join \"/\" }}", "web service/web"},
      {"{{ first .List }}{{ last .List }}{{ rest .List }}{{ initial .List }}", "xz[y z][x y]"},
      {"{{ ternary \"a\" \"b\" (eq 1 1) }}{{ quote \"a\\\"b\" 1 }}{{ squote \"x\" }}", "a\"a\\\"b\" \"1\"'x'"},
      {"{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\" }}", "-W-xxW-"},
      {"{{ regexReplaceAllLiteral \"a(x*)b\" \"-ab-axxb-\" \"${1}\" }}", "-${1}-${1}-"},
      {"{{ regexMatch \"^s.*b$\" .Name }} {{ title \"ab cd\" }} {{ substr 0 3 .Name }} {{ trunc -3 .Name }}",
       "true Ab Cd ser web"},
      {"{{ add 1 2 3 }} {{ sub 5 7 }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 2 }} {{ max 1 9 4 }} {{ int \"12\" }}",
       "6 -2 6 3 1 9 12"},
      {"{{ $d := dict \"b\" 1 \"a\" 2 }}{{ keys $d }}{{ hasKey $d \"a\" }}{{ get $d \"b\" }}", "[a b]true1"},
      {"{{ has \"x\" .List }} {{ without .List \"x\" }} {{ uniq (list 1 1 2) }} {{ reverse .List }}",
       "true [y z] [1 2] [z y x]"},
      {"{{ toJson .Mixed }}{{ (fromJson \"{\\\"a\\\":[1]}\").a }}", "{\"n\":1,\"deep\":{\"key\":\"v\"}}[1]"},
      {"{{ indent 2 \"a\\nb\" }}{{ b64enc \"hi\" }}{{ b64dec \"aGk=\" }}", "  a\n  baGk=hi"},
      {"{{ coalesce 0 \"\" \"c\" }}{{ empty \"\" }}{{ repeat 3 \"ab\" }}{{ kindOf .List }}", "ctrueabababslice"},
      // Wrong input.
      {"a\n  {{ nope }}", "parse t:2:6: function \"nope\" not defined"},
      {"{{ .Name", "parse t:1:1: unclosed action"},
      {"{{ (1 }}", "parse t:1:7: unclosed left paren"},
      {"{{ if 1 }}", "parse t:1:4: {{if}} has no {{end}}"},
      {"{{ end }}", "parse t:1:1: unexpected {{end}}"},
      {"{{ if 1 }}{{ else }}{{ else }}{{ end }}", "parse t:1:21: expected {{end}}, found {{else}}"},
      {"{{ }}", "parse t:1:4: missing value for command"},
      {"{{ $x }}", "parse t:1:4: undefined variable \"$x\""},
      {"{{ $x = 1 }}", "parse t:1:7: undefined variable \"$x\""},
      {"{{ if 1 }}{{ $x := 1 }}{{ end }}{{ $x }}", "parse t:1:36: undefined variable \"$x\""},
      {"{{ \"a\"\"b\" }}", "parse t:1:7: unexpected \"\"b\"\" in command, want a space before it"},
      {"{{ .Name 1 }}", "parse t:1:12: only a function can be given arguments"},
      {"{{ 1 | .Name }}", "parse t:1:14: a value cannot take the result of a command; only a function can"},
      {"{{ break }}", "parse t:1:4: {{break}} outside {{range}}"},
      {"{{ \"abc }}", "parse t:1:4: string is not closed by \""},
      {"{{/* open", "parse t:1:3: unclosed comment"},
      {"{{ .None }}", "render t:1:4: there is no field None"},
      {"{{ .Name.x }}", "render t:1:4: can't evaluate field x in a value of type string"},
      {"{{ index .List 9 }}", "render t:1:4: calling index: index out of range: 9"},
      {"{{ lower 1 }}", "render t:1:4: calling lower: wrong type of argument, want string, have int"},
      {"{{ lower }}", "render t:1:4: wrong number of arguments for lower: 0"},
      {"{{ eq 1 \"1\" }}", "render t:1:4: calling eq: incompatible types for comparison: int and string"},
      {"{{ div 1 0 }}", "render t:1:4: calling div: division by zero"},
      {"{{ fail \"stop\" }}", "render t:1:4: calling fail: stop"},
      {"{{ range 1.5 }}{{ end }}", "render t:1:4: range can't iterate over 1.5"},
      {"{{ template \"x\" }}", "render t:1:4: template \"x\" not defined"},
      {"{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
       "render t:1:20: templates call each other too deep"},
      {"{{ repeat 99999999 \"x\" }}", "render t:1:4: calling repeat: the text would be too long"},
      {"{{ until 99999999 }}", "render t:1:4: calling until: the list would be too long"},
      {"{{ range until 100000 }}{{ range until 1000 }}{{ end }}{{ end }}", "render t:1:28: takes too many steps"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.source, data), c.expected) << c.source;
}

TEST(Template, EnvironmentAndFileDialect) {
  ::setenv("FL_TEMPLATE_TEST", "value", 1);
  const json::Value none = false;  // what Traefik gives a file's template
  EXPECT_EQ(rendered("{{ env \"FL_TEMPLATE_TEST\" }}{{ env \"FL_NOT_SET\" }}", none), "value");
  EXPECT_EQ(rendered("{{ expandenv \"a${FL_TEMPLATE_TEST}b$FL_TEMPLATE_TEST-$\" }}", none), "avaluebvalue-$");
  EXPECT_EQ(rendered("{{ index (split \"a,b\" \",\") 1 }}", none, Dialect::file), "b");
  EXPECT_EQ(rendered("{{ .Name }}", none, Dialect::file),
            "render t:1:4: can't evaluate field Name in a value of type bool");
}

TEST(Template, Normalize) {
  const Case cases[] = {{"", ""},
                        {"-solo", "solo"},
                        {"service:web-app", "service-web-app"},
                        {"a..b//c", "a-b-c"},
                        {"m\u00fcnchen_1", "m\u00fcnchen-1"},
                        {"\u2013x\u2013", "x"}};
  for (const auto& c : cases) EXPECT_EQ(normalize(c.source), c.expected);
}

TEST(Template, PrintsNumbersAsGoDoes) {
  const std::pair<double, const char*> cases[] = {{0.1, "0.1"},    {100, "100"},    {1e20, "100000000000000000000"},
                                                  {1e21, "1e+21"}, {1e-5, "1e-05"}, {-2.5, "-2.5"}};
  for (const auto& [x, text] : cases) EXPECT_EQ(printed(x), text);
}

TEST(Template, DeepNestingIsAnError) {
  std::string source, brackets = "{{ ";
  for (int i = 0; i < 5000; ++i) source += "{{ if 1 }}", brackets += "(";
  EXPECT_EQ(rendered(source, false), "parse t:1:1004: blocks are nested too deep");
  EXPECT_EQ(rendered(brackets + " }}", false), "parse t:1:5005: unclosed left paren");
}

}  // namespace
}  // namespace fl::providers::gotemplate
