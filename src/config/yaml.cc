#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace fl::config {
namespace {

constexpr size_t kMaxBytes = 64 << 20;
constexpr size_t kMaxDepth = 100;
constexpr size_t kMaxNodes = 1'000'000;
constexpr uint32_t kLinearSearch = 8;  // up to here a scan beats a hash set

struct Parser {
  yaml_parser_t raw;
  Parser() { yaml_parser_initialize(&raw); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&raw); }
};

struct Event {
  yaml_event_t raw;
  Event() { raw.type = YAML_NO_EVENT; }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

struct Anchor {
  const Value* value = nullptr;  // null while the node is still open
  size_t nodes = 0;              // with everything below it
};

// A list or map that is still open.
struct Frame {
  Value* value;
  std::string_view anchor;
  size_t nodes_before;   // node count when it began
  std::string_view key;  // map: the key waiting for its value
  bool has_key = false;
  bool is_merge = false;                       // map: that key is `<<`
  std::vector<const Value*> merges;            // map: what `<<` named
  std::unordered_set<std::string_view> names;  // map: its keys, once there are many
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view source) : text_(text), source_(document_.copy(source)) {}

  Result<Document> read() {
    if (text_.size() > kMaxBytes)
      return fail(Code::invalid, fmt::format("{}: larger than {} bytes", source_, kMaxBytes));
    yaml_parser_set_input_string(&parser_.raw, reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
    document_.root().mark = {source_, 1, 1};
    for (bool at_end = false; !at_end;) {
      Event event;
      if (yaml_parser_parse(&parser_.raw, &event.raw) == 0) return parse_error();
      FL_TRY_VOID(on_event(event.raw));
      at_end = event.raw.type == YAML_STREAM_END_EVENT;
    }
    return std::move(document_);
  }

 private:
  Result<> on_event(const yaml_event_t& event) {
    const Mark mark = mark_at(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (documents_++ != 0) return error(mark, "a second document; only one is read");
        return {};
      case YAML_SCALAR_EVENT: return on_scalar(event, mark);
      case YAML_ALIAS_EVENT: return on_alias(view(event.data.alias.anchor), mark);
      case YAML_MAPPING_START_EVENT:
        return open(Value::Kind::map, view(event.data.mapping_start.anchor), view(event.data.mapping_start.tag), mark);
      case YAML_SEQUENCE_START_EVENT:
        return open(Value::Kind::list, view(event.data.sequence_start.anchor), view(event.data.sequence_start.tag),
                    mark);
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT: return close();
      default: return {};
    }
  }

  Result<> on_scalar(const yaml_event_t& event, Mark mark) {
    const auto& scalar = event.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const std::string_view tag = view(scalar.tag);
    const bool is_text = tag == YAML_STR_TAG || tag == "!";
    if (!tag.empty() && !is_text && tag != YAML_INT_TAG && tag != YAML_BOOL_TAG && tag != YAML_FLOAT_TAG &&
        tag != YAML_NULL_TAG)
      return error(mark, fmt::format("the tag {} is not known", tag));
    const bool is_plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_text;

    if (awaits_key()) return set_key(text, is_plain, mark);
    FL_TRY_VOID(count(1, mark));
    Value& value = document_.make(is_plain && is_null(text) ? Value::Kind::null : Value::Kind::scalar, mark);
    value.is_plain = is_plain;
    if (value.kind == Value::Kind::scalar) value.text = document_.copy(text);
    if (const auto anchor = view(scalar.anchor); !anchor.empty()) anchors_[document_.copy(anchor)] = {&value, 1};
    return place(value);
  }

  Result<> on_alias(std::string_view name, Mark mark) {
    const auto it = anchors_.find(name);
    if (it == anchors_.end()) return error(mark, fmt::format("the anchor &{} is not defined before this", name));
    const Anchor anchor = it->second;
    if (anchor.value == nullptr) return error(mark, fmt::format("the anchor &{} contains itself", name));
    if (awaits_key()) {
      if (anchor.value->kind != Value::Kind::scalar) return error(mark, "a key must be text");
      return set_key(anchor.value->text, false, mark);
    }
    FL_TRY_VOID(count(anchor.nodes, mark));
    return place(share(*anchor.value));
  }

  Result<> open(Value::Kind kind, std::string_view anchor, std::string_view tag, Mark mark) {
    if (awaits_key()) return error(mark, "a key must be text");
    if (!tag.empty() && tag != YAML_MAP_TAG && tag != YAML_SEQ_TAG)
      return error(mark, fmt::format("the tag {} is not known", tag));
    if (frames_.size() == kMaxDepth) return error(mark, fmt::format("nested deeper than {}", kMaxDepth));
    const size_t before = nodes_;
    FL_TRY_VOID(count(1, mark));
    Value& value = document_.make(kind, mark);
    if (!anchor.empty()) anchor = document_.copy(anchor), anchors_[anchor] = {};
    frames_.push_back({.value = &value, .anchor = anchor, .nodes_before = before});
    return {};
  }

  Result<> close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (!frame.merges.empty()) FL_TRY_VOID(merge(frame));
    if (!frame.anchor.empty()) anchors_[frame.anchor] = {frame.value, nodes_ - frame.nodes_before};
    return place(*frame.value);
  }

