"""Install deft_experiments: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_experiments"

setup(
    name=NAME,
    version="0.1.0",
    description="Tables and curves of the paper on many twins at once, and the twin against the node graph.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=[
        "setuptools",
        "numpy",
        "scipy",
        "matplotlib",
        "torch",
        "deft_core",
        "deft_vision",
        "deft_perception",
        "deft_cem",
        "deft_sim",
        "deft_affordance",
    ],
    entry_points={
        "console_scripts": [
            "main_job = deft_experiments.main_job:main",
            "tables = deft_experiments.tables:main",
            "hand_subspace = deft_experiments.hand_subspace:main",
            "agreement = deft_experiments.agreement:main",
        ]
    },
    zip_safe=False,
)
