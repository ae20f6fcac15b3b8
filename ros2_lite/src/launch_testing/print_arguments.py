"""Show what arguments a launch description has."""

from __future__ import annotations

from launch import LaunchDescription


def print_arguments_of_launch_description(*, launch_description: LaunchDescription) -> None:
    """Print the arguments with their descriptions and defaults."""
    print("Arguments (pass arguments as '<name>:=<value>'):")
    arguments = launch_description.get_launch_arguments()
    for argument in arguments:
        star = "*" if argument._conditionally_included else ""
        print(f"\n    '{argument.name}':{star}\n        {argument.description}")
        if argument.default_value is not None:
            print(f"        (default: {' + '.join(token.describe() for token in argument.default_value)})")
    if not arguments:
        print("\n  No arguments.")
    elif any(argument._conditionally_included for argument in arguments):
        print("\n* argument(s) which are only used if specific conditions occur")
