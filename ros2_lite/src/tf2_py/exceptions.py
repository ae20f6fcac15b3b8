"""Why a transform could not be had."""


class TransformException(Exception):
    """Base of the others."""


class ConnectivityException(TransformException):
    """Both frames exist, but in trees that are not connected."""


class LookupException(TransformException):
    """A frame does not exist, or the tree has a loop."""


class ExtrapolationException(TransformException):
    """The requested time lies outside the data."""


class InvalidArgumentException(TransformException):
    """A frame name that cannot be one."""


class TimeoutException(TransformException):
    """The answer did not come in time."""
