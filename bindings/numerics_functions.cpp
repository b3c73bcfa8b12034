// bindings/numerics_functions.cpp — demand, lags, required rates and violations on NumPy's memory.
#include "bindings/numerics_functions.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "analysis/breach_days.hpp"
#include "analysis/fleet_demand.hpp"
#include "analysis/fluid_queue.hpp"
#include "bindings/array_views.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;
using binding::Doubles;
using binding::owned;
using binding::series;
using MaybeDoubles = std::optional<Doubles>;

analysis::Calendar calendar(const MaybeDoubles& availability, const MaybeDoubles& ceiling) {
    return {series(availability, "availability"), series(ceiling, "ceiling")};
}

Doubles link_rates(double rate, py::ssize_t slots, const MaybeDoubles& availability,
                   const MaybeDoubles& ceiling) {
    return owned(analysis::link_rates(calendar(availability, ceiling), rate, slots));
}

Doubles fluid_lag(const Doubles& arrivals, double slot_s, const Doubles& rates) {
    const auto slots = series(arrivals, "arrivals");
    const auto link = series(rates, "rates");
    Eigen::ArrayXd lags;
    {
        const py::gil_scoped_release unlocked;
        lags = analysis::lag_at_slot_ends(slots, slot_s, analysis::Series(link));
    }
    return owned(std::move(lags));
}

Doubles rates_by_slot(const Doubles& arrivals, double slot_s, double target_s,
                      const MaybeDoubles& availability) {
    const auto slots = series(arrivals, "arrivals");
    const auto times = calendar(availability, std::nullopt);
    Eigen::ArrayXd rates;
    {
        const py::gil_scoped_release unlocked;
        rates = analysis::rates_by_slot(slots, slot_s, target_s, times);
    }
    return owned(std::move(rates));
}

double required_rate(const Doubles& arrivals, double slot_s, double target_s, double share,
                     const MaybeDoubles& availability, const MaybeDoubles& ceiling) {
    const auto slots = series(arrivals, "arrivals");
    const auto times = calendar(availability, ceiling);
    const py::gil_scoped_release unlocked;
    return analysis::required_rate(slots, slot_s, target_s, share, times);
}

py::tuple breach_days(const Doubles& lags, double target_s, py::ssize_t slots_per_day,
                      py::ssize_t first) {
    auto days = analysis::breach_days(series(lags, "lags"), target_s, slots_per_day, first);
    return py::make_tuple(owned(std::move(days.violations)), owned(std::move(days.peaks)),
                          owned(std::move(days.slots)));
}

double percentile(const Doubles& samples, double percent, analysis::PercentileKind kind) {
    const auto values = series(samples, "samples");
    const py::gil_scoped_release unlocked;
    return analysis::percentile(analysis::Series(values), percent, kind);
}

Doubles machine_percentiles(const Doubles& churn, double percent, analysis::PercentileKind kind) {
    const auto cells = binding::matrix(churn, "churn");
    Eigen::ArrayXd found;
    {
        const py::gil_scoped_release unlocked;
        found = analysis::machine_percentiles(cells, percent, kind);
    }
    return owned(std::move(found));
}

Doubles fleet_demand(const Doubles& churn, double factor, analysis::Clip clip, double percent,
                     analysis::PercentileKind kind) {
    const auto cells = binding::matrix(churn, "churn");
    Eigen::ArrayXd bytes;
    {
        const py::gil_scoped_release unlocked;
        bytes = analysis::fleet_demand(cells, {factor, clip, percent, kind});
    }
    return owned(std::move(bytes));
}

void define_demand(py::module_& module) {
    py::native_enum<analysis::PercentileKind>(module, "PercentileKind", "enum.Enum")
        .value("linear", analysis::PercentileKind::Linear)
        .value("nearest_rank", analysis::PercentileKind::NearestRank)
        .finalize();
    py::native_enum<analysis::Clip>(module, "Clip", "enum.Enum")
        .value("none", analysis::Clip::None)
        .value("machines", analysis::Clip::Machines)
        .value("fleet", analysis::Clip::Fleet)
        .finalize();
    module.def("percentile", &percentile, py::arg("samples").noconvert(), py::arg("percent"),
               py::arg("kind"), "The percentile of a series.");
    module.def("machine_percentiles", &machine_percentiles, py::arg("churn").noconvert(),
               py::arg("percent"), py::arg("kind"), "The percentile of each column.");
    module.def("fleet_demand", &fleet_demand, py::arg("churn").noconvert(), py::arg("factor"),
               py::arg("clip"), py::arg("percent"), py::arg("kind"),
               "Bytes of all machines in each slot.");
}

}  // namespace

void define_numerics(py::module_& module) {
    define_demand(module);
    module.def("link_rates", &link_rates, py::arg("rate"), py::arg("slots"),
               py::arg("availability").noconvert() = py::none(),
               py::arg("ceiling").noconvert() = py::none(),
               "What a calendar leaves of a rate in each slot.");
    module.def("fluid_lag", &fluid_lag, py::arg("arrivals").noconvert(), py::arg("slot_s"),
               py::arg("rates").noconvert(), "Lag in seconds at the end of each slot of one link.");
    module.def("rates_by_slot", &rates_by_slot, py::arg("arrivals").noconvert(), py::arg("slot_s"),
               py::arg("target_s"), py::arg("availability").noconvert() = py::none(),
               "Least rate at which each slot meets the target.");
    module.def("required_rate", &required_rate, py::arg("arrivals").noconvert(), py::arg("slot_s"),
               py::arg("target_s"), py::arg("share"),
               py::arg("availability").noconvert() = py::none(),
               py::arg("ceiling").noconvert() = py::none(),
               "Least rate in bytes per second that keeps the lag within a target.");
    module.def("breach_days", &breach_days, py::arg("lags").noconvert(), py::arg("target_s"),
               py::arg("slots_per_day"), py::arg("first") = 0,
               "Violations, peak lag and slots above the target, day by day.");
    module.def(
        "address_of",
        [](const Doubles& array) { return reinterpret_cast<std::uintptr_t>(array.data()); },
        py::arg("array").noconvert(), "Where the functions above see an array's first element.");
}
