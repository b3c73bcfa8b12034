"""How full links were: the table `link_use` agrees with what each link carried in all."""

import landfall as lf
import pytest


def test_a_link_carries_what_the_samples_add_up_to() -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    use = result.link_use
    assert set(use["direction"]) == {"forward"}  # nothing is uploaded the other way
    total = result.links.set_index("direction").loc["forward", "bytes"]
    # The last sample is taken before the end: what arrives after it is in the total only.
    assert 0 <= total - use["bytes"].sum() <= 2 * use["bytes"].iloc[-1]


def test_an_outage_leaves_no_room_and_the_catching_up_fills_it() -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    use = result.link_use.set_index("t_s")
    down = use.loc[12 * 3600 + 300 : 15 * 3600]
    assert (down["closed_s"] == 300).all()
    assert (down[["bytes", "capacity_bytes"]] == 0).all(axis=None)
    # 200 Mbit/s of which 96.5 % are payload, for 300 s.
    assert use["capacity_bytes"].max() == 25e6 * 0.965 * 300
    # A transfer counts when it has arrived, so single samples waver and the sum does not.
    after = use.loc[15 * 3600 + 600 : 16 * 3600]
    assert after["bytes"].sum() == pytest.approx(after["capacity_bytes"].sum(), rel=0.02)
