"""The vendor's packet handler, made to tell a late answer to another request from the answer to this one.

A status packet names its sender but not what it answers. The SDK takes the first packet of the right sender; on a busy
host that can be the late answer to the request before, and servo positions are then read as hardware errors. The length
gives most of those away: the blocks that are read in turn all differ in length.
"""

import dynamixel_sdk as sdk

_ID, _LENGTH_LOW, _LENGTH_HIGH, _ERROR, _DATA = 4, 5, 6, 8, 9
_OVERHEAD = 4  # what the length counts beside the data: instruction, error and two bytes of CRC


class StrictPacketHandler(sdk.Protocol2PacketHandler):
    """`Protocol2PacketHandler` whose sync reads take only answers of the length that was asked for."""

    def readRx(self, port: sdk.PortHandler, dxl_id: int, length: int) -> tuple[list[int], int, int]:
        """Receive one servo's answer: data (length,), result, error byte; `COMM_RX_CORRUPT` for another length."""
        while True:
            packet, result = self.rxPacket(port, False)
            if result != sdk.COMM_SUCCESS:
                return [], result, 0
            if packet[_ID] == dxl_id:
                break
        if packet[_LENGTH_LOW] + (packet[_LENGTH_HIGH] << 8) != length + _OVERHEAD:
            return [], sdk.COMM_RX_CORRUPT, 0
        return list(packet[_DATA : _DATA + length]), result, int(packet[_ERROR])
