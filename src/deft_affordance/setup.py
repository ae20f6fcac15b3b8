"""Install deft_affordance: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_affordance"

setup(
    name=NAME,
    version="0.1.0",
    description="Where and how a person would grasp: the learned prior, its data, training, retargeting and node.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["configs/*.yaml", "checkpoints/*", "data/*.yaml", "video/*.yaml", "py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=[
        "setuptools",
        "numpy",
        "scipy",
        "pyyaml",
        "pydantic>=2",
        "torch",
        "safetensors",
        "tqdm",
        "opencv-python-headless<5",
        "mujoco",
        "cmaes",
    ],
    extras_require={"tensorboard": ["tensorboard"]},
    entry_points={
        "console_scripts": [
            "affordance_node=deft_affordance.affordance_node:main",
            "train=deft_affordance.train:main",
            "teach_names=deft_affordance.teach_names:main",
            "evaluate=deft_affordance.evaluate:main",
            "calibrate_hand=deft_affordance.calibrate_hand:main",
            "calibrate_pinch=deft_affordance.calibrate_pinch:main",
            "generate=deft_affordance.data.generate:main",
            "export_samples=deft_affordance.data.export_samples:main",
            "find_aim=deft_affordance.data.find_aim:main",
            "extract_demo=deft_affordance.extract_demo:main",
            "build_dataset=deft_affordance.video.build_dataset:main",
            "film_synthetic=deft_affordance.video.film.film_synthetic:main",
            "compare_labels=deft_affordance.video.compare_labels:main",
        ],
    },
    zip_safe=False,
)
