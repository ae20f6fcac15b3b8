"""Values that are known only while launching."""

import os
import sys
from typing import List  # noqa: UP035 - the older spelling is what ROS 2 knows

import pytest
from launch.conditions import IfCondition, InvalidConditionExpressionError, UnlessCondition
from launch.frontend.parse_substitution import parse_substitution
from launch.substitutions import (
    AllSubstitution,
    AndSubstitution,
    AnonName,
    AnySubstitution,
    Command,
    EnvironmentVariable,
    EqualsSubstitution,
    FileContent,
    FindExecutable,
    IfElseSubstitution,
    LaunchConfiguration,
    LocalSubstitution,
    NotEqualsSubstitution,
    NotSubstitution,
    OrSubstitution,
    PathJoinSubstitution,
    PythonExpression,
    SubstitutionFailure,
    TextSubstitution,
    ThisLaunchFile,
    ThisLaunchFileDir,
)
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import (
    coerce_to_type,
    get_typed_value,
    normalize_typed_substitution,
    perform_typed_substitution,
)

from launch import LaunchContext


@pytest.fixture
def context():
    context = LaunchContext()
    context.launch_configurations.update({"yes": "true", "no": "False", "three": "3", "file": "a.yaml"})
    return context


def test_text_and_substitutions_are_joined(context):
    subs = normalize_to_list_of_substitutions(["x", LaunchConfiguration("three"), "y"])
    assert perform_substitutions(context, subs) == "x3y"
    assert TextSubstitution(text="a").describe() == "'a'"
    with pytest.raises(TypeError):
        normalize_to_list_of_substitutions([1])
    with pytest.raises(TypeError):
        TextSubstitution(text=1)


def test_launch_configuration_has_value_default_or_fails(context):
    assert LaunchConfiguration("three").perform(context) == "3"
    assert LaunchConfiguration(["th", "ree"]).perform(context) == "3"
    assert LaunchConfiguration("none", default="d").perform(context) == "d"
    assert LaunchConfiguration("none", default=5).perform(context) == "5"
    assert LaunchConfiguration("none", default=["a", LaunchConfiguration("three")]).perform(context) == "a3"
    with pytest.raises(SubstitutionFailure, match="launch configuration 'none' does not exist"):
        LaunchConfiguration("none").perform(context)


def test_truth_values(context):
    yes, no = LaunchConfiguration("yes"), LaunchConfiguration("no")
    assert NotSubstitution(yes).perform(context) == "false"
    assert NotSubstitution("0").perform(context) == "true"
    assert AndSubstitution(yes, no).perform(context) == "false"
    assert AndSubstitution(yes, "1").perform(context) == "true"
    assert OrSubstitution(no, yes).perform(context) == "true"
    assert AnySubstitution(no, no, yes).perform(context) == "true"
    assert AllSubstitution(yes, no).perform(context) == "false"
    with pytest.raises(SubstitutionFailure):
        NotSubstitution("perhaps").perform(context)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("1", "true", True),
        ("1.0", "1", True),
        (0.1, "0.10", True),
        (None, "", True),
        (True, "TRUE", True),
        ("true", "2", False),
    ],
)
def test_equality_is_of_truth_numbers_or_text(context, left, right, equal):
    assert EqualsSubstitution(left, right).perform(context) == str(equal).lower()
    assert NotEqualsSubstitution(left, right).perform(context) == str(not equal).lower()


def test_one_value_or_another(context):
    assert IfElseSubstitution(LaunchConfiguration("yes"), "a", "b").perform(context) == "a"
    assert IfElseSubstitution(LaunchConfiguration("no"), "a", "b").perform(context) == "b"
    assert IfElseSubstitution(LaunchConfiguration("no"), "a").perform(context) == ""
    with pytest.raises(RuntimeError):
        IfElseSubstitution("true")


def test_python_expression(context):
    assert PythonExpression(["2 * ", LaunchConfiguration("three")]).perform(context) == "6"
    assert PythonExpression("floor(1.7)").perform(context) == "1"
    assert PythonExpression("math.pi > 3").perform(context) == "True"
    assert PythonExpression("os.sep", ["os"]).perform(context) == os.sep
    with pytest.raises(ZeroDivisionError):
        PythonExpression("1 / 0").perform(context)


