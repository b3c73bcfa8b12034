"""landfall: a flight simulator for disaster recovery and migration to Azure.

Describe an estate in a scenario file (or in code), run it, and read RPO, downtime and migration
duration from tables::

    import landfall as lf

    scenario = lf.load("gallery:first-migration")
    result = scenario.run(seed=1)
    result.machines[["machine", "rpo_s_p95", "downtime_s"]]

Importing landfall loads neither pandas nor the simulator: names arrive when they are first used,
and every run is a process of its own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import deployment as deployment
    from . import gallery as gallery
    from . import inventory as inventory
    from . import lab as lab
    from . import planner as planner
    from . import planning as planning
    from . import rpo_laws as rpo_laws
    from . import sweeps as sweeps
    from . import synthetic as synthetic
    from . import uncertainty as uncertainty
    from . import waves as waves
    from .churn import (
        Backup,
        BlockChurn,
        BlockTraceChurn,
        Churn,
        ConstantChurn,
        DiurnalChurn,
        NoChurn,
        TraceChurn,
        Window,
    )
    from .comparison import Comparison, compare
    from .errors import (
        GoalNotReached,
        LandfallError,
        OperationRefused,
        Problem,
        ScenarioError,
        SessionClosed,
        SetupRefused,
        SimulationCancelled,
        SimulationCrashed,
        SimulationDeadlock,
        SimulationError,
        SimulationOutOfMemory,
        SimulationTimeout,
        UnknownName,
        UnreadableResult,
        WorkerDied,
        WorkerNotFound,
    )
    from .estate import (
        ConfigurationServer,
        ConsistencyGroup,
        Host,
        Lan,
        Link,
        MasterTarget,
        Outage,
        Policy,
        ProcessServer,
        Region,
        Site,
        StorageAccount,
        Throttle,
        Vault,
    )
    from .estimate import Estimate
    from .faults import Fault
    from .job_export import JobFilter
    from .job_path import PathStep, critical_path
    from .jobs import Job, Jobs, Task
    from .machines import Disk, FailedOver, Machine
    from .planning import fluid_lag, required_bandwidth
    from .prices import Prices
    from .profiles import Profile, ProfileOverride
    from .recovery_plans import (
        Dependency,
        PlanAction,
        PlanGroup,
        PlanSteps,
        RecoveryPlan,
        Runbook,
    )
    from .result import Proof, Result
    from .result_files import load_result
    from .runner import run_many
    from .scenario import Detail, Network, Scenario, load
    from .schema import scenario_schema
    from .setup import DiskFacts, MachineFacts, NetworkMapping, VmmServer
    from .simulation import Simulation, open  # noqa: A004 - read as lf.open(scenario)
    from .sweeps.experiment import sweep
    from .target import FamilyQuota, Quota, Subnet, Target, VirtualNetwork
    from .timeline import Expectation, Step, When
    from .vault import Item, Items, SimulatedVault
    from .vault_plans import Plan, Plans

    __version__: str

_NAMES = {
    "churn": "Backup BlockChurn BlockTraceChurn Churn ConstantChurn DiurnalChurn NoChurn "
    "TraceChurn Window",
    "comparison": "Comparison compare",
    "errors": "GoalNotReached LandfallError OperationRefused Problem ScenarioError SessionClosed "
    "SetupRefused SimulationCancelled SimulationCrashed SimulationDeadlock SimulationError "
    "SimulationOutOfMemory SimulationTimeout UnknownName UnreadableResult WorkerDied "
    "WorkerNotFound",
    "estate": "ConfigurationServer ConsistencyGroup Host Lan Link MasterTarget Outage Policy "
    "ProcessServer Region Site StorageAccount Throttle Vault",
    "estimate": "Estimate",
    "faults": "Fault",
    "job_export": "JobFilter",
    "job_path": "PathStep critical_path",
    "jobs": "Job Jobs Task",
    "machines": "Disk FailedOver Machine",
    "planning": "fluid_lag required_bandwidth",
    "prices": "Prices",
    "profiles": "Profile ProfileOverride",
    "recovery_plans": "Dependency PlanAction PlanGroup PlanSteps RecoveryPlan Runbook",
    "result": "Proof Result",
    "result_files": "load_result",
    "runner": "run_many",
    "scenario": "Detail Network Scenario load",
    "schema": "scenario_schema",
    "simulation": "Simulation open",
    "setup": "DiskFacts MachineFacts NetworkMapping VmmServer",
    "sweeps.experiment": "sweep",
    "target": "FamilyQuota Quota Subnet Target VirtualNetwork",
    "timeline": "Expectation Step When",
    "vault": "Item Items SimulatedVault",
    "vault_plans": "Plan Plans",
}
#: Modules and packages that are reached as attributes, ``lf.waves``.
_ROOMS = frozenset(
    "deployment gallery inventory lab planner planning rpo_laws sweeps synthetic uncertainty "
    "waves".split()
)
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "Backup",
    "BlockChurn",
    "BlockTraceChurn",
    "Churn",
    "Comparison",
    "ConfigurationServer",
    "ConsistencyGroup",
    "ConstantChurn",
    "Dependency",
    "Detail",
    "Disk",
    "DiskFacts",
    "DiurnalChurn",
    "Estimate",
    "Expectation",
    "FailedOver",
    "FamilyQuota",
    "Fault",
    "GoalNotReached",
    "Host",
    "Item",
    "Items",
    "Job",
    "JobFilter",
    "Jobs",
    "Lan",
    "LandfallError",
    "Link",
    "Machine",
    "MachineFacts",
    "MasterTarget",
    "Network",
    "NetworkMapping",
    "NoChurn",
    "OperationRefused",
    "Outage",
    "PathStep",
    "Plan",
    "PlanAction",
    "PlanGroup",
    "PlanSteps",
    "Plans",
    "Policy",
    "Prices",
    "Problem",
    "ProcessServer",
    "Profile",
    "ProfileOverride",
    "Proof",
    "Quota",
    "RecoveryPlan",
    "Region",
    "Result",
    "Runbook",
    "Scenario",
    "ScenarioError",
    "SessionClosed",
    "SetupRefused",
    "SimulatedVault",
    "Simulation",
    "SimulationCancelled",
    "SimulationCrashed",
    "SimulationDeadlock",
    "SimulationError",
    "SimulationOutOfMemory",
    "SimulationTimeout",
    "Site",
    "Step",
    "StorageAccount",
    "Subnet",
    "Target",
    "Task",
    "Throttle",
    "TraceChurn",
    "UnknownName",
    "UnreadableResult",
    "Vault",
    "VirtualNetwork",
    "VmmServer",
    "When",
    "Window",
    "WorkerDied",
    "WorkerNotFound",
    "__version__",
    "compare",
    "critical_path",
    "deployment",
    "fluid_lag",
    "gallery",
    "inventory",
    "lab",
    "load",
    "load_result",
    "open",
    "planner",
    "planning",
    "required_bandwidth",
    "rpo_laws",
    "run_many",
    "scenario_schema",
    "sweep",
    "sweeps",
    "synthetic",
    "uncertainty",
    "waves",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from ._version import version

        value: Any = version()
    elif name in _HOME:
        value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _ROOMS:
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