  // `<<` adds what the map does not say itself; of several maps the first that names a key wins (YAML merge key 1.1).
  Result<> merge(Frame& frame) {
    for (const Value* from : frame.merges)
      for (const Value& child : from->children()) {
        if (!insert_name(frame, child.key)) continue;
        FL_TRY_VOID(count(1, child.mark));
        Value& copy = share(child);
        copy.key = child.key;
        frame.value->append(copy);
      }
    return {};
  }

  Result<> set_key(std::string_view text, bool is_plain, Mark mark) {
    Frame& frame = frames_.back();
    frame.has_key = true;
    frame.is_merge = is_plain && text == "<<";
    if (frame.is_merge) return {};
    frame.key = document_.copy(text);
    if (!insert_name(frame, frame.key)) return error(mark, fmt::format("the key \"{}\" is given twice", text));
    return {};
  }

  // Puts a finished node where it belongs: into the open list or map, or at the root.
  Result<> place(Value& value) {
    if (frames_.empty()) {
      if (value.kind == Value::Kind::null) return {};
      document_.set_root(value);
      return {};
    }
    Frame& frame = frames_.back();
    if (frame.value->kind == Value::Kind::list) {
      frame.value->append(value);
      return {};
    }
    frame.has_key = false;
    if (frame.is_merge) return add_merge(frame, value);
    value.key = frame.key;
    frame.value->append(value);
    return {};
  }

  Result<> add_merge(Frame& frame, const Value& value) {
    if (value.kind == Value::Kind::map) {
      frame.merges.push_back(&value);
      return {};
    }
    for (const Value& item : value.children()) {
      if (item.kind != Value::Kind::map) return error(item.mark, "<< takes a map or a list of maps");
      frame.merges.push_back(&item);
    }
    if (value.kind != Value::Kind::list) return error(value.mark, "<< takes a map or a list of maps");
    return {};
  }

  // False when the map has a child of that name, or is about to have one.
  bool insert_name(Frame& frame, std::string_view name) {
    if (frame.names.empty()) {
      if (frame.value->find(name) != nullptr) return false;
      if (frame.value->size < kLinearSearch) return true;
      for (const Value& child : frame.value->children()) frame.names.insert(child.key);
    }
    return frame.names.insert(name).second;
  }

  // The same node in a second place: the children are shared, they never change again.
  Value& share(const Value& value) {
    Value& copy = document_.make(value.kind, value.mark);
    copy = value;
    copy.next = nullptr;
    return copy;
  }

  bool awaits_key() const {
    return !frames_.empty() && frames_.back().value->kind == Value::Kind::map && !frames_.back().has_key;
  }

  Result<> count(size_t nodes, Mark mark) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) return error(mark, fmt::format("more than {} nodes (aliases count each time)", kMaxNodes));
    return {};
  }

  Mark mark_at(const yaml_mark_t& at) const {
    return {source_, static_cast<uint32_t>(at.line + 1), static_cast<uint32_t>(at.column + 1)};
  }

  static tl::unexpected<Error> error(Mark mark, std::string text) {
    return fail(Code::invalid, fmt::format("{}: {}", mark.to_text(), text));
  }

  tl::unexpected<Error> parse_error() const {
    const yaml_parser_t& raw = parser_.raw;
    const std::string_view problem = raw.problem == nullptr ? "out of memory" : raw.problem;
    if (raw.error == YAML_READER_ERROR)
      return fail(Code::invalid, fmt::format("{}: byte {}: {}", source_, raw.problem_offset, problem));
    if (raw.context == nullptr) return error(mark_at(raw.problem_mark), std::string(problem));
    return error(mark_at(raw.problem_mark), fmt::format("{}, {}", raw.context, problem));
  }

  const std::string_view text_;
  Document document_;
  const std::string_view source_;
  Parser parser_;
  std::vector<Frame> frames_;
  std::unordered_map<std::string_view, Anchor> anchors_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

Result<Document> read_yaml(std::string_view text, std::string_view source) { return Reader(text, source).read(); }

}  // namespace fl::config
