"""An emulated xArm6 controller: modes, states, errors and set-points over an arm plant. Sockets are in `xarm_server`.

It behaves as the vendor's firmware (v1.12.2) does towards the SDK where a client can tell: motion needs enabled motors
and state 0; a new mode or offset puts it in state 5 until state 0 is set; an error stops it in state 4 until it is
cleared and the arm re-enabled; servo faults clear only after the motors were enabled again; an emergency stop clears
only once the button is out. Set-points move in the plant's (robot) time.
"""

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from deft_core import kinematics
from deft_core.arm_shape import SelfClearance
from deft_core.errors import Unreachable
from deft_core.geometry import Array, inverse
from deft_sim.devices.plant import ArmPlant, ArmState
from deft_sim.devices.xarm_follower import ServoFollower
from deft_sim.devices.xarm_motion import (
    Move,
    VelocityMove,
    pose_to_transform,
    within_limits,
)
from deft_sim.devices.xarm_settings import ControllerSettings

POSITION, SERVO, TEACH, JOINT_VELOCITY, CART_VELOCITY, ONLINE_JOINT, ONLINE_CART = 0, 1, 2, 4, 5, 6, 7
MODES = (POSITION, SERVO, TEACH, JOINT_VELOCITY, CART_VELOCITY, ONLINE_JOINT, ONLINE_CART)
MOVING, READY, PAUSED, STOPPED, RESET = 1, 2, 3, 4, 5
E_STOP, SERVO_FAULTS = 1, range(10, 18)
E_KINEMATIC, E_SELF_COLLISION, E_JOINT_LIMIT, E_COLLISION, E_CIRCLE, E_BOUNDARY = 21, 22, 23, 31, 32, 35
W_FULL, W_PARAMETER, W_UNKNOWN, W_NO_SOLUTION = 11, 12, 13, 14
_QUEUE = 2048
_PLACE_PERIOD_S = 0.02
_LINKS = SelfClearance()


