// tests/support/scenario_sample.hpp — a small scenario in canonical form, to change one thing in.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/scenario/load.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::testing {

using Json = nlohmann::json;

/// Two sites, one region, two groups of machines and one machine; nothing wrong with it.
inline Json sample_scenario() {
    return Json::parse(R"({
      "version": 1, "name": "sample", "duration": 86400,
      "sites": [
        {"name": "hq", "hosts": [{"name": "esx-1"}, {"name": "esx-2"}]},
        {"name": "branch", "hosts": [{"name": "box"}]}
      ],
      "regions": [
        {"name": "westeurope", "storage_accounts": [{"name": "cache1"}]},
        {"name": "northeurope", "storage_accounts": [{"name": "cache2"}]}
      ],
      "routers": ["edge"],
      "links": [
        {"name": "uplink", "from": "hq", "to": "edge", "bandwidth": 200000000, "latency": 0.002},
        {"name": "express", "from": "edge", "to": "westeurope", "bandwidth": 1000000000,
         "latency": 0.005,
         "throttles": [{"from": 28800, "to": 64800, "bandwidth": 100000000}],
         "outages": [{"at": 3600, "lasts": 600}]},
        {"name": "dsl", "from": "branch", "to": "hq", "bandwidth": 50000000, "latency": 0.01}
      ],
      "vault": {"name": "vault", "region": "westeurope"},
      "configuration_servers": [{"name": "cs", "site": "hq"}],
      "process_servers": [
        {"name": "ps-hq", "site": "hq", "host": "esx-1", "storage_account": "cache1"},
        {"name": "ps-branch", "site": "branch", "storage_account": "cache1"}
      ],
      "policies": [{"name": "daily", "retention": 86400, "app_consistent_every": 14400}],
      "templates": {
        "web": {"site": "hq", "process_server": "ps-hq", "policy": "daily", "os": "linux",
                "churn": {"kind": "constant", "rate": 100000},
                "disks": [{"name": "os", "size": 68719476736, "used": 21474836480}]}
      },
      "machines": [
        {"name": "web", "template": "web", "count": 12},
        {"name": "db", "site": "hq", "host": "esx-2", "process_server": "ps-hq", "policy": "daily",
         "churn": {"kind": "diurnal", "mean": 2000000, "amplitude": 0.5},
         "disks": [
           {"name": "os", "size": 137438953472, "used": 42949672960, "churn_share": 0.2},
           {"name": "data", "size": 1099511627776, "used": 549755813888, "target": "premium_ssd"}
         ]},
        {"name": "till", "count": 3, "site": "branch", "process_server": "ps-branch",
         "policy": "daily",
         "disks": [{"name": "os", "size": 34359738368, "used": 10737418240}]}
      ],
      "timeline": [
        {"at": 0, "do": "enable_replication"},
        {"when": {"state": "protected"}, "do": "failover", "machines": ["web-*", "db"]}
      ],
      "expect": [{"metric": "rpo_s_p95", "machines": "web-*", "at_most": 900}]
    })");
}

/// One change to a JSON document: what is to stand at a pointer; a discarded value takes it away.
struct Change {
    std::string pointer;
    Json value;
};

inline Json gone() {
    return Json(Json::value_t::discarded);
}

/// `document` with the changes applied in order.
inline Json changed(Json document, const std::vector<Change>& changes) {
    for (const Change& change : changes) {
        const Json::json_pointer place(change.pointer);
        if (change.value.is_discarded()) {
            Json& parent = document.at(place.parent_pointer());
            if (parent.is_array()) {
                parent.erase(std::stoul(place.back()));
            } else {
                parent.erase(place.back());
            }
        } else {
            document[place] = change.value;
        }
    }
    return document;
}

/// What a problem is about, without its wording.
struct Finding {
    std::string code;
    std::string pointer;
    std::string found;

    friend bool operator==(const Finding&, const Finding&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Finding& finding) {
        return out << finding.code << ' ' << finding.pointer << " = " << finding.found;
    }
};

inline std::vector<Finding> findings_of(const std::vector<scenario::Problem>& problems) {
    std::vector<Finding> findings;
    for (const scenario::Problem& problem : problems) {
        findings.push_back({problem.code, problem.pointer, problem.found});
    }
    return findings;
}

/// Everything that load_checked finds in a document.
inline std::vector<scenario::Problem> problems_of(const Json& document) {
    workload::TraceStore traces;
    return scenario::load_checked(document.dump(), traces).problems;
}

}  // namespace landfall::testing
