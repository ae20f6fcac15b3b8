"""ros2 pkg xml."""

from __future__ import annotations

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("package_name", help="The package name")
    parser.add_argument("-t", "--tag", help="The XML tag to output (e.g. 'version')")


def main(args: argparse.Namespace) -> str | None:
    """Print the manifest of a package."""
    import xml.etree.ElementTree as ElementTree

    from ament_index_python import PackageNotFoundError, get_package_share_directory

    try:
        path = os.path.join(get_package_share_directory(args.package_name), "package.xml")
    except (PackageNotFoundError, ValueError):
        return "Package not found"
    if not os.path.isfile(path):
        return "Package XML manifest not found"
    tree = ElementTree.parse(path)
    if args.tag is None:
        ElementTree.dump(tree)
        return None
    elements = tree.getroot().findall(args.tag)
    if not elements:
        return "XML tag not found"
    for element in elements:
        print(element.text)
    return None