def test_environment_variable(context, monkeypatch):
    monkeypatch.setenv("A_VARIABLE", "v")
    assert EnvironmentVariable("A_VARIABLE").perform(context) == "v"
    assert EnvironmentVariable("NO_VARIABLE", default_value="d").perform(context) == "d"
    with pytest.raises(SubstitutionFailure, match="'NO_VARIABLE' does not exist"):
        EnvironmentVariable("NO_VARIABLE").perform(context)


def test_files_and_programs(context, tmp_path):
    (tmp_path / "a.yaml").write_text("text")
    path = PathJoinSubstitution([str(tmp_path), LaunchConfiguration("file")])
    assert path.perform(context) == str(tmp_path / "a.yaml")
    assert FileContent(path).perform(context) == "text"
    with pytest.raises(SubstitutionFailure, match="File not found"):
        FileContent("/no/such/file").perform(context)
    assert os.path.basename(FindExecutable(name="sh").perform(context)) == "sh"
    with pytest.raises(SubstitutionFailure):
        FindExecutable(name="no-such-program").perform(context)


def test_command_returns_output_and_minds_errors(context):
    python = f"'{sys.executable}' -c"
    assert Command(f"{python} 'print(7)'").perform(context) == "7\n"
    with pytest.raises(SubstitutionFailure, match="executed command failed"):
        Command(f"{python} 'raise SystemExit(3)'").perform(context)
    noisy = f"""{python} 'import sys; print("e", file=sys.stderr)'"""
    with pytest.raises(SubstitutionFailure, match="showed stderr output"):
        Command(noisy).perform(context)
    assert Command(noisy, on_stderr="ignore").perform(context) == ""
    assert Command(noisy, on_stderr="capture").perform(context) == "e\n"
    with pytest.raises(SubstitutionFailure, match="file not found"):
        Command("no-such-program").perform(context)


def test_places_in_the_launch(context):
    with pytest.raises(SubstitutionFailure):
        ThisLaunchFileDir().perform(context)
    context.extend_locals({"current_launch_file_directory": "/d", "current_launch_file_path": "/d/f", "n": {"a": "b"}})
    assert ThisLaunchFileDir().perform(context) == "/d"
    assert ThisLaunchFile().perform(context) == "/d/f"
    assert LocalSubstitution("n['a']").perform(context) == "b"
    name = AnonName("node").perform(context)
    assert name.startswith("node_") and name == AnonName("node").perform(context)


def test_conditions(context):
    assert IfCondition(LaunchConfiguration("yes")).evaluate(context)
    assert IfCondition(" 1 ").evaluate(context)
    assert not IfCondition(LaunchConfiguration("no")).evaluate(context)
    assert UnlessCondition("0").evaluate(context)
    with pytest.raises(InvalidConditionExpressionError, match="but got 'maybe'"):
        IfCondition("maybe").evaluate(context)


def test_text_is_read_as_a_type(context):
    assert coerce_to_type("1", int) == 1
    assert coerce_to_type("1", bool) is True
    assert coerce_to_type("1") == 1
    assert coerce_to_type("[1, 2]", List[int]) == [1, 2]  # noqa: UP006
    assert coerce_to_type("off") is False
    assert get_typed_value(["1", "2"], None) == [1, 2]
    for text, kind in (("x", int), ("2", bool), ("{a: 1}", None)):
        with pytest.raises(ValueError):
            coerce_to_type(text, kind)


def test_typed_values_may_be_substitutions(context):
    three = LaunchConfiguration("three")
    assert perform_typed_substitution(context, normalize_typed_substitution(three, int), int) == 3
    assert perform_typed_substitution(context, normalize_typed_substitution(2.5, float), float) == 2.5
    mixed = normalize_typed_substitution([1, three], None)
    assert perform_typed_substitution(context, mixed, None) == [1, 3]
    with pytest.raises(TypeError):
        normalize_typed_substitution(1, str)
    with pytest.raises(TypeError):
        normalize_typed_substitution([1, "a"], None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("$(var three)", "3"),
        ("a$(var file)b", "aa.yamlb"),
        ("$(var none 'x y')", "x y"),
        ("$(eval '1 + $(var three)')", "4"),
        ("$(var $(var none three))", "3"),
        ("\\$(var three)", "$(var three)"),
    ],
)
def test_substitutions_within_text(context, text, value):
    assert perform_substitutions(context, parse_substitution(text)) == value


def test_unknown_substitution_within_text_is_refused():
    with pytest.raises(Exception, match="nothing"):  # ROS 2 wraps it in an error of its parser
        parse_substitution("$(nothing 1)")
