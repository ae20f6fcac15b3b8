"""Install deft_driver: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_driver"

setup(
    name=NAME,
    version="0.1.0",
    description="What DEFT's drivers have in common: how a motion may end, and the node around a driver.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "deft_core", "deft_ros"],
    zip_safe=False,
)
