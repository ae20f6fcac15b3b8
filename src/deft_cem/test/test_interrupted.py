"""A try that something other than the grasp cut short is made again with the same residual, but not for ever."""

from pathlib import Path

import deft_cem_fakes as fakes
import numpy as np
import pytest

from deft_cem.config import RunConfig
from deft_cem.loop import FineTuning
from deft_cem.store import RunRecord
from deft_cem.trial import INTERRUPTIONS
from deft_core.errors import TryInterrupted
from deft_core.motion import EpisodeMotion
from deft_core.workcell import Outcome


class StarvedCell(fakes.FakeCell):
    """Interrupts the first `times` executions."""

    times = 0

    def execute(self, motion: EpisodeMotion) -> Outcome:
        if self.times > 0:
            self.times -= 1
            raise TryInterrupted("device state is 0.6 s old")
        return super().execute(motion)


def residuals(folder: Path, times: int) -> list[np.ndarray]:
    cell = StarvedCell()
    cell.times = times
    config = RunConfig(task="fake", seed=1, episodes=12, trials=0, policy="elite_mean")
    FineTuning(config, fakes.make_bench(cell), folder).run()
    with RunRecord.read(folder) as record:
        return [e.residual for e in record.episodes()]


def test_an_interrupted_try_is_made_again_with_the_same_residual(tmp_path: Path) -> None:
    smooth, starved = residuals(tmp_path / "a", 0), residuals(tmp_path / "b", INTERRUPTIONS)
    assert len(starved) == 12
    assert all(np.array_equal(a, b) for a, b in zip(smooth, starved, strict=True))


def test_interruptions_that_do_not_pass_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(TryInterrupted, match="old"):
        residuals(tmp_path, INTERRUPTIONS + 1)
