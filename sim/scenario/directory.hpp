// sim/scenario/directory.hpp — names of a scenario to ids; ids count in the order of the file.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// A host: hosts are numbered through all sites in turn.
struct HostPlace {
    HostId id;
    SiteId site;
};

/// A cache storage account: accounts are numbered through all regions in turn.
struct AccountPlace {
    StorageAccountId id;
    std::size_t region = 0;  ///< index into Scenario::regions
};

/// Finds things by name. Of two things of one name the first is found.
class Directory {
  public:
    explicit Directory(const Scenario& scenario);

    [[nodiscard]] std::optional<SiteId> site(std::string_view name) const;
    [[nodiscard]] std::optional<std::size_t> region(std::string_view name) const;
    /// A node of the wide-area network: sites first, then regions, then routers.
    [[nodiscard]] std::optional<std::size_t> node(std::string_view name) const;
    [[nodiscard]] std::optional<HostPlace> host(std::string_view name) const;
    [[nodiscard]] std::optional<AccountPlace> storage_account(std::string_view name) const;
    [[nodiscard]] std::optional<ProcessServerId> process_server(std::string_view name) const;
    [[nodiscard]] std::optional<PolicyId> policy(std::string_view name) const;
    /// Index into Scenario::master_targets.
    [[nodiscard]] std::optional<std::size_t> master_target(std::string_view name) const;
    /// Index into Scenario::consistency_groups.
    [[nodiscard]] std::optional<std::size_t> consistency_group(std::string_view name) const;

    /// Node of the region at `index`.
    [[nodiscard]] std::size_t region_node(std::size_t index) const { return sites_.size() + index; }

  private:
    template <typename T>
    using Names = std::map<std::string, T, std::less<>>;

    std::vector<std::string> sites_;
    Names<std::size_t> nodes_;
    Names<SiteId> site_ids_;
    Names<std::size_t> regions_;
    Names<HostPlace> hosts_;
    Names<AccountPlace> accounts_;
    Names<ProcessServerId> process_servers_;
    Names<PolicyId> policies_;
    Names<std::size_t> master_targets_;
    Names<std::size_t> consistency_groups_;
};

}  // namespace landfall::scenario
