"""Base of events."""


class Event:
    """Something that happened and that event handlers may react to."""

    name = "launch.Event"
