"""The words that the actions' results know for how a motion ended."""

import pytest

from deft_core.errors import DeftError
from deft_driver.faults import CanceledFault, DeviceFault, DriverFault, RefusedFault, StaleFault, StoppedFault


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (DeviceFault, "device"),
        (StoppedFault, "stopped"),
        (StaleFault, "stale"),
        (RefusedFault, "refused"),
        (CanceledFault, "canceled"),
    ],
)
def test_each_fault_has_its_word(kind: type[DriverFault], word: str) -> None:
    fault = kind("why")
    assert (fault.fault, str(fault)) == (word, "why") and isinstance(fault, DeftError)
