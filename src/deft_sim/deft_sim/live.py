"""The twin on its own clock: physics on a thread, paced at `time_scale` robot seconds to the wall second.

It is the plant (`deft_sim.devices.plant`) on which the emulated controller and bus stand, and it can be reset, judged
and looked at from any thread.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.errors import WorkcellError
from deft_core.hand import load_hand
from deft_core.task import Task
from deft_core.workcell import WorkcellConfig
from deft_sim.camera.calibration import true_camera_pose
from deft_sim.camera.sensor import RawFrame, RgbdSensor
from deft_sim.devices.plant import ArmState, Array, HandState
from deft_sim.judge.record import Recorder
from deft_sim.judge.registry import judge
from deft_sim.judge.verdict import Verdict
from deft_sim.task_scene import TaskScene
from deft_sim.tick import TICK_S
from deft_sim.world import SETTLE_S, World

# Lateness (wall seconds) that is made up for; beyond it robot time slips.
_CATCH_UP_S = 0.1
# For how long (wall seconds) robot time waits for a stream of commands that stopped short.
_PATIENCE_S = 0.25


class LiveTwin:
    """One living twin; use it as a context manager. Implements `ArmPlant` and `HandPlant`.

    Args:
        task: what stands on the table first (its train objects, at seed 1).
        cell: a workcell of kind twin; its `time_scale` is the pace.
        seed: of the hand-eye calibration error, as for `deft_sim.workcell.TwinWorkcell`.
    """

    def __init__(self, task: Task, cell: WorkcellConfig, seed: int) -> None:
        self.cell = cell
        self.hand = load_hand(cell.hand.model)
        self._T_true = true_camera_pose(cell.camera.T_base_camera, np.random.default_rng([seed, 0xCA11B]))
        self._lock = threading.RLock()
        self._scenes = {task.name: TaskScene(task, self.hand, self.cell.distractors, self.cell.arm)}
        self._scene = self._scenes[task.name]
        self._world = self._scene.world("train")
        self._arrangement = self._scene.arrange("train", 1)
        self._world.reset(cell.arm.home_rad, np.zeros(len(self.hand.motor_ids)), self._arrangement.poses)
        self._arrangement.look.apply(self._world.model)
        self._recorder = Recorder(self._world)
        self._ticks: tuple[Callable[[], None], ...] = ()
        self._wanting: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self._robot_s = 0.0
        self._arm_command: Array | None = None
        self._hand_command: tuple[Array, Array, NDArray[np.bool_]] | None = None
        self._arm_state, self._hand_state = self._measure()
        self._changed = threading.Condition()
        self._eyes: dict[int, tuple[RgbdSensor, mujoco.MjData]] = {}
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="physics", daemon=True)
        self.failure = ""
        self.pace = 0.0

    # -- the plant -------------------------------------------------------------------------------------------------

    def arm_state(self) -> ArmState:
        """The arm's latest state."""
        return self._arm_state

    def command_arm(self, q: Array) -> None:
        """Set the joint targets (6,), rad."""
        self._arm_command = np.array(q, dtype=float)

    def hand_state(self) -> HandState:
        """The hand motors' latest state."""
        return self._hand_state

    def command_hand(self, goal_rad: Array, current_limit_a: Array, torque_on: NDArray[np.bool_]) -> None:
        """Set goals (motors,), rad, greatest currents (motors,), A, and which motors hold (motors,)."""
        self._hand_command = (np.array(goal_rad), np.array(current_limit_a), np.array(torque_on, dtype=bool))

    # -- life ------------------------------------------------------------------------------------------------------

    def attach(self, *ticks: Callable[[], None]) -> None:
        """Have devices ticked after every control period, on the physics thread. Before `with`."""
        self._ticks += ticks

    def wait_for(self, wanting: Callable[[], bool], no_more: Callable[[], None]) -> None:
        """Let robot time wait, a little, while a device's stream of commands has stopped short. Before `with`.

        On a machine too busy to run the sender on time the twin then slips, instead of stopping the arm dead in motion.
        """
        self._wanting.append((wanting, no_more))

    def _wait_for_commands(self) -> float:
        """Wait while a device wants; returns for how long, wall seconds."""
        began = time.monotonic()
        for wanting, no_more in self._wanting:
            while wanting() and not self._quit.is_set():
                if time.monotonic() - began > _PATIENCE_S:
                    no_more()
                    break
                self._quit.wait(0.0005)
        return time.monotonic() - began if self._wanting else 0.0

    def __enter__(self) -> Self:
        """Let time pass."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop time."""
        self._quit.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        period = TICK_S / self.cell.time_scale
        due = since = time.monotonic()
        ticks = 0
        try:
            while not self._quit.is_set():
                due += self._wait_for_commands()
                self._tick()
                ticks += 1
                due += period
                now = time.monotonic()
                if due > now:
                    self._quit.wait(due - now)
                elif now - due > _CATCH_UP_S:
                    due = now
                if now - since > 1.0:
                    self.pace = ticks * TICK_S / (now - since)
                    since, ticks = now, 0
        except Exception as error:  # a twin that cannot go on must say so, not stand still silently
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            with self._changed:
                self._changed.notify_all()

    def _tick(self) -> None:
        with self._lock:
            if self._arm_command is not None:
                self._world.arm_servo.target = self._arm_command
            if self._hand_command is not None:
                self._world.hand_servo.command(*self._hand_command)
            self._world.tick()
            self._recorder.tick()
            self._robot_s += TICK_S
            self._arm_state, self._hand_state = self._measure()
        with self._changed:
            self._changed.notify_all()
        for tick in self._ticks:
            tick()

    def _measure(self) -> tuple[ArmState, HandState]:
        data, arm, hand = self._world.data, self._world.arm_servo, self._world.hand_servo
        return (
            ArmState(self._robot_s, arm.q(data), arm.qd(data), arm.torque(data), arm.external(data)),
            HandState(self._robot_s, hand.shaft.copy(), hand.speed.copy(), hand.current.copy()),
        )

    def wait_robot_s(self, seconds: float, timeout_s: float = 30.0) -> None:
        """Let robot time pass.

        Raises:
            WorkcellError: the physics stopped or is far too slow.
        """
        until, deadline = self._robot_s + seconds, time.monotonic() + timeout_s
        with self._changed:
            while self._robot_s < until:
                self._alive()
                if not self._changed.wait(max(0.0, deadline - time.monotonic())) or time.monotonic() > deadline:
                    raise WorkcellError(f"the twin did not live {seconds} robot seconds within {timeout_s} s")

    def _alive(self) -> None:
        if self.failure:
            raise WorkcellError(f"the twin's physics stopped: {self.failure}")

    # -- scene, judge, camera --------------------------------------------------------------------------------------

    def reset(self, task: Task, objects: str, seed: int) -> None:
        """Put a task's objects in place by `seed` and let them settle; the robot is left where it is.

        Raises:
            WorkcellError: the robot is in the way; bring it home first.
            ConfigError: the task cannot be built.
        """
        self._alive()
        scene = self._scenes.get(task.name)
        if scene is None:
            scene = self._scenes[task.name] = TaskScene(task, self.hand, self.cell.distractors, self.cell.arm)
        world, arrangement = scene.world(objects), scene.arrange(objects, seed)
        with self._lock:
            before = self._world
            if world is not before:
                world.adopt_robot(before)
            world.place(arrangement.poses)
            if blocked := world.robot_touches():
                raise WorkcellError(f"the robot stands where {', '.join(blocked)} should go: bring the arm home first")
            arrangement.look.apply(world.model)
            self._scene, self._world, self._arrangement = scene, world, arrangement
            self._recorder = Recorder(world)
        self.wait_robot_s(SETTLE_S)
        with self._lock:
            self._recorder.start()

    def verdict(self) -> Verdict:
        """The judgement of the trial since the last reset."""
        self._alive()
        with self._lock:
            trial, things, criterion = self._recorder.trial(), self._world.things, self._scene.task.criterion
        return judge(criterion, things, trial)

    def expose(self) -> RawFrame:
        """Take an exposure. Always call it from one and the same thread: GL resources live there."""
        with self._lock:
            world, arrangement, now = self._world, self._arrangement, self._robot_s
            if id(world) not in self._eyes:
                self._eyes[id(world)] = (RgbdSensor(world.model), mujoco.MjData(world.model))
            sensor, data = self._eyes[id(world)]
            data.qpos[:] = world.data.qpos
        mujoco.mj_kinematics(world.model, data)
        mujoco.mj_comPos(world.model, data)
        mujoco.mj_camlight(world.model, data)
        return sensor.expose(data, self._T_true, arrangement.sensor, exposure=arrangement.look.exposure, stamp_s=now)

    def close_eyes(self) -> None:
        """Free the cameras, on the thread that exposes."""
        for sensor, _ in self._eyes.values():
            sensor.close()
        self._eyes.clear()

    @property
    def world(self) -> World:
        """The world that lives now. Read only, and only for tests and diagnostics."""
        return self._world
