"""Why an RPO was missed and a migration slow: the gallery's troubles are found by name and time."""

import landfall as lf
import pytest
from landfall.why import Finding, Why

_H = 3600.0


def _why(name: str, **options: str) -> Why:
    return lf.load(f"gallery:{name}").run(progress=False).why(**options)


@pytest.fixture(scope="module")
def outage() -> Why:
    return _why("wan-outage")


def test_an_outage_is_told_with_its_link_and_its_hours(outage: Why) -> None:
    (finding,) = outage
    cause = finding.causes[0]
    assert (cause.kind, cause.subject) == ("link down", "circuit")
    assert cause.spans == ((12 * _H, 15 * _H),)
    # What is missing at the end of the outage was written since 11:55 at the earliest.
    assert cause.share > 0.9
    assert "link circuit was down 12:00:00-15:00:00, 97% of the delay" in str(outage)
    assert len(finding.machines) == 60
    assert finding.worst_s == pytest.approx(3 * _H, rel=0.05)


def test_a_breach_begins_when_the_threshold_is_passed(outage: Why) -> None:
    # The last point before the outage holds what was written until 11:55; policy: 30 min.
    assert outage[0].from_s == pytest.approx(12 * _H + 25 * 60, abs=300)
    assert outage[0].to_s > 15 * _H


def test_a_full_link_is_told_from_a_throttled_one() -> None:
    full = {finding.causes[0].kind for finding in _why("cache-pressure")}
    throttled = {finding.causes[0].kind for finding in _why("backup-window-throttle")}
    assert full == {"link full"}
    assert throttled == {"link throttled"}


def test_a_resynchronization_leaves_no_points() -> None:
    (finding,) = _why("resync-after-power-off")
    assert finding.causes[0].kind == "resynchronization"
    assert finding.causes[0].subject == finding.machines[0]


def test_a_target_of_ones_own_is_held() -> None:
    run = lf.load("gallery:wan-outage").run(progress=False)
    assert len(run.why(rpo="4 h")) == 0
    assert str(run.why(rpo="4 h")) == "Every RPO was met, and no migration was slow."
    assert run.why(rpo="1 h")[0].from_s > run.why(rpo="30 min")[0].from_s
    with pytest.raises(lf.ScenarioError, match="parsecs"):
        run.why(rpo="3 parsecs")


def test_the_time_of_a_migration_is_divided_up() -> None:
    (finding,) = _why("first-migration")
    assert finding.kind == "slow migration"
    assert finding.machines == ("db",)
    kinds = {cause.kind: cause.share for cause in finding.causes}
    # Copied over a full line from 08:10 to 13:50, then waiting for the drill and the window.
    assert kinds["link shared with copies"] + kinds["link full"] == pytest.approx(0.63, abs=0.03)
    assert kinds["waiting"] == pytest.approx(1 / 3, abs=0.03)


def test_a_migration_that_never_ends_is_told() -> None:
    scenario = lf.load("gallery:first-migration").with_(duration="10 h")
    findings = scenario.run(progress=False).why()
    assert {finding.kind for finding in findings} == {"migration not finished"}


@pytest.mark.parametrize(
    "name", ["wan-outage", "cache-pressure", "resync-after-power-off", "first-migration"]
)
def test_shares_add_up_and_spans_lie_in_the_run(name: str) -> None:
    run = lf.load(f"gallery:{name}").run(progress=False)
    for finding in run.why(rpo="10 min"):
        _check(finding, run.summary["simulated_s"])


def _check(finding: Finding, end_s: float) -> None:
    assert 0.9 <= sum(cause.share for cause in finding.causes) <= 1 + 1e-9
    for cause in finding.causes:
        assert 0 < cause.share <= 1
        assert all(0 <= begin < end <= end_s for begin, end in cause.spans)


def test_findings_show_as_text_table_and_html(outage: Why) -> None:
    frame = outage.to_frame()
    assert list(frame["cause"]) == [cause.kind for cause in outage[0].causes]
    assert frame["machines"].eq(60).all()
    assert "<li>" in outage._repr_html_()
    assert repr(outage) == "<Why: 1 finding>"
