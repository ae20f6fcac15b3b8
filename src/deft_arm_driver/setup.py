"""Install deft_arm_driver: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_arm_driver"

setup(
    name=NAME,
    version="0.1.0",
    description="xArm6 action server on the vendor's SDK: moves the wrist through DEFT's gate.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "deft_core", "deft_ros", "deft_driver", "numpy", "xarm-python-sdk>=1.18.4"],
    entry_points={"console_scripts": ["arm_node = deft_arm_driver.arm_node:main"]},
    zip_safe=False,
)
