"""Install deft_perception: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_perception"

setup(
    name=NAME,
    version="0.1.0",
    description="RGB-D camera, object segmentation and deprojection for DEFT.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "deft_core", "deft_ros", "numpy", "opencv-python-headless<5", "pyrealsense2"],
    entry_points={
        "console_scripts": [
            "camera_node = deft_perception.camera_node:main",
            "record_clip = deft_perception.record_clip:main",
        ]
    },
    zip_safe=False,
)
