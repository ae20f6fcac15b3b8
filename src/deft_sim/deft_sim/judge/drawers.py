"""Open drawer (appendix F).

"Drawer is initially slightly open so that it can be grasped. By the end of the episodes, the drawer should be at least
1 centimeter more open than it was at the beginning."

A hand that drags the front along opens it too, and so do fingers that only hook behind a handle; so the opening
counts as far as it was pulled by an opposed grasp: the drawer (its handle or an edge) held between the thumb and the
fingers while it moved. What fingers that close behind a handle draw it along before the thumb meets them counts neither
for nor against.

Terms of the graded reward, all physical progress:

- touched: the hand touched the drawer.
- squeezed: thumb and fingers pressed against each other through it, up to `squeeze_n`.
- pulled: how far it was opened while so held, up to the criterion's centimetre.
- far: the same, up to `far_m`.
- steady: success, by the share of the opening since the first grip that was pulled so, and kept to the end.
"""

from collections.abc import Mapping

import numpy as np

from deft_sim.judge.record import Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.drawer import Drawer
from deft_sim.things.thing import Thing

# Below this a drawer is dragged or hooked, not gripped: newtons, thumb against fingers.
_GRIP_N = 0.3
# Share of the opening since the first grip that must have been pulled by a grip.
_PULLED_SHARE = 0.8


def judge_open_drawer(
    things: Mapping[str, Thing], trial: Trial, open_m: float = 0.01, far_m: float = 0.06, squeeze_n: float = 1.5
) -> Verdict:
    """Judge open drawer."""
    if not isinstance(things["target"], Drawer):
        raise TypeError(f"the target is a {type(things['target']).__name__}, not a drawer")
    track = trial.tracks["target"]
    moved = np.diff(track.joint, prepend=track.joint[0])
    gripped = track.opposed > _GRIP_N
    # Net way under grip: pushing in and pulling out again gains nothing.
    pulled = max(0.0, float(moved[gripped].sum()))
    opened = float(track.joint[-1] - track.joint[0])
    counted = max(0.0, min(pulled, opened))
    # Fingers that close behind a handle draw it along before the thumb meets them: the pull begins with the grip.
    since = float(track.joint[-1] - track.joint[np.argmax(gripped)]) if gripped.any() else opened
    share = min(1.0, counted / since) if since > 0.0 else 0.0
    success = opened >= open_m and counted >= open_m and share >= _PULLED_SHARE
    terms = {
        "touched": float((track.hand > 1e-3).any()),
        "squeezed": float(np.clip(np.sort(track.opposed)[-25:].min() / squeeze_n, 0.0, 1.0)),
        "pulled": float(np.clip(counted / open_m, 0.0, 1.0)),
        "far": float(np.clip(counted / far_m, 0.0, 1.0)),
        "steady": float(np.clip(share, 0.0, 1.0)) if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.20, "pulled": 0.25, "far": 0.25, "steady": 0.25}
    return Verdict(success, terms, weights)
