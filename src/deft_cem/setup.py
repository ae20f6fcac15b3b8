"""Install deft_cem: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_cem"

setup(
    name=NAME,
    version="0.1.0",
    description="Learning from thirty tries: optimisers, policies, the record of a run, the loop and its node.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed", "optimizers/*.json"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=[
        "setuptools",
        "numpy",
        "pydantic>=2",
        "cmaes",
        "botorch",
        "torch",
        "safetensors",
        "opencv-python-headless",
        "matplotlib",
        "pyarrow",
        "rosbags",
        "deft_core",
        "deft_ros",
        "deft_vision",
    ],
    entry_points={
        "console_scripts": [
            "orchestrator_node = deft_cem.orchestrator_node:main",
            "finetune = deft_cem.finetune_node:main",
            "fit_policy = deft_cem.fit_policy:main",
            "operator = deft_cem.operator_node:main",
            "runs = deft_cem.runs.command:main",
            "rater_node = deft_cem.rater_node:main",
        ]
    },
    zip_safe=False,
)
