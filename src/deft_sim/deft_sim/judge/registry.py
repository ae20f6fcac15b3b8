"""From a task file's criterion to the judge that applies it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deft_core.errors import ConfigError
from deft_core.task import Criterion
from deft_sim.judge.bagel import judge_flip_bagel
from deft_sim.judge.cups import judge_pick, judge_pour
from deft_sim.judge.drawers import judge_open_drawer
from deft_sim.judge.grapes import judge_pick_grape
from deft_sim.judge.lemon import judge_squeeze_lemon
from deft_sim.judge.record import Trial
from deft_sim.judge.scooping import judge_scoop_grape
from deft_sim.judge.spoons import judge_pick_spoon
from deft_sim.judge.stirring import judge_stir_spoon
from deft_sim.judge.verdict import Verdict
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.lemon import Lemon
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing


@dataclass(frozen=True)
class Rule:
    """A judge and the kind of thing it can judge as the target."""

    judge: Callable[..., Verdict]
    target: type[Thing]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Numbers that a task file may set."""
        return tuple(inspect.signature(self.judge).parameters)[2:]


RULES: dict[str, Rule] = {
    "pick_cup": Rule(judge_pick, Cup),
    "pour_cup": Rule(judge_pour, Cup),
    "open_drawer": Rule(judge_open_drawer, Drawer),
    "pick_spoon": Rule(judge_pick_spoon, Spoon),
    "stir_spoon": Rule(judge_stir_spoon, Spoon),
    "scoop_grape": Rule(judge_scoop_grape, Spoon),
    "pick_grape": Rule(judge_pick_grape, Bunch),
    "flip_bagel": Rule(judge_flip_bagel, Bagel),
    "squeeze_lemon": Rule(judge_squeeze_lemon, Lemon),
}


def check_criterion(criterion: Criterion, things: Mapping[str, Thing], where: str) -> None:
    """Refuse a criterion that cannot be applied.

    Raises:
        ConfigError: unknown kind or parameter, or the wrong kind of target; lists what is allowed.
    """
    rule = RULES.get(criterion.kind)
    if rule is None:
        raise ConfigError(f"{where}.kind: unknown criterion {criterion.kind!r}; allowed: {', '.join(sorted(RULES))}")
    unknown = sorted(set(criterion.parameters) - set(rule.parameters))
    if unknown:
        raise ConfigError(
            f"{where}.parameters: unknown {', '.join(unknown)}; allowed: {', '.join(rule.parameters) or 'none'}"
        )
    if not isinstance(things["target"], rule.target):
        raise ConfigError(
            f"{where}: judges a {rule.target.__name__}, the target is a {type(things['target']).__name__}"
        )


def judge(criterion: Criterion, things: Mapping[str, Thing], trial: Trial) -> Verdict:
    """Judge a trial by a criterion that `check_criterion` let pass."""
    return RULES[criterion.kind].judge(things, trial, **criterion.parameters)
