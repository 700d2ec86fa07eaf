// Named objects of a configuration: routers, services, middlewares. A map whose copies share their objects: a copy
// costs pointers, and an object is copied when one of its owners changes it. So a configuration can be handed on, kept
// to compare the next one with, and shown by the API, all without copying 10,000 routers; and who finds the very entry
// of the last time need not look into it. Sorted bytewise as Go prints maps. Not for use by two threads at a time,
// except that the entries themselves, once shared, never change.
#pragma once

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace fl::config {

template <class T>
class Objects {
 public:
  using Entry = std::pair<const std::string, T>;
  using EntryPtr = std::shared_ptr<const Entry>;

 private:
  using Map = std::map<std::string_view, EntryPtr>;  // the keys are the entries' names

 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = const Entry*;
    using reference = const Entry&;

    Iterator() = default;
    const Entry& operator*() const { return *at_->second; }
    const Entry* operator->() const { return at_->second.get(); }
    // What this map shares with its copies.
    const EntryPtr& entry() const { return at_->second; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    Iterator& operator--() {
      --at_;
      return *this;
    }
    Iterator operator--(int) { return Iterator(at_--); }
    bool operator==(const Iterator&) const = default;

   private:
    friend class Objects;
    explicit Iterator(typename Map::const_iterator at) : at_(at) {}
    typename Map::const_iterator at_;
  };
  using iterator = Iterator;
  using const_iterator = Iterator;
  using value_type = Entry;

  Iterator begin() const { return Iterator(map_.begin()); }
  Iterator end() const { return Iterator(map_.end()); }
  size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }
  Iterator find(std::string_view name) const { return Iterator(map_.find(name)); }
  bool contains(std::string_view name) const { return map_.contains(name); }
  const T& at(std::string_view name) const { return map_.at(name)->second; }

  // The object of that name, made when there is none, to be changed: it is copied first if others have it too.
  T& operator[](std::string_view name) { return edit(try_emplace(name).first); }
  T& edit(Iterator which) {
    const EntryPtr& entry = which.at_->second;
    if (entry.use_count() == 1) {
      std::atomic_thread_fence(std::memory_order_acquire);  // what its last other owner read was read before
      return const_cast<Entry&>(*entry).second;             // NOLINT: made non-const, and no one else's
    }
    auto copy = std::make_shared<Entry>(*entry);
    T& object = copy->second;
    auto node = map_.extract(which.at_);
    node.key() = copy->first;
    node.mapped() = std::move(copy);
    map_.insert(std::move(node));
    return object;
  }

  // As std::map's.
  template <class... Args>
  std::pair<Iterator, bool> try_emplace(std::string_view name, Args&&... args) {
    const auto at = map_.lower_bound(name);
    if (at != map_.end() && at->first == name) return {Iterator(at), false};
    auto made = std::make_shared<Entry>(std::piecewise_construct, std::forward_as_tuple(name),
                                        std::forward_as_tuple(std::forward<Args>(args)...));
    const std::string_view key = made->first;
    return {Iterator(map_.emplace_hint(at, key, std::move(made))), true};
  }
  std::pair<Iterator, bool> emplace(std::string_view name, T object) { return try_emplace(name, std::move(object)); }
  void insert_or_assign(std::string_view name, T object) { edit(try_emplace(name).first) = std::move(object); }
  Iterator erase(Iterator which) { return Iterator(map_.erase(which.at_)); }
  size_t erase(std::string_view name) { return map_.erase(name); }
  void clear() { map_.clear(); }

  // Takes an entry of another map as it is, in place of one of the same name. Fastest in the order of names.
  void share(const EntryPtr& entry) {
    if (!map_.empty() && entry->first <= map_.rbegin()->first) map_.erase(entry->first);
    map_.emplace_hint(map_.end(), entry->first, entry);
  }

  // Takes every entry of `other` whose name it has not yet.
  void share_missing(const Objects& other) {
    for (const auto& [name, entry] : other.map_) map_.try_emplace(name, entry);
  }

  // Calls keep(name, object) for each, which may change the object; those it refuses are dropped.
  template <class F>
  void keep_if(F keep) {
    for (auto at = map_.begin(); at != map_.end();) {
      const std::string name(at->first);
      const auto next = std::next(at);
      if (!keep(name, edit(Iterator(at)))) map_.erase(name);
      at = next;
    }
  }

  friend bool operator==(const Objects& a, const Objects& b) {
    return std::ranges::equal(
        a.map_, b.map_, [](const auto& x, const auto& y) { return x.second == y.second || *x.second == *y.second; });
  }

 private:
  Map map_;
};

}  // namespace fl::config
