"""The main job: bring the workcell up, fine-tune one task, evaluate, shut down.

    ros2 launch deft finetune.launch.py task:=pour_cup

camera_node sees, affordance_node predicts, orchestrator_node decides, arm_node and hand_node move,
twin_node is the simulated table (workcell:=twin only), and the `finetune` client asks for the run and prints it.
"""

import shlex
import time
from importlib.util import find_spec
from pathlib import Path

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch_ros.actions import Node

from deft_affordance.placing import RETARGETING
from deft_core.config import misspelt, short_name, whole_name
from deft_core.demonstration import load_demonstration
from deft_core.errors import ConfigError
from deft_core.task import available_tasks, load_task
from deft_core.workcell import WorkcellConfig, load_workcell
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

ARGUMENTS = (
    ("task", None, f"What to learn: {', '.join(available_tasks())}, or a task file's path."),
    ("seed", "0", "Seed of everything random in the run."),
    ("episodes", "30", "Fine-tuning episodes (paper: 30, the first 10 of them warm-up)."),
    (
        "trials",
        "10",
        "Evaluation trials of the tuned policy on each of the train and test objects; half with the prior.",
    ),
    ("out", "", "Run folder. Default: runs/TASK-DATE-TIME here."),
    ("resume", "false", "Go on with the run in `out` instead of beginning one."),
    ("workcell", "twin", "twin, cluttered (other things on its table too), lab, or the path of a workcell YAML."),
    ("time_scale", "", "How many times faster than the clock the twin lives. Default: the workcell file's."),
    (
        "reward",
        "judge",
        "Whose reward the optimiser hears: judge (the twin's), operator (a person at `ros2 run deft_cem operator`), "
        "encoder (likeness to the demonstration's last image, by the prior's encoder), r3m or resnet18 (the same by "
        "these, with rater_checkpoint), X: your own rater on /X/rate_episode, or a sum: 0.7*judge+0.3*encoder.",
    ),
    ("rater_checkpoint", "", "Weights for reward:=r3m or resnet18; for encoder the default is the prior's."),
    ("prior", "", "Checkpoint of the affordance model (.safetensors). Default: the one that ships."),
    ("sam_checkpoint", "", "Segment Anything's weights, to outline objects. Default: from depth, above the table."),
    (
        "clip_checkpoint",
        "",
        "CLIP's weights, to pick what is meant among several things; of another training than OpenAI's with its "
        "open_clip_config.json beside them. Default: the prior's words.",
    ),
    (
        "retargeting",
        "anatomical",
        "How the hand's pinch is shaped after a person's: anatomical (ours: fingertips where the person's are) or dex "
        "(dex-retargeting).",
    ),
    (
        "optimizer",
        "cem",
        "Optimiser of the residual: cem (the paper's), cem_near (nearer to the prior), cem_smooth, cmaes, bayes, "
        "bayes_hand, preference.",
    ),
    ("policy", "cvae", "Residual policy fitted to the best episodes: cvae, mlp, transformer, direct, elite_mean."),
    ("record", "true", "Record a bag (MCAP) into the run folder."),
    ("view", "false", "Watch the twin: in a window where there is a screen, else as an MP4 of every episode in `out`."),
    ("rviz", "false", "Open rviz with predicted contacts, proposed grasp and camera."),
    ("log_level", "warn", "Least level of what nodes print: debug, info, warn, error."),
)
CHECKPOINTS = ("prior", "sam_checkpoint", "clip_checkpoint")  # files that affordance_node is given
# Everything a bag needs to tell a run again: decisions, states, the two looks of each episode; not the video stream.
BAG_TOPICS = (
    "/deft/look",
    "/deft/look/color",
    "/deft/look/camera_info",
    "/deft/affordance",
    "/deft/heatmap",
    "/deft/markers",
    "/deft/grasp",
    "/deft/episode",
    "/deft/cem_state",
    "/arm/joint_states",
    "/hand/joint_states",
    "/diagnostics",
    "/rosout",
    "/tf",
    "/tf_static",
)


# Raters that look at the final image (deft_cem.raters.embedding).
IMAGE_RATERS = ("encoder", "r3m", "resnet18")


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise RuntimeError(f"{name}:={value} is neither true nor false")
    return value.lower() in ("true", "1")


