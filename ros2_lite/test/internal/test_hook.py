"""The import hook: interface packages appear, real ones are not shadowed, the interpreter starts as fast as before."""

import os
import subprocess
import sys

import pytest


def run(code, *, cwd, env=None, isolated=()):
    done = subprocess.run(
        [sys.executable, *isolated, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def overlay(tmp_path):
    folder = tmp_path / "prefix" / "share" / "hooked_msgs" / "msg"
    folder.mkdir(parents=True)
    (folder / "Thing.msg").write_text("int32 x 3\n")
    return tmp_path


def env(overlay):
    return {"AMENT_PREFIX_PATH": str(overlay / "prefix")}


def test_every_way_to_import(overlay):
    assert (
        run(
            "from hooked_msgs.msg import Thing; import hooked_msgs.msg as m; import hooked_msgs.msg._thing as p;"
            "from hooked_msgs import msg; print(Thing().x, m.Thing is p.Thing is msg.Thing, m.__all__, dir(m)[0])",
            cwd=overlay,
            env=env(overlay),
        )
        == "3 True ['Thing'] Thing"
    )


def test_star_import_and_pickle_in_another_process(overlay):
    assert (
        run(
            "from hooked_msgs.msg import *; import pickle, subprocess, sys;"
            "data = pickle.dumps(Thing(x=5)).hex();"
            "print(subprocess.run([sys.executable, '-c', 'import pickle,sys;'"
            "'print(pickle.loads(bytes.fromhex(sys.argv[1])))', data], capture_output=True, text=True).stdout)",
            cwd=overlay,
            env=env(overlay),
        )
        == "hooked_msgs.msg.Thing(x=5)"
    )


def test_a_source_folder_on_the_path_is_no_obstacle(overlay):
    """In a workspace's src/ the folder hooked_msgs/msg looks like a namespace package."""
    (overlay / "hooked_msgs" / "msg").mkdir(parents=True)
    assert run("from hooked_msgs.msg import Thing; print(Thing().x)", cwd=overlay, env=env(overlay)) == "3"


def test_a_real_package_wins(overlay):
    real = overlay / "hooked_msgs" / "msg"
    real.mkdir(parents=True)
    (overlay / "hooked_msgs" / "__init__.py").touch()
    (real / "__init__.py").write_text("Thing = 'real'")
    assert run("from hooked_msgs.msg import Thing; print(Thing)", cwd=overlay, env=env(overlay)) == "real"


def test_what_is_not_there_is_an_import_error(overlay):
    assert run(
        """
for statement in ("import nowhere_msgs", "import hooked_msgs.srv", "from hooked_msgs.msg import Nothing",
                  "import hooked_msgs.msg._nothing", "import hooked_msgs.helpers"):
    try:
        exec(statement)
    except ImportError as e:
        print(type(e).__name__)
""",
        cwd=overlay,
        env=env(overlay),
    ).split() == [
        "ModuleNotFoundError",
        "ModuleNotFoundError",
        "ImportError",
        "ModuleNotFoundError",
        "ModuleNotFoundError",
    ]


def test_the_interpreter_loads_nothing_for_it(overlay):
    names = run("import sys; print(*(m for m in sys.modules if m[:9] == 'ros2_lite' or m == 'numpy'))", cwd=overlay)
    assert names.split() == ["ros2_lite", "ros2_lite.hook"]


def test_a_failed_import_does_not_load_numpy(overlay):
    assert (
        run("import sys\ntry: import nowhere_at_all\nexcept ImportError: print('numpy' in sys.modules)", cwd=overlay)
        == "False"
    )
