"""Every public name: it is there, takes upstream's parameters and has upstream's value.

upstream_api.txt lists, module by module, ROS 2 Jazzy's public names as a caller relies on them. Parameters ending in =
may be left out. More parameters than upstream's are allowed where they may be left out too.
"""

import enum
import importlib
import inspect
import re
import warnings
from pathlib import Path

import pytest

MODULES = {}
for _line in Path(__file__).with_name("upstream_api.txt").read_text().splitlines():
    if _line.startswith("["):
        _names = MODULES.setdefault(_line.strip("[]"), [])
    elif _line:
        _names.append(_line)
KIND = inspect.Parameter


def resolve(module, name):
    """Return what a name stands for; a member that only instances have is its class's word for it."""
    value = module
    for part in name.split("."):
        if isinstance(value, type):
            declared = {"name", "value"} if issubclass(value, enum.Enum) else set()
            for base in value.__mro__:
                declared |= {*getattr(base, "__annotations__", {}), *getattr(base, "__slots__", ())}
            value = getattr(value, part, None) if part in declared else getattr(value, part)
        else:
            value = getattr(value, part)
    return value


def check_parameters(value, written):
    """Check that a call that upstream understands is understood."""
    parameters = list(inspect.signature(value).parameters.values())
    by_name = {p.name: p for p in parameters}
    positional = [p for p in parameters if p.kind in (KIND.POSITIONAL_ONLY, KIND.POSITIONAL_OR_KEYWORD)]
    takes_more = any(p.kind is KIND.VAR_POSITIONAL for p in parameters)
    takes_any_name = any(p.kind is KIND.VAR_KEYWORD for p in parameters)
    words = [word for word in written.split(", ") if word]
    may_be_left_out = {p.name for p in parameters if p.default is not p.empty or p.kind.name.startswith("VAR")}
    wanted, keyword_only = [], False
    for word in words:
        name = word.strip("*=")
        if word.startswith("*"):  # what upstream only passes on may be taken by name here
            keyword_only = keyword_only or not word.startswith("**")
            continue
        wanted.append(name)
        if word.endswith("=") and name in by_name:
            assert name in may_be_left_out, f"{name} must be given"
        if keyword_only:
            assert name in by_name or takes_any_name, f"{name} is not taken"
        else:
            place = len(wanted) - 1
            takes_it = place < len(positional) and positional[place].name == name
            assert takes_it or takes_more, f"{name} is not taken"
    if "**" not in written:
        needed = {*by_name} - {*wanted} - may_be_left_out
        assert not needed, f"{needed} must be given"


@pytest.mark.parametrize("name", MODULES)
def test_public_names(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some modules are deprecated, and say so
        module = importlib.import_module(name)
    wrong = []
    for line in MODULES[name]:
        full, _, value = line.partition(" = ")
        full, parenthesis, parameters = full.partition("(")
        try:
            found = resolve(module, full)
            if value:
                assert repr(found.value if isinstance(found, enum.Enum) else found) == value, found
            if parenthesis:
                check_parameters(found, re.sub(r"\)$", "", parameters))
        except (AssertionError, AttributeError, ValueError, TypeError) as error:
            wrong.append(f"{line}: {error}")
    assert not wrong, "\n".join(wrong)
