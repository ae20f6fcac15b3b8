"""Install deft_vision: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_vision"

setup(
    name=NAME,
    version="0.1.0",
    description="Visual and text encoders by name and checkpoint.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy", "torch", "safetensors", "opencv-python-headless<5"],
    extras_require={"clip": ["open-clip-torch"], "sam": ["segment-anything", "torchvision"]},
    zip_safe=False,
)
