#include "control/reconcile/daemon.h"

#include <algorithm>
#include <unordered_map>

#include "control/reconcile/events.h"
#include "control/reconcile/outcome.h"
#include "control/reconcile/percentages.h"
#include "control/schedule/fit.h"

namespace fl::control::reconcile {
namespace {

// The service's tasks on one instance.
struct Post {
  const schedule::Capacity::Instance* instance = nullptr;
  std::vector<const Member*> keepers, leavers, pending_leavers, protected_leavers;
  size_t stopping = 0;

  size_t size() const {
    return keepers.size() + leavers.size() + pending_leavers.size() + protected_leavers.size() + stopping;
  }
  bool has_live_task() const { return size() > stopping; }
  bool is_kept() const { return std::ranges::any_of(keepers, &Member::is_healthy); }
  bool is_served() const { return needs_no_leavers() || std::ranges::any_of(leavers, &Member::is_healthy); }
  bool needs_no_leavers() const { return is_kept() || std::ranges::any_of(protected_leavers, &Member::is_healthy); }
};

class DaemonPlanner {
 public:
  DaemonPlanner(Draft& draft, const Roster& roster)
      : draft_(draft), roster_(roster), fit_(*draft.primary_deployment().demand) {
    find_posts();
    for (const Post& post : posts_) {
      tasks_ += post.size();
      if (post.is_served()) ++served_;
    }
  }

  Progress plan() {
    const int desired = static_cast<int>(posts_.size());
    const Percentages percentages(draft_.service, desired);
    most_tasks_ = static_cast<size_t>(percentages.most_tasks);
    least_served_ = static_cast<size_t>(percentages.least_healthy);
    const bool may_start = may_start_now();
    for (const Post& post : posts_) {
      if (!post.instance->view.agent_connected) continue;  // nothing can be changed there
      for (const Member* member : post.pending_leavers) draft_.stop(*member->task);
      stop_surplus(post);
      if (!post.keepers.empty()) {
        if (post.is_kept()) stop_all(post.leavers);
      } else if (may_start) {
        replace_or_start(post);
      }
    }
    tell_starts_and_stops(draft_);
    tell_what_is_missing();
    return {.desired = desired,
            .is_served = std::ranges::all_of(posts_, &Post::is_kept),
            .protected_surplus = roster_.protected_leavers.size() + protected_keepers_};
  }

 private:
  // One post for each selected instance; tasks elsewhere stop.
  void find_posts() {
    std::unordered_map<const schedule::Capacity::Instance*, Post> posts;
    for (const Member& member : roster_.keepers) posts[member.instance].keepers.push_back(&member);
    for (const Member& member : roster_.leavers) posts[member.instance].leavers.push_back(&member);
    for (const Member& member : roster_.pending_leavers) posts[member.instance].pending_leavers.push_back(&member);
    for (const Member& member : roster_.protected_leavers) posts[member.instance].protected_leavers.push_back(&member);
    for (const Member& member : roster_.stopping) ++posts[member.instance].stopping;
    for (const schedule::Capacity::Instance* instance : draft_.cluster.capacity.instances()) {
      const auto at = posts.find(instance);
      Post post = at == posts.end() ? Post{} : std::move(at->second);
      post.instance = instance;
      // Where the agent is not connected a task may stay, but none is missed.
      const bool counts = instance->view.agent_connected || post.has_live_task();
      if (counts && instance->view.status == schedule::InstanceStatus::active && fit_.selects(*instance)) {
        posts_.push_back(std::move(post));
        continue;
      }
      stop_all(post.keepers);
      stop_all(post.leavers);
      stop_all(post.pending_leavers);
    }
  }

  bool may_start_now() {
    if (draft_.primary_state().rollout_state == RolloutState::failed) return false;
    const WallTime at = may_start_at(draft_.primary_state(), draft_.now);
    if (draft_.now >= at) return true;
    if (std::ranges::any_of(posts_, [](const Post& post) { return post.keepers.empty(); })) draft_.wake_at(at);
    return false;
  }

  // Of several keepers, which can only come of an instance that was away, the oldest healthy one stays.
  void stop_surplus(const Post& post) {
    if (post.keepers.size() < 2) return;
    std::vector<const Member*> keepers = post.keepers;
    std::ranges::sort(keepers, [](const Member* a, const Member* b) {
      if (a->is_healthy != b->is_healthy) return a->is_healthy;
      if (a->is_protected != b->is_protected) return a->is_protected;
      return a->task->created_at < b->task->created_at;
    });
    stop_all({keepers.begin() + 1, keepers.end()});
  }

  void replace_or_start(const Post& post) {
    const bool is_free = post.size() == 0;
    if (tasks_ < most_tasks_ && (is_free || draft_.service.maximum_percent > 100)) {
      const auto misfit = fit_.misfit(*post.instance);
      if (!misfit) return start(post);
      if (post.leavers.empty() && post.protected_leavers.empty() && post.stopping == 0) {
        if (!failure_ || *misfit > failure_->misfit) failure_ = {post.instance->view.id, *misfit};
        return;
      }
    }
    if (!is_free && post.leavers.empty()) return;  // what is left of it is stopping, or protected
    const bool is_last = post.is_served() && !post.needs_no_leavers();
    if (post.leavers.empty() || (is_last && served_ <= least_served_)) {
      is_held_back_ = true;
      return;
    }
    if (is_last) --served_;
    stop_all(post.leavers);
  }

  void start(const Post& post) {
    const schedule::TaskDemand& demand = fit_.demand();
    std::string id = std::move(draft_.make_task_ids(1)[0]);
    draft_.cluster.capacity.put_task({id, post.instance->view.id, demand.group, demand.family, demand.resources});
    draft_.start(std::move(id), post.instance->view.id);
    ++tasks_;
  }

  void stop_all(const std::vector<const Member*>& members) {
    for (const Member* member : members) {
      if (member->is_protected) {
        ++protected_keepers_;
        continue;
      }
      if (!member->is_unhealthy) {
        draft_.stop(*member->task);
        continue;
      }
      draft_.stop_unhealthy(*member->task);
      count_unhealthy(draft_, *member->task);
    }
  }

  void tell_what_is_missing() {
    // Only when nothing is under way that could end it: no task starts, stops or becomes healthy.
    const bool is_stopping = !draft_.plan.stop.empty() || !roster_.stopping.empty();
    const bool is_starting = !draft_.plan.start.empty() || roster_.healthy_keepers() < roster_.keepers.size();
    if (is_held_back_ && !is_stopping && !is_starting)
      tell_stuck(draft_);
    else
      draft_.state.is_stuck = false;
    const auto unkept = std::ranges::count_if(posts_, [](const Post& post) { return post.keepers.empty(); });
    if (failure_ && !is_stopping)
      tell_placement_failure(draft_, *failure_);
    else if (!failure_ && static_cast<size_t>(unkept) == draft_.plan.start.size())
      forget_placement_failure(draft_);
  }

  Draft& draft_;
  const Roster& roster_;
  const schedule::Fit fit_;
  std::vector<Post> posts_;
  size_t tasks_ = 0;   // on the posts, stopping ones included
  size_t served_ = 0;  // posts with a healthy task that this plan leaves there
  size_t most_tasks_ = 0;
  size_t least_served_ = 0;
  size_t protected_keepers_ = 0;  // that would go if they were not protected
  bool is_held_back_ = false;     // the percentages keep an old task in its place
  std::optional<schedule::PlacementFailure> failure_;
};

}  // namespace

Progress plan_daemon(Draft& draft, const Roster& roster) { return DaemonPlanner(draft, roster).plan(); }

}  // namespace fl::control::reconcile
