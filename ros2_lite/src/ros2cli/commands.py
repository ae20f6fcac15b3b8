"""What the command line offers: nothing but text, so that help and dispatch need no other import."""

# Command: (description, {verb: description}). A command without verbs is a module of ros2cli itself, a verb the module
# ros2cli.<command>.<verb>; each has add_arguments(parser) and main(args).
COMMANDS: dict[str, tuple[str, dict[str, str]]] = {
    "action": (
        "Various action related sub-commands",
        {
            "info": "Print information about an action",
            "list": "Output a list of action names",
            "send_goal": "Send an action goal",
            "type": "Print a action's type",
        },
    ),
    "bag": (
        "Various rosbag related sub-commands",
        {
            "info": "Print information about a bag to the screen",
            "play": "Play back ROS data from a bag",
            "record": "Record ROS data to a bag",
        },
    ),
    "daemon": (
        "Various daemon related sub-commands",
        {
            "start": "Start the daemon if it isn't running",
            "status": "Output the status of the daemon",
            "stop": "Stop the daemon if it is running",
        },
    ),
    "doctor": ("Check ROS setup and other potential issues", {}),
    "interface": (
        "Show information about ROS interfaces",
        {
            "list": "List all interface types available",
            "package": "Output a list of available interface types within one package",
            "packages": "Output a list of packages that provide interfaces",
            "proto": "Output an interface prototype",
            "show": "Output the interface definition",
        },
    ),
    "launch": ("Run a launch file", {}),
    "node": (
        "Various node related sub-commands",
        {
            "info": "Output information about a node",
            "list": "Output a list of available nodes",
        },
    ),
    "param": (
        "Various param related sub-commands",
        {
            "delete": "Delete parameter",
            "describe": "Show descriptive information about declared parameters",
            "dump": "Show all of the parameters of a node in a YAML file format",
            "get": "Get parameter",
            "list": "Output a list of available parameters",
            "load": "Load parameter file for a node",
            "set": "Set parameter",
        },
    ),
    "pkg": (
        "Various package related sub-commands",
        {
            "executables": "Output a list of package specific executables",
            "list": "Output a list of available packages",
            "prefix": "Output the prefix path of a package",
            "xml": "Output the XML of the package manifest or a specific tag",
        },
    ),
    "run": ("Run a package specific executable", {}),
    "service": (
        "Various service related sub-commands",
        {
            "call": "Call a service",
            "find": "Output a list of available services of a given type",
            "info": "Print information about a service",
            "list": "Output a list of available services",
            "type": "Output a service's type",
        },
    ),
    "topic": (
        "Various topic related sub-commands",
        {
            "bw": "Display bandwidth used by topic",
            "delay": "Display delay of topic from timestamp in header",
            "echo": "Output messages from a topic",
            "find": "Output a list of available topics of a given type",
            "hz": "Print the average receiving rate to screen",
            "info": "Print information about a topic",
            "list": "Output a list of available topics",
            "pub": "Publish a message to a topic",
            "type": "Print a topic's type",
        },
    ),
    "wtf": ("Use `wtf` as alias to `doctor`", {}),
}

ALIASES = {"wtf": "doctor"}

# What upstream's command has besides.
LACKING = ("component", "lifecycle", "multicast", "security")
