#include "control/api/query_answer.h"

#include <fmt/format.h>

#include <cmath>

#include "base/time.h"

namespace fl::control::api {
namespace {

void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // Control characters have no place in XML 1.0.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r') out += c;
    }
  }
}

// `item`: what a list's items are called.
void append_value(std::string& out, const json::Value& value, const ecs::ShapeRules& rules, std::string_view item);

void append_element(std::string& out, std::string_view name, const json::Value& value, const ecs::ShapeRules& rules,
                    std::string_view item) {
  fmt::format_to(std::back_inserter(out), "<{}>", name);
  append_value(out, value, rules, item);
  fmt::format_to(std::back_inserter(out), "</{}>", name);
}

void append_value(std::string& out, const json::Value& value, const ecs::ShapeRules& rules, std::string_view item) {
  if (const json::Object* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (rules.kind == ecs::ShapeKind::map) {
        out += "<entry><key>";
        append_text(out, name);
        out += "</key>";
        append_element(out, "value", member, *rules.item, item);
        out += "</entry>";
      } else if (const ecs::MemberRules* known = rules.find(name)) {
        append_element(out, name, member, *known->shape, item);
      }
    }
  } else if (const json::Array* array = value.if_array()) {
    for (const json::Value& element : *array) append_element(out, item, element, *rules.item, item);
  } else if (const std::string* text = value.if_string()) {
    append_text(out, *text);
  } else if (rules.kind == ecs::ShapeKind::timestamp && value.if_number()) {
    const auto ms = std::chrono::milliseconds(std::llround(*value.if_number() * 1e3));
    out += format_rfc3339(WallTime(ms));
  } else if (!value.is_null()) {
    out += json::to_text(value);
  }
}

}  // namespace

std::string xml_answer(const Service& service, const Action& action, const json::Value& answer,
                       std::string_view request_id) {
  std::string out = fmt::format("<{}Response xmlns=\"{}\">", action.name, service.model->xml_namespace);
  if (service.model->protocol == ecs::WireProtocol::ec2) {
    out += fmt::format("<requestId>{}</requestId>", request_id);
    append_value(out, answer, *action.output, "item");
    return out + fmt::format("</{}Response>", action.name);
  }
  if (!action.result_element.empty()) append_element(out, action.result_element, answer, *action.output, "member");
  return out + fmt::format("<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{}Response>", request_id,
                           action.name);
}

std::string xml_error(const Service& service, const AwsError& error, std::string_view request_id) {
  std::string code, message;
  append_text(code, error.type);
  append_text(message, error.message);
  if (service.model->protocol == ecs::WireProtocol::ec2)
    return fmt::format(
        "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors><RequestID>{}</RequestID>"
        "</Response>",
        code, message, request_id);
  return fmt::format(
      "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>"
      "<RequestId>{}</RequestId></ErrorResponse>",
      service.model->xml_namespace, error.status < 500 ? "Sender" : "Receiver", code, message, request_id);
}

}  // namespace fl::control::api
