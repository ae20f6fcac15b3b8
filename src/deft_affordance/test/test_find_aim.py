"""How people take spoons, for labels: searched on drawn spoons with the human hand, better than before."""

import numpy as np
import pytest

from deft_affordance.data.find_aim import HIGH, LOW, as_aim, draw_case, main, search, worth
from deft_sim.human.aiming import Aim
from deft_sim.human.aims import AIMS, HELD_AT, TO_SCOOP, TO_STIR
from deft_sim.human.grasping import FIST


def numbers(aim: Aim, share: float) -> np.ndarray:
    knuckles = 0.1 if aim.knuckles_rad is None else aim.knuckles_rad
    return np.array([aim.heading_rad, aim.below_rad, aim.palm_rad, *aim.in_wrist, knuckles, aim.curl_rad, share])


def test_numbers_and_aims_are_the_same() -> None:
    aim, share = TO_STIR
    assert as_aim(numbers(aim, share)) == (aim, pytest.approx(share))


@pytest.mark.parametrize(
    ("kind", "way", "before"),
    [("spoon in pot", TO_STIR, "stir_spoon"), ("spoon in dish", TO_SCOOP, "scoop_grape")],
)
def test_the_labels_ways_are_worth_more_than_the_demonstrators_on_spoons_not_searched_with(
    kind: str, way: tuple[Aim, float], before: str
) -> None:
    rng = np.random.default_rng(1234)
    cases = [draw_case(kind, rng) for _ in range(5)]
    ours, theirs = (
        [worth(numbers(aim, share), case, FIST) for case in cases]
        for aim, share in (way, (AIMS[before], HELD_AT[before]))
    )
    assert np.mean(ours) > np.mean(theirs) + 0.05, (ours, theirs)
    assert np.median(ours) > 0.55  # more than half are held


def test_a_search_stays_within_its_bounds() -> None:
    rng = np.random.default_rng(0)
    x, value = search([draw_case("spoon in dish", rng)], FIST, generations=1, seed=0, heading_rad=-0.4)
    assert (x >= LOW).all() and (x <= HIGH).all() and abs(x[0] + 0.4) <= 0.08 + 1e-9
    assert 0.0 <= value <= 1.0


def test_nothing_to_draw_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--kind", "spoon in pot", "--spoons", "0"])
    assert "at least 1" in capsys.readouterr().err
