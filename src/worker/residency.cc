#include "worker/residency.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace nearside::worker {

Residency::Member::Member(Residency& residency, std::size_t bytes, std::function<void()> wake)
    : residency_(residency), bytes_(bytes), wake_(std::move(wake)) {
  const std::scoped_lock lock(residency_.mutex_);
  residency_.members_.push_back(this);
}

Residency::Member::~Member() {
  leave();
  const std::scoped_lock lock(residency_.mutex_);
  residency_.members_.remove(this);
}

bool Residency::Member::enter() {
  const std::scoped_lock lock(residency_.mutex_);
  CHECK(!inside_);
  const std::size_t inside = residency_.bytes_inside();
  // A model greater than the whole budget loads where nothing else is: better than never.
  inside_ = inside == 0 ||
            bytes_ <= residency_.budget_bytes_ - std::min(residency_.budget_bytes_, inside);
  waiting_ = !inside_;
  asked_ = false;
  if (waiting_) residency_.ask_for_room(bytes_);
  return inside_;
}

void Residency::Member::leave() {
  const std::scoped_lock lock(residency_.mutex_);
  waiting_ = asked_ = false;
  if (!std::exchange(inside_, false)) return;
  for (const Member* const member : residency_.members_)
    if (member->waiting_) member->wake_();
}

void Residency::Member::set_busy(bool busy) {
  const std::scoped_lock lock(residency_.mutex_);
  if (busy == busy_) return;
  busy_ = busy;
  // Used now, or until now: the most recent either way.
  residency_.members_.remove(this);
  residency_.members_.push_back(this);
  if (busy) return;
  for (const Member* const member : residency_.members_)
    if (member->waiting_) return residency_.ask_for_room(member->bytes_);
}

bool Residency::Member::asked_to_leave() const {
  const std::scoped_lock lock(residency_.mutex_);
  return asked_;
}

std::size_t Residency::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_inside();
}

std::size_t Residency::bytes_inside() const {
  std::size_t bytes = 0;
  for (const Member* const member : members_) bytes += member->inside_ ? member->bytes_ : 0;
  return bytes;
}

void Residency::ask_for_room(std::size_t bytes) {
  std::size_t left = bytes_inside();
  for (const Member* const member : members_)
    if (member->inside_ && member->asked_) left -= member->bytes_;
  for (Member* const member : members_) {
    if (left == 0 || left + bytes <= budget_bytes_) return;
    if (!member->inside_ || member->busy_ || member->asked_) continue;
    member->asked_ = true;
    member->wake_();
    left -= member->bytes_;
  }
}

}  // namespace nearside::worker
