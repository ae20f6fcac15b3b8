"""Results as JUnit's XML."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def unittestResultsToXml(
    *, name: str = "launch_test", test_results: Mapping[Any, Any] = MappingProxyType({})
) -> ElementTree.ElementTree:
    """Return the results of several runs."""
    suites = ElementTree.Element("testsuites", {"name": name})
    results = list(test_results.values())
    suites.set("tests", str(sum(result.testsRun for result in results)))
    suites.set("failures", str(sum(len(result.failures) for result in results)))
    suites.set("errors", str(sum(len(result.errors) for result in results)))
    suites.set("time", str(round(sum(sum(result.testTimes.values()) for result in results), 3)))
    for run, result in test_results.items():
        suites.append(unittestResultToXml(str(run), result))
    return ElementTree.ElementTree(suites)


def unittestResultToXml(name: str, test_result: Any) -> ElementTree.Element:
    """Return the results of a run."""
    suite = ElementTree.Element("testsuite", {"name": name, "tests": str(test_result.testsRun)})
    for kind in ("failures", "errors", "skipped"):
        suite.set(kind, str(len(getattr(test_result, kind))))
    suite.set("time", str(round(sum(test_result.testTimes.values()), 3)))
    for case in test_result.testCases:
        suite.append(unittestCaseToXml(test_result, case))
    return suite


def unittestCaseToXml(test_result: Any, test_case: Any) -> ElementTree.Element:
    """Return the result of a test."""
    full_name, _, qualifiers = test_case.id().partition(" ")
    class_name, _, name = full_name.rpartition(".")
    element = ElementTree.Element("testcase", {"classname": class_name, "name": f"{name} {qualifiers}".strip()})
    element.set("time", str(round(test_result.testTimes[test_case], 3)))
    for tag, kind in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        for case, message in getattr(test_result, kind):
            if case == test_case:
                ElementTree.SubElement(element, tag, {"message": message})
    return element
