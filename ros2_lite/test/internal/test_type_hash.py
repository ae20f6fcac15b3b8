"""Type hashes against those of real ROS 2."""

from pathlib import Path

import pytest

from ros2_lite.idl import InterfaceNotFoundError, get_interface, list_interfaces, list_packages, type_hash

REFERENCE = dict(
    line.split()
    for line in (Path(__file__).parent / "type_hashes.txt").read_text().splitlines()
    if not line.startswith("#")
)


def test_hashes_are_those_that_real_ros_publishes():
    wrong = [name for name, digits in REFERENCE.items() if type_hash(get_interface(name))[7:23] != digits]
    assert wrong == []


def test_every_built_in_interface_has_a_reference():
    """A definition nobody compared could be wrong."""
    names = {
        f"{p}/{kind}/{n}"
        for p in {r.split("/")[0] for r in REFERENCE} & set(list_packages())
        for kind, stems in list_interfaces(p).items()
        for n in stems
    }
    assert names - set(REFERENCE) == set()


def test_a_whole_hash():
    assert (
        type_hash(get_interface("std_msgs/msg/String"))
        == "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"
    )


@pytest.mark.parametrize("name", ["no_such_msgs/msg/X", "std_msgs/msg/Strin", "std_srvs/srv/Trigger_Goal", "String"])
def test_an_unknown_interface_is_named(name):
    with pytest.raises(InterfaceNotFoundError, match=name):
        get_interface(name)
