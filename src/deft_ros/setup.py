"""Install deft_ros: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_ros"

setup(
    name=NAME,
    version="0.1.0",
    description="How a DEFT node runs as a process: begun, spun, and ended at whatever moment a signal comes.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "deft_core"],
    zip_safe=False,
)
