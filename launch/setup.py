"""Install the ROS package `deft`: launch files and rviz configuration, no Python modules."""

from glob import glob

from setuptools import setup

NAME = "deft"

setup(
    name=NAME,
    version="0.1.0",
    description="Launch files of DEFT: fine-tune a dexterous grasp, replay a run, look at the twin.",
    license="Apache-2.0",
    packages=[],
    py_modules=[],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", sorted(glob("launch/*.launch.py"))),
        (f"share/{NAME}/rviz", sorted(glob("rviz/*.rviz"))),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
)
