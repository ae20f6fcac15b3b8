"""The living twin, for people: table, devices and drivers; watch it do its task, or command it yourself.

    ros2 launch deft twin.launch.py task:=pour_cup view:=true             # a window, or a film of every episode
    ros2 launch deft twin.launch.py task:=pour_cup grasp:=none            # stands there for your own commands

twin_node is the table, arm_node and hand_node are the drivers; `show` does the task. With grasp:=none camera_node sees.
"""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch_ros.actions import Node

from deft_core.config import misspelt, whole_name
from deft_core.demonstration import load_demonstration
from deft_core.errors import ConfigError
from deft_core.task import available_tasks, load_task
from deft_core.workcell import load_workcell
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

GRASPS = ("expert", "open_hand", "no_thumb", "random", "none")
ARGUMENTS = (
    ("task", None, f"What stands on the table: {', '.join(available_tasks())}, or a task file's path."),
    ("view", "false", "Watch: a window where there is a screen; where there is none, an MP4 of every episode."),
    ("films", "films", "Folder for the films."),
    ("grasp", "expert", f"How it is done: {', '.join(GRASPS)} (none: the robot waits for your own commands)."),
    ("objects", "train", "Which objects: train or test."),
    ("episodes", "1", "How often; 0: until Ctrl-C."),
    ("seed", "0", "Seed of the scenes."),
    ("workcell", "twin", "twin, or the path of a workcell YAML of kind twin."),
    ("time_scale", "1.0", "How many times faster than the clock the twin lives."),
)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise RuntimeError(f"{name}:={value}: choose {', '.join(allowed)}")
    return value


def _setup(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    given = {name: context.launch_configurations[name] for name, _, _ in ARGUMENTS}
    given |= {name: whole_name(given[name]) for name in ("task", "workcell")}
    if slip := misspelt(context.argv, given):
        raise RuntimeError(slip)
    view = _one_of("view", given["view"].lower(), ("true", "false")) == "true"
    grasp, objects = _one_of("grasp", given["grasp"], GRASPS), _one_of("objects", given["objects"], ("train", "test"))
    for name in ("episodes", "seed"):
        if not (given[name].isascii() and given[name].isdigit()):
            raise RuntimeError(f"{name}:={given[name]} is not a whole number of at least 0")
    try:
        load_demonstration(load_task(given["task"]).demonstration)
        cell = load_workcell(given["workcell"], float(given["time_scale"]))
    except (ConfigError, ValueError) as error:
        raise RuntimeError(str(error)) from None
    if cell.kind != "twin":
        raise RuntimeError(f"workcell:={given['workcell']} is of kind {cell.kind}: this launch brings up twins only")
    common = {"workcell": given["workcell"], "time_scale": cell.time_scale}
    films = str(Path(given["films"]).expanduser().resolve())
    own: dict[tuple[str, str], dict[str, object]] = {
        ("deft_sim", "twin_node"): {"task": given["task"], "seed": int(given["seed"]), "view": view, "films": films},
        ("deft_arm_driver", "arm_node"): {},
        ("deft_hand_driver", "hand_node"): {},
    }
    if grasp == "none":
        own[("deft_perception", "camera_node")] = {}
    nodes = [
        Node(
            package=package,
            executable=name,
            name=name,
            parameters=[common | extra],
            output="screen",
            sigterm_timeout="60",  # films that are not drawn yet are drawn to their end
        )
        for (package, name), extra in own.items()
    ]
    show = None
    if grasp != "none":
        asked = {"task": given["task"], "grasp": grasp, "objects": objects, "time_scale": f"{cell.time_scale:g}"}
        asked |= {name: given[name] for name in ("episodes", "seed", "workcell")}
        flags = [f"--{name}={value}" for name, value in asked.items()]
        show = Node(package="deft_sim", executable="show", arguments=flags, output="screen")

    def ended(event: ProcessExited, context: LaunchContext) -> LaunchDescriptionEntity | None:
        if context.is_shutdown:
            return None
        if event.action is show and event.returncode == 0:
            return EmitEvent(event=Shutdown(reason="everything has been shown"))
        raise RuntimeError(f"{event.process_name} ended (exit status {event.returncode}); the lines above say why")

    return [RegisterEventHandler(OnProcessExit(on_exit=ended)), *nodes, *([show] if show else [])]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the rest needs their values."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=value, description=text) for name, value, text in ARGUMENTS),
            OpaqueFunction(function=_setup),
        ]
    )