class XArmController:
    """The controller's state machine. Every public method is safe to call from any thread.

    Args:
        plant: the arm.
        settings: what a client can set, as it was at power-on.
        sender_clock: robot seconds as whoever sends servo commands counts them; by default the plant's own.
        servo_period_s: robot seconds between the servo commands of the workcell's driver; 0 if it is not known.
    """

    def __init__(
        self,
        plant: ArmPlant,
        settings: ControllerSettings | None = None,
        *,
        sender_clock: Callable[[], float] | None = None,
        servo_period_s: float = 0.0,
    ) -> None:
        self.lock = threading.RLock()
        self.settings = settings or ControllerSettings()
        self.plant = plant
        state = plant.arm_state()
        self.setpoint: Array = state.q.copy()
        self.speed: Array = np.zeros(6)
        self.mode, self.state = POSITION, STOPPED
        self.error = self.warning = 0
        self.enabled = [False] * 6
        self.commands = 0
        self._time_s = state.time_s
        self._queue: deque[Move] = deque()
        self._elapsed_s = 0.0
        self._planned: Array = state.q.copy()
        self._sender_clock = sender_clock or (lambda: self._time_s)
        self._servo_period_s = servo_period_s
        self._follower = ServoFollower(state.q, state.time_s, servo_period_s)
        self._velocity: VelocityMove | None = None
        self._button_in = False
        self._fault_needs_enable = False
        self._strain_s = 0.0
        self._place_s = 0.0

    # -- what a client asks for ------------------------------------------------------------------------------------

    @property
    def can_move(self) -> bool:
        """Whether motion commands are taken."""
        return self.error == 0 and all(self.enabled) and self.state in (MOVING, READY, PAUSED)

    @property
    def queued(self) -> int:
        """Instructions not finished yet."""
        return len(self._queue)

    @property
    def planned(self) -> Array:
        """Where the set-point will stand when everything queued is done, (6,) rad."""
        online = self.mode in (ONLINE_JOINT, ONLINE_CART)
        return self._planned.copy() if self._queue and not online else self.setpoint.copy()

    def enable_motors(self, axis: int, on: bool) -> None:
        """Enable or disable one motor (1..6) or all (8)."""
        with self.lock:
            for i in range(6) if axis == 8 else [axis - 1] if 1 <= axis <= 6 else []:
                self.enabled[i] = on and not self._button_in
            if not all(self.enabled):
                self._halt(STOPPED)
            elif on:
                self._fault_needs_enable = False

    def set_state(self, value: int) -> None:
        """0 ready, 3 pause, 4 stop (6: likewise)."""
        with self.lock:
            if value == 0:
                if self.error or not all(self.enabled):
                    self.state = STOPPED
                elif self.state in (PAUSED, MOVING):
                    # What servo commands came meanwhile is gone to at once, as fast as the limits let it.
                    astray = self.mode == SERVO and not self._follower.arrived(self.setpoint)
                    self.state = MOVING if self._queue or self._velocity or astray else READY
                else:
                    self._resync()
                    self.state = READY
            elif value == 3 and self.state in (MOVING, READY):
                self.state = PAUSED
            elif value in (4, 6):
                self._halt(STOPPED)

    def set_mode(self, mode: int) -> bool:
        """Change the way commands are taken; false for one that does not exist."""
        with self.lock:
            if mode not in MODES:
                return False
            if mode != self.mode:
                self.mode = mode
                self._halt(self.state if self.state == STOPPED else RESET)
            return True

    def reset_state(self) -> None:
        """Do what changing offsets or sensitivities does: stop, and wait for state 0."""
        with self.lock:
            self._halt(self.state if self.state == STOPPED else RESET)

    def clean_error(self) -> None:
        """Clear the error, if its cause is gone."""
        with self.lock:
            if not (self._button_in or self._fault_needs_enable):
                self.error = 0

    def clean_warning(self) -> None:
        """Clear the warning."""
        with self.lock:
            self.warning = 0

    def enqueue(self, move: Move, end: Array) -> None:
        """Take an instruction of the position mode that ends at joint angles `end` (6,)."""
        with self.lock:
            if self._refuse_goal(end):
                return
            if len(self._queue) >= _QUEUE:
                self.warning = W_FULL
                return
            if self.mode in (ONLINE_JOINT, ONLINE_CART):  # online planning: the newest command replaces the others
                self._queue.clear()
                self._elapsed_s = 0.0
            self._queue.append(move)
            self.commands += 1
            self._planned = end.copy()
            if self.state == READY:
                self.state = MOVING

    def servo(self, q: Array) -> None:
        """Take a goal (6,) of the servo mode."""
        with self.lock:
            if self._refuse_goal(q):
                return
            self.commands += 1
            self._follower.command(q, self._time_s, self._sender_clock())
            self.state = MOVING if self.state == READY else self.state

    def velocity(self, move: VelocityMove) -> None:
        """Take a velocity of modes 4 and 5."""
        with self.lock:
            self._velocity, self._elapsed_s = move, 0.0
            self.state = MOVING if self.state == READY else self.state

    def waits_for_command(self) -> bool:
        """Whether a servo stream stopped short in full motion: the twin's clock may wait a moment for its sender."""
        with self.lock:
            return self.can_move and self.mode == SERVO and self._follower.hungry(self._time_s)

    def wait_no_more(self) -> None:
        """Take it that the stream has ended."""
        with self.lock:
            self._follower.rest()

    def is_behind(self) -> bool:
        """Whether servo commands come sooner, in robot time, than they are carried out: their sender must wait."""
        with self.lock:
            return self.can_move and self.mode == SERVO and self._follower.ahead(self._time_s)

    # -- faults ----------------------------------------------------------------------------------------------------

    def fault(self, code: int) -> None:
        """Stop with an error, as if its cause had happened."""
        with self.lock:
            self.error = self.error or code
            if code in SERVO_FAULTS or self._button_in:
                self.enabled = [False] * 6
                self._fault_needs_enable = code in SERVO_FAULTS
            self._halt(STOPPED)

    def warn(self, code: int) -> None:
        """Raise a warning."""
        with self.lock:
            self.warning = code

    def press_emergency_stop(self) -> None:
        """Push the button on the control box in."""
        with self.lock:
            self._button_in = True
            self.fault(E_STOP)

    def release_emergency_stop(self) -> None:
        """Let the button out again; the arm still has to be recovered."""
        with self.lock:
            self._button_in = False

    # -- time ------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Move the set-point on to the plant's time; called by the plant's owner once a control period."""
        with self.lock:
            state = self.plant.arm_state()
            dt = state.time_s - self._time_s
            if dt <= 0.0:
                return
            self._time_s = state.time_s
            self._watch_contacts(state, dt)
            if self.state != MOVING:
                self.speed = np.zeros(6)
                return
            before = self.setpoint
            try:
                after = self._next_setpoint(dt)
            except (Unreachable, np.linalg.LinAlgError):
                self.fault(E_KINEMATIC)
                return
            if not within_limits(after) or self.settings.out_of_range(after):
                self.fault(E_JOINT_LIMIT)
                return
            if code := self._leads_astray(after, dt):
                self.fault(code)
                return
            self.setpoint, self.speed = after, (after - before) / dt
            self.plant.command_arm(after)

    def _next_setpoint(self, dt: float) -> Array:
        limit = self.settings.joint_speed_limit
        if self.mode == SERVO:
            after = self._follower.at(self._time_s, dt, self.setpoint, limit)
            if self._follower.arrived(after):
                self.state = READY
            return after
        self._elapsed_s += dt
        if self._velocity is not None:
            speeds = np.clip(self._velocity.speeds(self.setpoint), -limit, limit)
            if self._elapsed_s >= self._velocity.duration_s or not speeds.any():
                self._velocity, self.state = None, READY
            return self.setpoint + speeds * dt
        after = self.setpoint
        while self._queue:
            move = self._queue[0]
            after = move.at(min(self._elapsed_s, move.duration_s), after)
            if self._elapsed_s < move.duration_s:
                return after
            self._elapsed_s -= move.duration_s
            self._queue.popleft()
        self._elapsed_s = 0.0
        self.state = READY
        return after

    def _watch_contacts(self, state: ArmState, dt: float) -> None:
        if self.error or not all(self.enabled) or not self.settings.collides(state.external_nm):
            self._strain_s = 0.0
            return
        self._strain_s += dt
        if self._strain_s >= self.settings.collision_s:
            self._strain_s = 0.0
            # Give way: the arm holds where it stands, not where it was going, so that it no longer pushes.
            self.setpoint = state.q.copy()
            self.plant.command_arm(self.setpoint)
            self.fault(E_COLLISION)

    def _leads_astray(self, q: Array, dt: float) -> int:
        """The error of a set-point at which the arm would touch itself or cross the fence; 0 if it does neither."""
        self._place_s += dt
        if self._place_s < _PLACE_PERIOD_S:
            return 0
        self._place_s = 0.0
        # Beyond the fence, and in touch, only the way back is open.
        if self.settings.self_collision:
            gap = _LINKS.of_frames(kinematics.joint_frames(q))[0]
            if gap < 0.0 and gap < _LINKS.of_frames(kinematics.joint_frames(self.setpoint))[0] - 1e-9:
                return E_SELF_COLLISION
        if self.settings.fence:
            beyond = self.settings.beyond_mm(self.tcp(q)[:3, 3] * 1e3)
            if beyond > 0.0 and beyond > self.settings.beyond_mm(self.tcp(self.setpoint)[:3, 3] * 1e3) + 1e-6:
                return E_BOUNDARY
        return 0

    # -- geometry ----------------------------------------------------------------------------------------------------

    def tcp(self, q: Array) -> Array:
        """Tool pose (4, 4) in the user's base frame at joint angles (6,)."""
        world, tool = pose_to_transform(self.settings.world_offset), pose_to_transform(self.settings.tcp_offset)
        return inverse(world) @ kinematics.flange_pose(q) @ tool

    def solve(self, T_tool: Array, q_near: Array) -> Array:
        """Joint angles (6,) for a tool pose (4, 4); raises `Unreachable`."""
        world, tool = pose_to_transform(self.settings.world_offset), pose_to_transform(self.settings.tcp_offset)
        return kinematics.inverse_kinematics(world @ T_tool @ inverse(tool), q_near)

    def _refuse_goal(self, q: Array) -> bool:
        if not np.isfinite(q).all():
            self.warning = W_PARAMETER
            return True
        if not within_limits(q) or self.settings.out_of_range(q):
            self.fault(E_JOINT_LIMIT)
            return True
        return False

    def _halt(self, state: int) -> None:
        """Forget every command and stand where the set-point is."""
        self._queue.clear()
        self._velocity = None
        self._elapsed_s = 0.0
        self._planned = self.setpoint.copy()
        self._follower = ServoFollower(self.setpoint, self._time_s, self._servo_period_s)
        self.state = state

    def _resync(self) -> None:
        """Start from where the arm really is: something may have pushed it while it stood."""
        self.setpoint = self.plant.arm_state().q.copy()
        self._halt(self.state)
