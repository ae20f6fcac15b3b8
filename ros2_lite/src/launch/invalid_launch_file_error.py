"""The error of a file that no loader could read."""

from collections.abc import Sequence


class InvalidLaunchFileError(Exception):
    """Raised when a launch file cannot be loaded; lists what each loader said."""

    def __init__(self, extension: str = "", *, likely_errors: Sequence[Exception] | None = None) -> None:
        if not extension or not likely_errors:
            message = "The launch file may have a syntax error, or its format is unknown"
        else:
            count = "multiple exceptions" if len(likely_errors) > 1 else "exception"
            message = f"Caught {count} when trying to load file of format [{extension}]:"
            message += "".join(f"\n - {type(error).__name__}: {error}" for error in likely_errors)
            self.__cause__ = likely_errors[0]
        super().__init__(message)
