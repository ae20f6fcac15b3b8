"""Finding packages and resources by the ament resource index."""

import ament_index_python
import pytest
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory


def test_package_is_found_in_a_prefix(package):
    prefix = package("some_pkg")
    assert ament_index_python.get_package_prefix("some_pkg") == str(prefix)
    assert get_package_share_directory("some_pkg") == str(prefix / "share" / "some_pkg")
    assert ament_index_python.get_package_share_path("some_pkg") == prefix / "share" / "some_pkg"
    assert ament_index_python.get_packages_with_prefixes()["some_pkg"] == str(prefix)


def test_first_prefix_wins(package, tmp_path, monkeypatch):
    package("some_pkg")
    other = tmp_path / "other" / "share" / "ament_index" / "resource_index" / "packages"
    other.mkdir(parents=True)
    (other / "some_pkg").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "other"), prepend=":")
    assert ament_index_python.get_package_prefix("some_pkg") == str(tmp_path / "other")


def test_unknown_package_is_named(package):
    with pytest.raises(PackageNotFoundError, match="package 'no_such_pkg' not found, searching"):
        ament_index_python.get_package_prefix("no_such_pkg")


def test_bad_package_name_is_refused(package):
    with pytest.raises(ValueError, match="is not a valid package name"):
        ament_index_python.get_package_prefix("../x")


def test_missing_share_directory_is_warned_of(package):
    prefix = package("some_pkg")
    (prefix / "share" / "some_pkg").rmdir()
    with pytest.warns(UserWarning, match="does not exist"):
        get_package_share_directory("some_pkg")


def test_resources_of_a_type(package):
    prefix = package("some_pkg")
    folder = prefix / "share" / "ament_index" / "resource_index" / "colours"
    folder.mkdir()
    (folder / "red").write_text("#f00")
    (folder / ".hidden").touch()
    assert ament_index_python.get_resources("colours") == {"red": str(prefix)}
    assert ament_index_python.get_resource("colours", "red") == ("#f00", str(prefix))
    assert ament_index_python.has_resource("colours", "red") == str(prefix)
    assert not ament_index_python.has_resource("colours", "green")
    assert "colours" in ament_index_python.get_resource_types()
    with pytest.raises(LookupError, match="'green' of type 'colours'"):
        ament_index_python.get_resource("colours", "green")
    with pytest.raises(ament_index_python.InvalidResourceNameError):
        ament_index_python.get_resource("colours", "a/b")
    with pytest.raises(ament_index_python.InvalidResourceTypeNameError):
        ament_index_python.get_resources("a/b")
