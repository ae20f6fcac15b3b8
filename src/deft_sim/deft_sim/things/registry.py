"""From a task file's object to the thing it names."""

from deft_core.config import validate
from deft_core.errors import ConfigError
from deft_core.task import ObjectSpec
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.grape import Grape
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing

KINDS: dict[str, type[Thing]] = {
    "bagel": Bagel,
    "bunch": Bunch,
    "cup": Cup,
    "drawer": Drawer,
    "grape": Grape,
    "juicer": Juicer,
    "lemon": Lemon,
    "spoon": Spoon,
}


def make_thing(spec: ObjectSpec, where: str) -> Thing:
    """Check an object's parameters and make the thing; `where` names file and field in errors.

    Raises:
        ConfigError: unknown kind (lists those there are) or a wrong parameter.
    """
    kind = KINDS.get(spec.kind)
    if kind is None:
        raise ConfigError(f"{where}.kind: unknown kind of object {spec.kind!r}; allowed: {', '.join(sorted(KINDS))}")
    return validate(spec.parameters, kind, f"{where}.parameters ({spec.kind})")
