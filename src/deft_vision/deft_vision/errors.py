"""What can go wrong with encoders, told so that the reader knows what to type next."""


class VisionError(Exception):
    """Base of every error of this package."""


class UnknownEncoderError(VisionError):
    """No encoder has this name."""


class MissingCheckpointError(VisionError):
    """The weights are not where they were looked for; the message says where they come from."""


class CheckpointLayoutError(VisionError):
    """The file is not a checkpoint of this encoder: unreadable, wrong keys or wrong shapes."""


class MissingExtraError(VisionError):
    """An optional dependency is not installed."""
