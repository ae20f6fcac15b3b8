"""Show a launch description as text."""

from __future__ import annotations

from collections.abc import Iterable

from .action import Action
from .actions import EmitEvent, ExecuteProcess, LogInfo, RegisterEventHandler
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity
from .some_substitutions_type import SomeSubstitutionsType
from .utilities import normalize_to_list_of_substitutions

_Tree = tuple[str, list["_Tree"]]


def _text(subs: SomeSubstitutionsType) -> str:
    return " + ".join(sub.describe() for sub in normalize_to_list_of_substitutions(subs))


def _describe_process(action: ExecuteProcess) -> str:
    description = action.process_description
    cmd = ", ".join(_text(part) for part in description.cmd)
    cwd = None if description.cwd is None else f"'{_text(description.cwd)}'"
    env = None
    if description.env is not None:
        env = "{" + ", ".join(f"{_text(name)}: {_text(value)}" for name, value in description.env) + "}"
    return f"ExecuteProcess(cmd=[{cmd}], cwd={cwd}, env={env}, shell={action.shell})"


def _tree(entity: LaunchDescriptionEntity) -> _Tree:
    if isinstance(entity, LogInfo):
        return f"LogInfo({_text(entity.msg)})", []
    if isinstance(entity, EmitEvent):
        return f"EmitEvent(event='{entity.event.name}')", []
    if isinstance(entity, ExecuteProcess):
        return _describe_process(entity), []
    if isinstance(entity, RegisterEventHandler):
        text, entities = entity.event_handler.describe()
        return f"RegisterEventHandler('{entity.event_handler}'):", [(text, [_tree(e) for e in entities])]
    if isinstance(entity, Action):
        return f"Action('{entity}')", []
    return f"Unknown entity('{entity}')", []


def _lines(trees: Iterable[_Tree], indent: str) -> Iterable[str]:
    trees = list(trees)
    for number, (text, branches) in enumerate(trees, start=1):
        last = number == len(trees)
        yield f"{indent}{'└' if last else '├'}── {text}"
        yield from _lines(branches, indent + ("    " if last else "│   "))


class LaunchIntrospector:
    """Shows launch descriptions without launching them."""

    def format_launch_description(self, launch_description: LaunchDescription) -> str:
        """Return the entities of a launch description as a tree."""
        trees = [_tree(entity) for entity in launch_description.entities]
        return "\n".join([str(launch_description), *_lines(trees, "")])
