"""Install deft_sim: the same file serves colcon (ament_python) and pip."""

from setuptools import find_packages, setup

NAME = "deft_sim"

setup(
    name=NAME,
    version="0.1.0",
    description="The twin: MuJoCo table, arm, soft hand, objects and judge, behind the protocols of the real devices.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test", "test.*"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=[
        "setuptools",
        "numpy",
        "scipy",
        "mujoco",
        "pydantic>=2",
        "opencv-python-headless<5",
        "imageio-ffmpeg",
        "tqdm",
    ],
    entry_points={
        "console_scripts": [
            "twin_node = deft_sim.twin_node:main",
            "show = deft_sim.show_node:main",
            "trials = deft_sim.trials:main",
            "find_expert = deft_sim.find_expert:main",
            "contact_sheet = deft_sim.contact_sheet:main",
            "gallery = deft_sim.gallery:main",
            "random_episodes = deft_sim.random_episodes:main",
            "record_demo = deft_sim.human.record:main",
        ]
    },
    zip_safe=False,
)
