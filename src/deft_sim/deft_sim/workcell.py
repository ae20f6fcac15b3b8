"""The twin in-process: a `deft_core` workcell without nodes, drivers or clocks, for experiments by the thousand.

It carries out the same `EpisodeMotion` through the same planner, gate and servo dynamics as the graph, and its camera
goes through the same alignment. Same seeds, same trajectory, bit for bit.
"""

import time
from collections.abc import Callable

import numpy as np

from deft_core.errors import WorkcellError
from deft_core.hand import HandModel, load_hand
from deft_core.motion import HOLD_S, EpisodeMotion
from deft_core.observation import Rating, RGBDFrame
from deft_core.task import Task
from deft_core.workcell import Outcome, WorkcellConfig
from deft_sim.camera.align import align_depth
from deft_sim.camera.calibration import true_camera_pose
from deft_sim.camera.sensor import T_COLOR_DEPTH, RgbdSensor
from deft_sim.executor import Executor
from deft_sim.judge.record import Recorder
from deft_sim.judge.registry import judge
from deft_sim.judge.verdict import Verdict
from deft_sim.task_scene import Arrangement, TaskScene
from deft_sim.world import World


class TwinWorkcell:
    """One twin. Not thread-safe; make one for each process or thread, and `close` it.

    Args:
        task: what stands on the table and how it is judged.
        cell: a workcell of kind twin.
        seed: of this twin's hand-eye calibration error.
        backend: of the camera; see `deft_sim.camera.renderer.SceneRenderer`.
    """

    def __init__(self, task: Task, cell: WorkcellConfig, seed: int, backend: str | None = None) -> None:
        self.task, self.cell = task, cell
        self.hand: HandModel = load_hand(cell.hand.model)
        self.scene = TaskScene(task, self.hand, cell.distractors, cell.arm)
        self._T_true = true_camera_pose(cell.camera.T_base_camera, np.random.default_rng([seed, 0xCA11B]))
        self._backend = backend
        self._rigs: dict[str, tuple[World, Recorder, Executor]] = {}
        self._sensors: dict[str, RgbdSensor] = {}
        self._which = ""
        self._arrangement: Arrangement | None = None
        self._captures = 0
        self._watcher: Callable[[], None] | None = None

    def reset(self, objects: str, seed: int) -> None:
        """Open the hand, bring the arm home and place the objects by `seed`."""
        if objects not in self._rigs:
            world = self.scene.world(objects)
            recorder = Recorder(world)
            self._rigs[objects] = (world, recorder, Executor(world, self.cell, lambda: self._tick(recorder)))
        world, recorder, executor = self._rigs[objects]
        self._which, self._arrangement = objects, self.scene.arrange(objects, seed)
        self._arrangement.look.apply(world.model)
        world.reset(self.cell.arm.home_rad, np.zeros(len(self.hand.motor_ids)), self._arrangement.poses)
        executor.start(self.cell.arm.home_rad, np.zeros(16))
        recorder.start()

    def look(self) -> RGBDFrame:
        """Take a capture with the camera's noise, aligned as the camera node aligns it."""
        world, _, _ = self._rig()
        if self._which not in self._sensors:
            self._sensors[self._which] = RgbdSensor(world.model, self._backend)
        sensor, scene = self._sensors[self._which], self._scene()
        raw = sensor.expose(world.data, self._T_true, scene.sensor, exposure=scene.look.exposure)
        depth = align_depth(raw.depth_mm, sensor.depth, sensor.color, T_COLOR_DEPTH)
        self._captures += 1
        T_believed = self.cell.camera.T_base_camera
        return RGBDFrame(raw.color, depth, sensor.color.K, np.zeros(5), T_believed, self._captures, time.time())

    def execute(self, motion: EpisodeMotion, hold_s: float = HOLD_S) -> Outcome:
        """Carry out an episode's motion, then hold still for a moment (robot seconds)."""
        start = time.perf_counter()
        _, _, executor = self._rig()
        fault = executor.run(motion)
        executor.wait(hold_s)
        return Outcome(fault, time.perf_counter() - start)

    def watch(self, on_tick: Callable[[], None] | None) -> None:
        """Have something called after every control tick of the episodes to come (a film, say), or nothing any more."""
        self._watcher = on_tick

    def _tick(self, recorder: Recorder) -> None:
        recorder.tick()
        if self._watcher is not None:
            self._watcher()

    def rate(self, rater: str, initial: RGBDFrame | None = None, final: RGBDFrame | None = None) -> Rating:
        """Let the judge rate the trial since the last reset; it looks at physics, not at frames."""
        if rater != "judge":
            raise WorkcellError(f"the twin has no rater {rater!r}; it has: judge")
        verdict = self.verdict()
        return Rating(verdict.reward, verdict.success, "judge", details=dict(verdict.terms))

    def verdict(self) -> Verdict:
        """The judgement of the trial since the last reset."""
        world, recorder, _ = self._rig()
        return judge(self.task.criterion, world.things, recorder.trial())

    @property
    def world(self) -> World:
        """The world of the last reset."""
        return self._rig()[0]

    def close(self) -> None:
        """Free the cameras."""
        for sensor in self._sensors.values():
            sensor.close()
        self._sensors.clear()

    def _rig(self) -> tuple[World, Recorder, Executor]:
        if not self._which:
            raise WorkcellError("the twin has not been reset yet")
        return self._rigs[self._which]

    def _scene(self) -> Arrangement:
        if self._arrangement is None:
            raise WorkcellError("the twin has not been reset yet")
        return self._arrangement
