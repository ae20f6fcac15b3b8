"""Play a run's bag into rviz: ros2 launch deft replay.launch.py bag:=runs/.../bag"""

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory
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

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity


def _setup(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    given = context.launch_configurations
    bag = Path(given["bag"]).expanduser().resolve()
    if not bag.exists():
        raise RuntimeError(f"bag:={bag}: no such bag; a run folder holds one as `bag`")
    play = ExecuteProcess(cmd=["ros2", "bag", "play", str(bag), "--rate", given["rate"]], name="bag", output="screen")
    entities: list[LaunchDescriptionEntity] = [play]
    # On a replayed run the camera topics carry the two looks of each episode.
    looks = [
        ("/camera/camera/color/image_raw", "/deft/look/color"),
        ("/camera/camera/color/camera_info", "/deft/look/camera_info"),
    ]
    if given["rviz"].lower() not in ("auto", "true", "1", "false", "0"):
        raise RuntimeError(f"rviz:={given['rviz']} is none of auto, true and false")
    rviz = given["rviz"].lower() not in ("false", "0")
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        if rviz and given["rviz"].lower() != "auto":
            raise RuntimeError("rviz:=true needs ROS 2's rviz2, which is not here: rviz:=false only plays") from None
        if rviz:
            entities.append(LogInfo(msg="ROS 2's rviz2 is not here: the bag is only played"))
        rviz = False
    if rviz:
        config = Path(get_package_share_directory("deft")) / "rviz" / "deft.rviz"
        entities.append(
            Node(package="rviz2", executable="rviz2", arguments=["-d", str(config)], remappings=looks, output="log")
        )

    def ended(event: ProcessExited, context: LaunchContext) -> LaunchDescriptionEntity | None:
        if event.action is not play or context.is_shutdown:
            return None
        if event.returncode:
            raise RuntimeError(f"playing {bag} failed; the line above says why")
        return EmitEvent(event=Shutdown(reason="the bag is played"))

    return [RegisterEventHandler(OnProcessExit(on_exit=ended)), *entities]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the rest needs their values."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("bag", description="The bag to play (folder, .mcap or .db3)."),
            DeclareLaunchArgument(
                "rate", default_value="1.0", description="How many times faster than it was recorded."
            ),
            DeclareLaunchArgument("rviz", default_value="auto", description="Open rviz: auto, true or false."),
            OpaqueFunction(function=_setup),
        ]
    )
