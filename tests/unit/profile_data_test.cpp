// tests/unit/profile_data_test.cpp — every figure of every profile has a value, a unit and a
// source.
#include "sim/scenario/profile_data.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/scenario/embedded.hpp"

namespace landfall::scenario {
namespace {

using nlohmann::json;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BuiltInProfile : public ::testing::TestWithParam<const char*> {
  protected:
    ProfileData data_ = find_profile(GetParam()).value();
};

INSTANTIATE_TEST_SUITE_P(Names, BuiltInProfile, ::testing::Values("asr-2018", "asr-2024"),
                         [](const auto& info) { return "Asr" + std::string(info.param + 4); });

TEST_P(BuiltInProfile, IsNamedAsItsFile) {
    EXPECT_EQ(data_.profile.name, GetParam());
    EXPECT_NE(data_.description, "");
}

TEST_P(BuiltInProfile, HasEveryFieldWithUnitAndSource) {
    std::vector<std::string> names;
    ServiceProfile::visit_scalars(data_.profile, [&](const char* name, auto&, const char* unit) {
        const FieldSource& field = data_.fields.at(names.size());
        EXPECT_EQ(field.field, name);
        EXPECT_EQ(field.unit, unit) << name;
        EXPECT_THAT(field.source, ::testing::SizeIs(::testing::Gt(10U))) << name;
        names.emplace_back(name);
    });
    EXPECT_EQ(names.size(), data_.fields.size());
    EXPECT_EQ(names, profile_field_names());
}

TEST_P(BuiltInProfile, SourcesAreDocumentsOrSaidToBeOurs) {
    EXPECT_THAT(data_.retry_source, HasSubstr("SR/"));
    for (const FieldSource& field : data_.fields) {
        EXPECT_THAT(field.source, AnyOf(HasSubstr("SR/"), HasSubstr("includes/"), HasSubstr("AMH/"),
                                        StartsWith("[A] "), StartsWith("[U] "), StartsWith("[X] ")))
            << field.field;
    }
}

TEST_P(BuiltInProfile, AgreesWithItself) {
    const ServiceProfile& profile = data_.profile;
    EXPECT_GT(profile.crash_consistent_interval, Duration(0));
    EXPECT_LT(profile.app_consistent_interval_min, profile.app_consistent_interval_max);
    EXPECT_LE(profile.cache_throttle_free_percent, profile.cache_resume_free_percent);
    EXPECT_LE(profile.cache_critical_free_percent, profile.cache_warning_free_percent);
    EXPECT_LT(profile.cpu_warning_percent, profile.cpu_critical_percent);
    EXPECT_LT(profile.memory_warning_percent, profile.memory_critical_percent);
    EXPECT_LT(profile.host_throttle_min, profile.host_throttle_max);
    EXPECT_LT(profile.upload_backlog_warning, profile.upload_backlog_critical);
    EXPECT_LE(profile.os_disk_size_max, profile.data_disk_size_max);
    EXPECT_GT(profile.transfer_slice, Duration(0));
    EXPECT_GT(profile.source_read_rate, BytesPerSecond(0));
    EXPECT_GE(profile.upload_threads, 1);
    EXPECT_GE(profile.disks_at_once, 1);
    EXPECT_LT(profile.azure_machine_churn_max, profile.azure_machine_high_churn_max);
    EXPECT_LT(profile.group_message_latency * 2, profile.group_hold) << "or no group has a point";
    EXPECT_LT(profile.failback_app_consistent_every, profile.failback_retention);
    EXPECT_TRUE(
        std::is_sorted(profile.hyper_v_retry_delays.begin(), profile.hyper_v_retry_delays.end()));
}

TEST_P(BuiltInProfile, SizesOfMachinesAreDistinctAndHaveSources) {
    const std::vector<VmSize>& sizes = data_.profile.vm_sizes;
    ASSERT_EQ(data_.vm_size_sources.size(), sizes.size());
    std::vector<std::string> names;
    std::int64_t most_disks = 0;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
        names.push_back(sizes[k].name);
        most_disks = std::max(most_disks, sizes[k].data_disks_max);
        EXPECT_THAT(sizes[k].name, StartsWith("Standard_"));
        EXPECT_GT(sizes[k].cores, 0) << sizes[k].name;
        EXPECT_GT(sizes[k].memory, Bytes(0)) << sizes[k].name;
        EXPECT_GT(sizes[k].nics_max, 0) << sizes[k].name;
        EXPECT_THAT(data_.vm_size_sources[k], HasSubstr("articles/virtual-machines/"));
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    EXPECT_GE(most_disks, data_.profile.data_disks_max) << "or a machine fits no size";
}

TEST_P(BuiltInProfile, RetentionGridsRiseUpToTheLongestRetention) {
    Duration last = Duration(-1);
    for (const RetentionGrid& grid : data_.profile.retention_grids) {
        EXPECT_GT(grid.retention_at_most, last);
        last = grid.retention_at_most;
        Duration until;
        Duration every;
        for (const RetentionTier& tier : grid.tiers) {
            EXPECT_GT(tier.until, until);
            EXPECT_GT(tier.every, every) << "older points lie further apart";
            EXPECT_EQ(tier.every.count() % data_.profile.crash_consistent_interval.count(), 0);
            until = tier.until;
            every = tier.every;
        }
        EXPECT_EQ(until, grid.retention_at_most);
    }
    EXPECT_EQ(last, data_.profile.retention_max);
}

/// Points that a grid keeps in the long run: one per `every` in each tier.
std::int64_t points_kept(const ServiceProfile& profile, Duration retention) {
    for (const RetentionGrid& grid : profile.retention_grids) {
        if (grid.retention_at_most < retention) continue;
        std::int64_t count = 0;
        Duration from;
        for (const RetentionTier& tier : grid.tiers) {
            const Duration until = std::min(tier.until, retention);
            count += (until - from).count() / tier.every.count();
            from = until;
        }
        return count;
    }
    return -1;
}

TEST(ServiceProfiles, KeepTheDocumentedNumberOfPoints) {
    const ServiceProfile profile = find_profile("asr-2024")->profile;
    EXPECT_EQ(points_kept(profile, Duration(0)), 0);
    EXPECT_EQ(points_kept(profile, days(1)), 24 + 22);
    EXPECT_EQ(points_kept(profile, days(3)), 24 + 35);
    EXPECT_EQ(points_kept(profile, days(7)), 24 + 83);
    EXPECT_EQ(points_kept(profile, days(15)), 24 + 83 + 48);
    EXPECT_EQ(points_kept(find_profile("asr-2018")->profile, days(3)), 59);
}

TEST_P(BuiltInProfile, ChurnLimitsRiseWithTheSizeOfWritesUpToThoseOfTheTier) {
    for (const TargetDiskTier& tier : data_.profile.target_disk_tiers) {
        ASSERT_FALSE(tier.churn_by_write_size.empty()) << tier.name;
        const ChurnStep* last = nullptr;
        for (const ChurnStep& step : tier.churn_by_write_size) {
            EXPECT_LE(step.limit, step.high_churn_limit) << tier.name;
            if (last != nullptr) {
                EXPECT_GT(step.write_size, last->write_size) << tier.name;
                EXPECT_GE(step.limit, last->limit) << tier.name;
                EXPECT_GE(step.high_churn_limit, last->high_churn_limit) << tier.name;
            }
            last = &step;
        }
        EXPECT_EQ(last->limit, tier.churn_limit) << tier.name;
        EXPECT_EQ(last->high_churn_limit, tier.high_churn_limit) << tier.name;
    }
}

TEST_P(BuiltInProfile, DiskTiersRiseWithinTheirType) {
    const ServiceProfile& profile = data_.profile;
    EXPECT_EQ(profile.target_disk_tiers.size(), data_.tier_sources.size());
    for (const char* type : {"standard_hdd", "standard_ssd", "premium_ssd"}) {
        const TargetDiskTier* last = nullptr;
        for (const TargetDiskTier& tier : profile.target_disk_tiers) {
            if (tier.type != type) continue;
            EXPECT_GT(tier.iops, 0) << tier.name;
            EXPECT_GT(tier.churn_limit, BytesPerSecond(0)) << tier.name;
            if (last != nullptr) {
                EXPECT_GT(tier.size_at_most, last->size_at_most) << tier.name;
                EXPECT_GE(tier.throughput, last->throughput) << tier.name;
                EXPECT_GE(tier.iops, last->iops) << tier.name;
                EXPECT_GE(tier.churn_limit, last->churn_limit) << tier.name;
            }
            last = &tier;
        }
        ASSERT_NE(last, nullptr) << type;
        EXPECT_GE(last->size_at_most, profile.data_disk_size_max) << "the largest disk has a tier";
    }
}

TEST(ServiceProfiles, FindTheTierOfADisk) {
    const ServiceProfile profile = find_profile("asr-2024")->profile;
    const auto tier = [&](const char* type, Bytes size) {
        const TargetDiskTier* found = find_tier(profile, type, size);
        return found == nullptr ? "none" : found->name;
    };
    EXPECT_EQ(tier("premium_ssd", gibibytes(128)), "P10");
    EXPECT_EQ(tier("premium_ssd", gibibytes(128) + Bytes(1)), "P15");
    EXPECT_EQ(tier("standard_hdd", gibibytes(1)), "S4");
    EXPECT_EQ(tier("standard_ssd", gibibytes(1000)), "E30");
    EXPECT_EQ(tier("premium_ssd", gibibytes(32767)), "P80");
    EXPECT_EQ(tier("premium_ssd", gibibytes(32768)), "none");
    EXPECT_EQ(tier("floppy", gibibytes(1)), "none");
}

TEST(ServiceProfiles, HoldTheDocumentedFigures) {
    const ServiceProfile old = find_profile("asr-2018")->profile;
    const ServiceProfile now = find_profile("asr-2024")->profile;
    EXPECT_EQ(now.crash_consistent_interval, minutes(5));
    EXPECT_EQ(old.retention_max, hours(72));
    EXPECT_EQ(now.retention_max, days(15));
    EXPECT_EQ(old.data_disk_size_max, gibibytes(4095));
    EXPECT_EQ(now.data_disk_size_max, gibibytes(32767));
    EXPECT_EQ(old.os_disk_size_max, gibibytes(2048));
    EXPECT_EQ(now.os_disk_size_max, gibibytes(4095));
    EXPECT_EQ(now.disks_at_once, 3);
    EXPECT_EQ(now.cache_throttle_free_percent, 20);
    EXPECT_EQ(now.resync_compare_rate, BytesPerSecond((1LL << 30) / 45)) << "45 s per GiB";
    EXPECT_EQ(now.prerequisites_check_time, nanoseconds(1'600'000'000));
    EXPECT_THAT(now.hyper_v_retry_delays,
                ElementsAre(minutes(1), minutes(2), minutes(4), minutes(8), minutes(10)));
    EXPECT_EQ(now.hyper_v_retry_every, minutes(30));
    EXPECT_EQ(now.hyper_v_log_resync_percent, 50);
    EXPECT_EQ(now.hyper_v_disks_at_once, 1);
    EXPECT_FALSE(now.hyper_v_coalesce_log);
    EXPECT_EQ(now.group_most_members, 16);
    EXPECT_EQ(now.group_hold, nanoseconds(50'000'000));
    EXPECT_GE(now.hydration_time, minutes(8));
    EXPECT_LE(now.hydration_time, minutes(10));
}

TEST(ServiceProfiles, AreNamedInOrder) {
    EXPECT_THAT(profile_names(), ElementsAre("asr-2018", "asr-2024"));
    EXPECT_FALSE(find_profile("asr-2020").has_value());
}

TEST(ServiceProfiles, AreRefusedWhenIncomplete) {
    const json whole = json::parse(embedded_profiles().at(0).json);
    EXPECT_NO_THROW(parse_profile(whole.dump()));
    json broken = whole;
    broken["fields"].erase("disks_at_once");
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "a field is missing";
    broken = whole;
    broken["fields"]["disk_at_once"] = whole["fields"]["disks_at_once"];
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "a field too many";
    broken = whole;
    broken["fields"]["hydration_time"]["unit"] = "min";
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "another unit";
    broken = whole;
    broken["fields"]["hydration_time"]["source"] = "";
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "no source";
    broken = whole;
    broken["fields"]["hyper_v_coalesce_log"]["value"] = 1;
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "a number for a switch";
    broken = whole;
    broken["fields"]["source_tracking"]["value"] = "in RAM";
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "no such choice";
    broken = whole;
    broken["hyper_v_retry_delays"]["unit"] = "min";
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation) << "another unit";
    broken = whole;
    broken["retention_grids"][0].erase("source");
    EXPECT_THROW(parse_profile(broken.dump()), InvariantViolation);
    EXPECT_THROW(parse_profile("{"), InvariantViolation);
}

}  // namespace
}  // namespace landfall::scenario
