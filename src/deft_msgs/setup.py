"""Install the interface files for machines without ROS 2; colcon uses CMakeLists.txt instead."""

from pathlib import Path

from setuptools import setup

NAME = "deft_msgs"
HERE = Path(__file__).parent

setup(
    name=NAME,
    version="0.1.0",
    description="Messages, services and actions of DEFT, from camera frame to reward.",
    license="Apache-2.0",
    packages=[],
    py_modules=[],
    data_files=[
        (f"share/{NAME}", ["package.xml"]),
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        *[
            (f"share/{NAME}/{kind}", sorted(str(p.relative_to(HERE)) for p in (HERE / kind).iterdir()))
            for kind in ("msg", "srv", "action")
        ],
    ],
)
