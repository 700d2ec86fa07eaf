// A sorted set of shared records that is never changed in place: with() and without() give a new set that shares all
// but the path to the place (log2 n nodes) with the old one. So a reader keeps any set for as long as it likes while
// the writer goes on, and a copy of a set is one pointer.
//
// Order is a type with `static auto key(const Record&)`, a tuple that is unique among the records. A prefix of that
// tuple names a range; the size of a range costs as little as finding its ends. A balanced (AVL) tree with sizes.
// Any thread may read; whoever holds the last pointer frees the nodes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

namespace fl::control::state {

template <class Record, class Order>
class OrderedSet {
  struct Node;
  using Link = std::shared_ptr<const Node>;

 public:
  using Pointer = std::shared_ptr<const Record>;
  using Key = decltype(Order::key(std::declval<const Record&>()));

  // In ascending order. Valid as long as the set it came from.
  class Iterator {
   public:
    using value_type = Pointer;
    using difference_type = std::ptrdiff_t;

    const Pointer& operator*() const { return path_[depth_ - 1]->record; }
    const Record* operator->() const { return path_[depth_ - 1]->record.get(); }
    Iterator& operator++() {
      const Node* node = path_[--depth_]->right.get();
      for (; node != nullptr; node = node->left.get()) push(node);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const Iterator& other) const { return top() == other.top(); }

   private:
    friend class OrderedSet;
    void push(const Node* node) { path_[depth_++] = node; }
    const Node* top() const { return depth_ == 0 ? nullptr : path_[depth_ - 1]; }

    static constexpr size_t kMaxDepth = 48;  // of an AVL tree with 2^32 nodes
    std::array<const Node*, kMaxDepth> path_;
    size_t depth_ = 0;
  };

  struct Range {
    Iterator first, last;
    size_t count = 0;
    Iterator begin() const { return first; }
    Iterator end() const { return last; }
    size_t size() const { return count; }
    bool empty() const { return count == 0; }
  };

  size_t size() const { return size_of(root_); }
  bool empty() const { return root_ == nullptr; }
  Iterator begin() const {
    return seek([](const Key&) { return false; });
  }
  Iterator end() const { return {}; }

  // Null when there is none. `key` may be of any type comparable with Key, element by element.
  template <class K>
  const Pointer* find(const K& key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      const auto order = compare(Order::key(*node->record), key);
      if (order == 0) return &node->record;
      node = order > 0 ? node->left.get() : node->right.get();
    }
    return nullptr;
  }

  // The records whose keys begin with `prefix`; with `after`, only those whose whole key is greater than that.
  template <class... P>
  Range range(const std::tuple<P...>& prefix) const {
    const auto is_before = [&](const Key& key) { return compare(key, prefix) < 0; };
    const auto is_not_after = [&](const Key& key) { return compare(key, prefix) <= 0; };
    return {seek(is_before), seek(is_not_after), rank(is_not_after) - rank(is_before)};
  }
  template <class... P, class K>
  Range range_after(const std::tuple<P...>& prefix, const K& after) const {
    const auto is_before = [&](const Key& key) { return compare(key, prefix) < 0 || compare(key, after) <= 0; };
    const auto is_not_after = [&](const Key& key) { return compare(key, prefix) <= 0; };
    const size_t first = rank(is_before), last = rank(is_not_after);
    if (first >= last) return {};
    return {seek(is_before), seek(is_not_after), last - first};
  }
  template <class... P>
  size_t count(const std::tuple<P...>& prefix) const {
    return rank([&](const Key& key) { return compare(key, prefix) <= 0; }) -
           rank([&](const Key& key) { return compare(key, prefix) < 0; });
  }

  // With `record` added, in place of the one that has its key.
  OrderedSet with(const Pointer& record) const { return OrderedSet(insert(root_, record)); }
  template <class K>
  OrderedSet without(const K& key) const {
    return OrderedSet(remove(root_, key));
  }
  OrderedSet() = default;

 private:
  struct Node {
    Link left, right;
    Pointer record;
    uint32_t size;
    uint8_t height;
  };

  explicit OrderedSet(Link root) : root_(std::move(root)) {}

  // Compares as many elements as both have: -1, 0, 1.
  template <class... A, class... B>
  static int compare(const std::tuple<A...>& a, const std::tuple<B...>& b) {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      int order = 0;
      (void)((order = compare_one(std::get<I>(a), std::get<I>(b)), order == 0) && ...);
      return order;
    }(std::make_index_sequence<std::min(sizeof...(A), sizeof...(B))>());
  }
  template <class A, class B>
  static int compare_one(const A& a, const B& b) {
    return a < b ? -1 : b < a ? 1 : 0;
  }

  // The first record for which `is_before` does not hold.
  template <class Predicate>
  Iterator seek(Predicate is_before) const {
    Iterator out;
    for (const Node* node = root_.get(); node != nullptr;)
      if (is_before(Order::key(*node->record))) {
        node = node->right.get();
      } else {
        out.push(node);
        node = node->left.get();
      }
    return out;
  }
  // How many there are before it.
  template <class Predicate>
  size_t rank(Predicate is_before) const {
    size_t out = 0;
    for (const Node* node = root_.get(); node != nullptr;)
      if (is_before(Order::key(*node->record))) {
        out += size_of(node->left) + 1;
        node = node->right.get();
      } else {
        node = node->left.get();
      }
    return out;
  }

  static uint32_t size_of(const Link& link) { return link == nullptr ? 0 : link->size; }
  static int height_of(const Link& link) { return link == nullptr ? 0 : link->height; }

  static Link make(Link left, Pointer record, Link right) {
    const uint32_t size = size_of(left) + size_of(right) + 1;
    const int height = std::max(height_of(left), height_of(right)) + 1;
    return std::make_shared<const Node>(std::move(left), std::move(right), std::move(record), size,
                                        static_cast<uint8_t>(height));
  }
  // Of two trees whose heights differ by two at most.
  static Link balance(const Link& left, const Pointer& record, const Link& right) {
    const int difference = height_of(left) - height_of(right);
    if (difference > 1) {
      if (height_of(left->left) >= height_of(left->right))
        return make(left->left, left->record, make(left->right, record, right));
      const Link& middle = left->right;
      return make(make(left->left, left->record, middle->left), middle->record, make(middle->right, record, right));
    }
    if (difference < -1) {
      if (height_of(right->right) >= height_of(right->left))
        return make(make(left, record, right->left), right->record, right->right);
      const Link& middle = right->left;
      return make(make(left, record, middle->left), middle->record, make(middle->right, right->record, right->right));
    }
    return make(left, record, right);
  }

  static Link insert(const Link& node, const Pointer& record) {
    if (node == nullptr) return make(nullptr, record, nullptr);
    const int order = compare(Order::key(*record), Order::key(*node->record));
    if (order == 0) return make(node->left, record, node->right);
    if (order < 0) return balance(insert(node->left, record), node->record, node->right);
    return balance(node->left, node->record, insert(node->right, record));
  }
  template <class K>
  static Link remove(const Link& node, const K& key) {
    if (node == nullptr) return nullptr;
    const int order = compare(Order::key(*node->record), key);
    if (order > 0) return balance(remove(node->left, key), node->record, node->right);
    if (order < 0) return balance(node->left, node->record, remove(node->right, key));
    if (node->left == nullptr) return node->right;
    if (node->right == nullptr) return node->left;
    const Node* next = node->right.get();
    while (next->left != nullptr) next = next->left.get();
    return balance(node->left, next->record, remove(node->right, Order::key(*next->record)));
  }

  Link root_;
};

}  // namespace fl::control::state
