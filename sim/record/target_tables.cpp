// sim/record/target_tables.cpp — steps of a region's use become rows.
#include "sim/record/target_tables.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/record/recorder.hpp"

namespace landfall::record {

namespace {

constexpr std::int64_t kUnbounded = -1;

class UseColumns {
  public:
    explicit UseColumns(const Estate& estate)
        : regions_(estate.target.regions), known_(regions_.size()) {}

    void add(const world::TargetUseStep& step) {
        const TargetRegion& region = regions_[step.region];
        note(step, "machines", step.use.instances, std::nullopt);
        note(step, "cores", step.use.cores, region.cores);
        std::set<std::string> families;
        for (const auto& [family, cores] : step.use.cores_by_family) families.insert(family);
        for (const FamilyQuota& quota : region.families) families.insert(quota.family);
        for (const auto& [quantity, used] : known_[step.region]) {
            if (quantity.ends_with(kCores)) {
                families.insert(quantity.substr(0, quantity.size() - kCores.size()));
            }
        }
        for (const std::string& family : families) {
            const auto used = step.use.cores_by_family.find(family);
            note(step, family + std::string(kCores),
                 used == step.use.cores_by_family.end() ? 0 : used->second,
                 quota_of(region, family));
        }
        note(step, "network interfaces", step.use.nics, region.nics);
        note(step, "addresses", step.use.addresses, std::nullopt);
    }

    Table finish() {
        std::vector<std::string> names;
        for (const TargetRegion& region : regions_) names.push_back(region.name);
        return {"target_use",
                {{"t_s", std::move(t_s_), std::nullopt},
                 {"region", std::move(region_), names},
                 quantity_.finish("quantity"),
                 {"used", std::move(used_), std::nullopt},
                 {"quota", std::move(quota_), std::nullopt}}};
    }

  private:
    static constexpr std::string_view kCores = " cores";

    static std::optional<std::int64_t> quota_of(const TargetRegion& region,
                                                const std::string& family) {
        for (const FamilyQuota& quota : region.families) {
            if (quota.family == family) return quota.cores;
        }
        return std::nullopt;
    }

    void note(const world::TargetUseStep& step, const std::string& quantity, std::int64_t used,
              std::optional<std::int64_t> quota) {
        std::int64_t& known = known_[step.region][quantity];
        if (known == used) return;
        known = used;
        t_s_.push_back(to_seconds(step.at.since_start()));
        region_.push_back(static_cast<std::int32_t>(step.region));
        quantity_.add(quantity);
        used_.push_back(used);
        quota_.push_back(quota.value_or(kUnbounded));
    }

    const std::vector<TargetRegion>& regions_;
    std::vector<std::map<std::string, std::int64_t>> known_;  ///< by region
    std::vector<double> t_s_;
    std::vector<std::int32_t> region_;
    NameColumn quantity_;
    std::vector<std::int64_t> used_;
    std::vector<std::int64_t> quota_;
};

}  // namespace

Table target_use_table(const std::vector<world::TargetUseStep>& steps, const Estate& estate) {
    UseColumns columns(estate);
    for (const world::TargetUseStep& step : steps) columns.add(step);
    return columns.finish();
}

}  // namespace landfall::record
