"""Physics steps that settle, whatever MuJoCo's sparse solver did."""

import mujoco
import numpy as np

# MuJoCo 4.0.0, from 60 degrees of freedom on (a hand round a bunch of grapes), may factor Newton's sparse Hessian
# wrongly and stop far from the solution: a berry is flung to 50 rad/s in one step, and all diverges. Mended in 4.0.1
# (issue 3767: it "merged rows with different descendants into one supernode"). Always dense takes twice the time.
_FAULTY = "4.0.0"
_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
# N (N m): what a settled step leaves of force over mass times acceleration is under 2e-4, a lost one leaves 0.1 to 100.
_SETTLED = 1e-3


class Stepper:
    """Takes the steps of one model; one that the sparse solver leaves out of balance is taken again, densely.

    The solution is unique (the problem is convex), so it does not matter which way it was found.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._check = mujoco.__version__ == _FAULTY and bool(mujoco.mj_isSparse(model))
        self._before = np.empty(mujoco.mj_stateSize(model, _STATE))
        self._rest = np.empty(model.nv)

    def step(self, data: mujoco.MjData) -> None:
        """Let one time step pass."""
        if not self._check:
            mujoco.mj_step(self._model, data)
            return
        mujoco.mj_getState(self._model, data, self._before, _STATE)
        mujoco.mj_step(self._model, data)
        if self.imbalance(data) > _SETTLED:
            mujoco.mj_setState(self._model, data, self._before, _STATE)
            usual = self._model.opt.jacobian
            self._model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
            mujoco.mj_step(self._model, data)
            self._model.opt.jacobian = usual

    def imbalance(self, data: mujoco.MjData) -> float:
        """Greatest part of the forces (N, N m) that the last step's accelerations leave unexplained."""
        mujoco.mj_mulM(self._model, data, self._rest, data.qacc)
        self._rest -= data.qfrc_smooth
        self._rest -= data.qfrc_constraint
        return float(np.abs(self._rest).max())
