"""What tests of launch use to launch."""

import sys

from launch.actions import ExecuteProcess, OpaqueFunction

from launch import LaunchDescription, LaunchService

WAIT = "import signal\ntry:\n    print('up', flush=True)\n    signal.pause()\nexcept KeyboardInterrupt:\n    pass"


def python(code, *arguments, **options):
    return ExecuteProcess(cmd=[sys.executable, "-c", code, *arguments], **options)


def run(*entities, **options):
    service = LaunchService(noninteractive=True, **options)
    service.include_launch_description(LaunchDescription(entities))
    return service.run()


def note(seen, key=None):
    """Return an action that notes a launch configuration, or all of them."""

    def function(context):
        seen.append(dict(context.launch_configurations) if key is None else context.launch_configurations.get(key))

    return OpaqueFunction(function=function)
