// sim/memory/crashable_store.cpp — what is visible, what is durable, and what a crash leaves.
#include "sim/memory/crashable_store.hpp"

#include <algorithm>
#include <limits>

#include "model/base/check.hpp"

namespace landfall {

void CrashableStore::store(Content& content, const Write& write) {
    const std::size_t end = write.offset + write.bytes.size();
    if (content.size() < end) content.resize(end);
    std::copy(write.bytes.begin(), write.bytes.end(),
              content.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

const CrashableStore::Object* CrashableStore::find(std::string_view name) const {
    const auto found = visible_names_.find(name);
    return found == visible_names_.end() ? nullptr : &objects_.at(found->second);
}

void CrashableStore::begin_operation() {
    if (crash_at_ && operations_ >= *crash_at_) throw PowerLost{};
    ++operations_;
}

void CrashableStore::write(std::string_view name, std::uint64_t offset,
                           std::span<const std::byte> bytes) {
    LANDFALL_CHECK(offset <= std::numeric_limits<std::uint64_t>::max() - bytes.size(),
                   "a write ends at an offset that has a number");
    begin_operation();
    for (auto at = short_writes_.begin(); at != short_writes_.end(); ++at) {
        if (!name.starts_with(at->prefix) || bytes.size() <= at->most) continue;
        bytes = bytes.first(at->most);
        short_writes_.erase(at);
        break;
    }
    auto found = visible_names_.find(name);
    if (found == visible_names_.end()) {
        found = visible_names_.emplace(name, next_object_++).first;
        unflushed_names_.push_back({found->first, found->second});
    }
    Object& object = objects_[found->second];
    if (bytes.empty()) return;
    object.unflushed.push_back({offset, Content(bytes.begin(), bytes.end())});
    store(object.visible, object.unflushed.back());
}

std::vector<std::byte> CrashableStore::read(std::string_view name, std::uint64_t offset,
                                            std::uint64_t length) const {
    const Object* object = find(name);
    if (object == nullptr || offset >= object->visible.size()) return {};
    const auto from = object->visible.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto most = std::min<std::uint64_t>(length, object->visible.size() - offset);
    return {from, from + static_cast<std::ptrdiff_t>(most)};
}

std::uint64_t CrashableStore::size(std::string_view name) const {
    const Object* object = find(name);
    return object == nullptr ? 0 : object->visible.size();
}

bool CrashableStore::exists(std::string_view name) const {
    return visible_names_.find(name) != visible_names_.end();
}

void CrashableStore::remove(std::string_view name) {
    begin_operation();
    const auto found = visible_names_.find(name);
    if (found == visible_names_.end()) return;
    unflushed_names_.push_back({found->first, std::nullopt});
    visible_names_.erase(found);
}

std::vector<std::string> CrashableStore::list(std::string_view prefix) const {
    std::vector<std::string> names;
    for (auto at = visible_names_.lower_bound(prefix);
         at != visible_names_.end() && at->first.starts_with(prefix); ++at) {
        names.push_back(at->first);
    }
    return names;
}

void CrashableStore::flush(std::string_view name) {
    begin_operation();
    const auto found = visible_names_.find(name);
    if (found == visible_names_.end()) return;
    Object& object = objects_.at(found->second);
    for (const Write& write : object.unflushed) store(object.durable, write);
    object.unflushed.clear();
}

void CrashableStore::flush_names() {
    begin_operation();
    durable_names_ = visible_names_;
    unflushed_names_.clear();
    forget_nameless();
}

/// Objects that have, or had and may have again, a name with that prefix.
std::set<std::size_t> CrashableStore::objects_with(std::string_view prefix) const {
    std::set<std::size_t> found;
    for (const Names* names : {&visible_names_, &durable_names_}) {
        for (auto at = names->lower_bound(prefix);
             at != names->end() && at->first.starts_with(prefix); ++at) {
            found.insert(at->second);
        }
    }
    for (const NameChange& change : unflushed_names_) {
        if (change.object && change.name.starts_with(prefix)) found.insert(*change.object);
    }
    return found;
}

void CrashableStore::crash(const std::function<std::uint64_t(std::uint64_t)>& draw,
                           std::string_view prefix) {
    const std::set<std::size_t> struck = objects_with(prefix);
    for (auto& [number, object] : objects_) {
        if (!struck.contains(number)) continue;
        for (Write& write : object.unflushed) {
            const std::uint64_t fate = draw(3);
            if (fate == 0) continue;
            if (fate == 1) write.bytes.resize(draw(write.bytes.size()));
            if (!write.bytes.empty()) store(object.durable, write);
        }
        object.unflushed.clear();
        object.visible = object.durable;
    }
    std::vector<NameChange> elsewhere;
    for (NameChange& change : unflushed_names_) {
        if (!change.name.starts_with(prefix)) {
            elsewhere.push_back(std::move(change));
            continue;
        }
        if (draw(2) == 0) continue;
        if (change.object)
            durable_names_[change.name] = *change.object;
        else
            durable_names_.erase(change.name);
    }
    unflushed_names_ = std::move(elsewhere);
    std::erase_if(visible_names_,
                  [&](const auto& entry) { return entry.first.starts_with(prefix); });
    for (auto at = durable_names_.lower_bound(prefix);
         at != durable_names_.end() && at->first.starts_with(prefix); ++at) {
        visible_names_.insert(*at);
    }
    crash_at_.reset();
    short_writes_.clear();
    forget_nameless();
}

void CrashableStore::forget_nameless() {
    std::set<std::size_t> named;
    for (const auto& [name, object] : durable_names_) named.insert(object);
    for (const auto& [name, object] : visible_names_) named.insert(object);
    std::erase_if(objects_, [&](const auto& entry) { return !named.contains(entry.first); });
}

void CrashableStore::flip_bit(std::string_view name, std::uint64_t bit) {
    const auto found = visible_names_.find(name);
    LANDFALL_CHECK(found != visible_names_.end(), "an object that rots exists");
    Object& object = objects_.at(found->second);
    const std::uint64_t at = bit / 8;
    LANDFALL_CHECK(at < object.visible.size(), "a bit that rots lies in its object");
    const auto flip = std::byte{1} << (bit % 8);
    object.visible[at] ^= flip;
    if (at < object.durable.size()) object.durable[at] ^= flip;
    for (Write& write : object.unflushed) {
        if (at >= write.offset && at - write.offset < write.bytes.size())
            write.bytes[at - write.offset] ^= flip;
    }
}

void CrashableStore::short_writes(std::string_view prefix, std::uint64_t most) {
    short_writes_.push_back({std::string(prefix), most});
}

}  // namespace landfall
