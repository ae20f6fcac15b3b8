"""Install deft_hand_driver: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_hand_driver"

setup(
    name=NAME,
    version="0.1.0",
    description="Soft-hand action server on the Dynamixel SDK: shapes the hand through DEFT's gate.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "deft_core", "deft_ros", "deft_driver", "numpy", "dynamixel-sdk>=4.1.0"],
    entry_points={"console_scripts": ["hand_node = deft_hand_driver.hand_node:main"]},
    zip_safe=False,
)
