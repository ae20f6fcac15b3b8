"""Keep native libraries' notices off the screen: they are written past Python's `sys.stderr`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hushed() -> Iterator[None]:
    """Throw away what is written to file descriptor 2 meanwhile, by all threads; short calls only.

    What the library has to say of an error it raises, so nothing of use is lost.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
