"""Install deft_core: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_core"

setup(
    name=NAME,
    version="0.1.0",
    description="The ground floor of DEFT: grasp parameters, frames, motion, safety gate, tasks.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["hands/*.yaml", "workcells/*.yaml", "tasks/*.yaml", "demonstrations/*", "py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools", "numpy", "scipy", "pyyaml", "pydantic>=2"],
    zip_safe=False,
)
