"""Runs tests of the standard library's json package as unittest does."""
import io
import unittest

import test.test_json  # noqa: F401 - some distributions leave it out

NAMES = ["test_decode", "test_default", "test_dump", "test_encode_basestring_ascii", "test_enum", "test_fail",
         "test_float", "test_indent", "test_pass1", "test_pass2", "test_pass3", "test_scanstring",
         "test_separators", "test_speedups", "test_unicode"]
SUITE = unittest.defaultTestLoader.loadTestsFromNames(["test.test_json." + name for name in NAMES])


class Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        test.id()


def main():
    result = Result(io.StringIO(), True, 1)
    SUITE.run(result)
    assert result.testsRun > 50, result