def _whole(name: str, value: str, least: int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if number < least:
        raise RuntimeError(f"{name}:={value} is not a whole number of at least {least}")
    return number


def expect_rviz() -> None:
    """Raise RuntimeError where ROS 2's rviz is not there."""
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix

    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        raise RuntimeError("rviz:=true needs ROS 2's rviz2, which is not here; leave it out, or install it") from None


def _settings(context: LaunchContext) -> tuple[dict[str, str], WorkcellConfig]:
    """Check everything that can be checked before a process starts."""
    given = {name: context.launch_configurations[name] for name, _, _ in ARGUMENTS}
    given |= {name: whole_name(given[name]) for name in ("task", "workcell")}
    if slip := misspelt(context.argv, given):
        raise RuntimeError(slip)
    for name in ("resume", "record", "view", "rviz"):
        _boolean(name, given[name])
    if _boolean("rviz", given["rviz"]):
        expect_rviz()
    try:
        load_demonstration(load_task(given["task"]).demonstration)
        scale = float(given["time_scale"]) if given["time_scale"] else None
        cell = load_workcell(given["workcell"], scale)
    except (ConfigError, ValueError) as error:
        raise RuntimeError(str(error)) from None
    for name, least in (("seed", 0), ("episodes", 1), ("trials", 0)):
        _whole(name, given[name], least)
    if int(given["seed"]) >= 2**63:
        raise RuntimeError(f"seed:={given['seed']} is not below 2**63")
    if cell.kind == "lab" and "judge" in _raters(given):
        raise RuntimeError("reward:=judge reads the twin's physics; on a real table use reward:=operator or encoder")
    default = f"runs/{short_name(given['task'])}-{time.strftime('%Y%m%d-%H%M%S')}"
    out = Path(given["out"] or default).expanduser().resolve()
    if out.exists() and not out.is_dir():
        raise RuntimeError(f"out:={given['out']}: there is a file of that name; choose another folder")
    holds_run = (out / "run.sqlite").exists()
    if holds_run and not _boolean("resume", given["resume"]):
        raise RuntimeError(f"{out} holds a run; go on with it (resume:=true) or choose another folder (out:=...)")
    if not holds_run and _boolean("resume", given["resume"]):
        raise RuntimeError(f"there is no run in {out} to resume")
    for name in (name for name in CHECKPOINTS if given[name]):
        path = Path(given[name]).expanduser().resolve()
        if not path.is_file():
            raise RuntimeError(f"{name}:={given[name]}: no such checkpoint; leave it out for the default")
        given[name] = str(path)
    if given["retargeting"] not in RETARGETING:
        raise RuntimeError(f"retargeting:={given['retargeting']} is none of {', '.join(RETARGETING)}")
    seeing = _raters(given) & set(IMAGE_RATERS)
    if len(seeing) > 1:
        raise RuntimeError(f"reward:={given['reward']}: one of {', '.join(sorted(seeing))} at a time")
    given["image_rater"] = next(iter(seeing), "")
    if given["image_rater"]:
        given["rater_checkpoint"] = _rater_checkpoint(given)
    given["out"] = str(out)
    return given, cell


def _raters(given: dict[str, str]) -> set[str]:
    """Names in reward:=, which may be a weighted sum such as 0.7*judge+0.3*encoder."""
    return {part.rpartition("*")[2].strip() for part in given["reward"].split("+")}


def _rater_checkpoint(given: dict[str, str]) -> str:
    """The encoder file of an image rater, or a RuntimeError that says where it comes from."""
    path = given["rater_checkpoint"]
    if not path and given["image_rater"] == "encoder":
        package = find_spec("deft_affordance")  # found, not imported: that would bring torch in
        folder = Path(str(package.origin)).parent if package else Path()
        path = given["prior"] or str(folder / "checkpoints" / "twin.safetensors")
    if not path or not Path(path).expanduser().is_file():
        from deft_vision.checkpoints import SOURCES  # torch comes with it: a second that only this error needs

        source = SOURCES.get(given["image_rater"], SOURCES["small"])
        where = f"rater_checkpoint:={path} is not there" if path else "give its file with rater_checkpoint:=PATH"
        raise RuntimeError(f"reward:={given['image_rater']} needs weights: {where}. They come from {source}")
    return str(Path(path).expanduser().resolve())


def _nodes(given: dict[str, str], cell: WorkcellConfig) -> list[Node]:
    common = {"workcell": given["workcell"], "time_scale": cell.time_scale}
    seed = int(given["seed"])

    view = _boolean("view", given["view"])

    def node(package: str, name: str, **parameters: object) -> Node:
        return Node(
            package=package,
            executable=name,
            name=name,
            parameters=[common | parameters],
            output="screen",
            ros_arguments=["--log-level", given["log_level"]],
            # A busy machine may take its time to unload torch, to bring the arm to rest, and to draw the last film.
            sigterm_timeout="60" if view else "15",
        )

    nodes = [
        node("deft_perception", "camera_node"),
        node("deft_affordance", "affordance_node", **{name: given[name] for name in (*CHECKPOINTS, "retargeting")}),
        node("deft_arm_driver", "arm_node"),
        node("deft_hand_driver", "hand_node"),
        node("deft_cem", "orchestrator_node"),
    ]
    if given["image_rater"]:
        nodes.append(node("deft_cem", "rater_node", rater=given["image_rater"], checkpoint=given["rater_checkpoint"]))
    if cell.kind == "twin":
        films = str(Path(given["out"]) / "films")
        nodes.insert(0, node("deft_sim", "twin_node", task=given["task"], seed=seed, view=view, films=films))
    return nodes


def _again(context: LaunchContext, given: dict[str, str]) -> str:
    """The command that goes on with the run: all that was said, since another seed or workcell is another run."""
    said = {name: context.launch_configurations[name] for name, _, _ in ARGUMENTS}
    said |= {name: given[name] for name in ("task", "workcell", "out")} | {"resume": "true"}
    words = [f"{name}:={said[name]}" for name, default, _ in ARGUMENTS if said[name] != default]
    return shlex.join(["ros2", "launch", "deft", "finetune.launch.py", *words])


def _bag_folder(out: Path) -> Path:
    """The first free of bag, bag_1, bag_2 ...: each resumption records a bag of its own."""
    names = ["bag", *(f"bag_{i}" for i in range(1, 1000))]
    return next(out / name for name in names if not (out / name).exists())


def _setup(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    given, cell = _settings(context)
    out = Path(given["out"])
    out.mkdir(parents=True, exist_ok=True)
    nodes = _nodes(given, cell)
    flags = [f"--{name}={given[name]}" for name in ("task", "seed", "episodes", "trials", "out", "reward")]
    flags += [f"--optimizer={given['optimizer']}", f"--policy={given['policy']}"]
    if _boolean("resume", given["resume"]):
        flags.append("--resume")
    again = _again(context, given)
    flags.append(f"--again={again}")
    client = Node(package="deft_cem", executable="finetune", arguments=flags, output="screen", emulate_tty=True)
    entities: list[LaunchDescriptionEntity] = [*nodes, client]
    if cell.kind == "lab" or "operator" in _raters(given):
        resets = "" if cell.kind == "lab" else " --rate-only"
        entities.append(LogInfo(msg=f"rate in another terminal: ros2 run deft_cem operator{resets}"))
    bag = None
    if _boolean("record", given["record"]):
        words = ["ros2", "bag", "record", "-s", "mcap", "-o", str(_bag_folder(out)), "--topics", *BAG_TOPICS]
        bag = ExecuteProcess(cmd=words, name="bag", output="log", sigterm_timeout="10")
        entities.append(bag)
    if _boolean("rviz", given["rviz"]):
        from ament_index_python.packages import get_package_share_directory

        config = Path(get_package_share_directory("deft")) / "rviz" / "deft.rviz"
        entities.append(Node(package="rviz2", executable="rviz2", arguments=["-d", str(config)], output="log"))

    def ended(event: ProcessExited, context: LaunchContext) -> LaunchDescriptionEntity | None:
        if context.is_shutdown:
            return None
        if event.action is client and event.returncode == 0:
            return EmitEvent(event=Shutdown(reason="the run is finished"))
        if event.action is client:
            raise RuntimeError("the run did not finish; the line above says why")
        if event.action in nodes:
            raise RuntimeError(
                f"{event.process_name} ended (exit status {event.returncode}); "
                + (
                    f"finished episodes are safe in {out}, go on with: {again}"
                    if (out / "run.sqlite").exists()
                    else "no episode was begun"
                )
            )
        if event.action is bag:  # the run has a record of its own
            why = "the log of this launch, named at its beginning, says why"
            return LogInfo(msg=f"the bag ended (exit status {event.returncode}), the run goes on without it; {why}")
        return None

    return [RegisterEventHandler(OnProcessExit(on_exit=ended)), *entities]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the rest needs their values."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=value, description=text) for name, value, text in ARGUMENTS),
            OpaqueFunction(function=_setup),
        ]
    )
