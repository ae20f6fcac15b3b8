"""Check names before a node is started with them.

rclpy checks the same, but launching needs nothing else of it, and it takes time to import.
"""

import re

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def validate_node_name(name: str) -> None:
    """Raise a ValueError unless this can be a node's name."""
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"Invalid node name: '{name}' must be letters, digits and '_', and not start with a digit")


def validate_namespace(namespace: str | None) -> None:
    """Raise a ValueError unless this can be a namespace."""
    if namespace == "/":
        return
    tokens = (namespace or "").split("/")
    if tokens[0] or len(tokens) < 2 or any(_TOKEN.fullmatch(token) is None for token in tokens[1:]):
        raise ValueError(
            f"Invalid namespace: '{namespace}' must be '/' or parts of letters, digits and '_', each after a '/' and "
            "none starting with a digit"
        )
