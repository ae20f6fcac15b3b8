"""Late answers: the strict handler refuses what the SDK's own takes for the answer."""

import dynamixel_sdk as sdk
import pytest

from deft_hand_driver.packets import StrictPacketHandler
from deft_sim.devices.dynamixel_protocol import encode_status

STATE = bytes(range(1, 11))  # what was asked for before: current, velocity, position


class Line:
    """A port on which bytes lie ready."""

    def __init__(self, data: bytes) -> None:
        self.data, self.is_using = data, True

    def readPort(self, length: int) -> bytes:
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def isPacketTimeout(self) -> bool:
        return not self.data


def test_the_late_answer_to_another_request_is_refused() -> None:
    late = encode_status(3, 0, STATE)
    data, result, _ = sdk.Protocol2PacketHandler().readRx(Line(late), 3, 1)
    assert (result, data) == (sdk.COMM_SUCCESS, [1])  # the SDK's own: "hardware error 1"
    assert StrictPacketHandler().readRx(Line(late), 3, 1) == ([], sdk.COMM_RX_CORRUPT, 0)


@pytest.mark.parametrize("size", [1, 4, 10])
def test_the_right_answer_is_taken_past_anothers(size: int) -> None:
    line = Line(encode_status(2, 0, STATE[:size]) + encode_status(3, 0x80, STATE[:size]))
    assert StrictPacketHandler().readRx(line, 3, size) == (list(STATE[:size]), sdk.COMM_SUCCESS, 0x80)


def test_silence_is_no_answer() -> None:
    assert StrictPacketHandler().readRx(Line(b""), 3, 1)[1] == sdk.COMM_RX_TIMEOUT
