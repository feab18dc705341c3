"""Runs the tests and prints what came of each as one JSON object a line.

    python3 tests/run.py [--list] [pattern]

``pattern`` is matched against the names of the test files (``test_rds``).
Each line has ``test``, ``proves`` (the names of the mends), ``outcome`` (pass,
fail or error), ``seconds`` and, unless it passed, ``detail``. The last line is
the summary. The exit status is 0 when all passed, 1 otherwise.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import unittest
from collections.abc import Iterator
from typing import Any, TextIO

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class JSONLines(unittest.TestResult):
    """Reports each test as it ends."""

    def __init__(self, output: TextIO) -> None:
        super().__init__()
        self.output = output
        self.counts = {"pass": 0, "fail": 0, "error": 0}
        self._began = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._began = time.monotonic()

    def _report(self, test: unittest.TestCase, outcome: str, error: Any = None) -> None:
        self.counts[outcome] += 1
        line: dict[str, Any] = {
            "test": test.id(),
            "proves": proofs(test),
            "outcome": outcome,
            "seconds": round(time.monotonic() - self._began, 3),
        }
        if error:
            line["detail"] = "".join(traceback.format_exception(*error))[-4000:]
        print(json.dumps(line), file=self.output, flush=True)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._report(test, "pass")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._report(test, "fail", err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self._report(test, "error", err)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        """A test with failing parts is neither passed nor failed by unittest itself."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self._report(subtest, "fail" if failed else "error", err)


def proofs(test: unittest.TestCase) -> list[str]:
    test = getattr(test, "test_case", test)  # a part of a test is a thing of its own
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return list(getattr(method, "proves", ()))


def flatten(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main(arguments: list[str]) -> int:
    sys.path.insert(0, ROOT)
    # Moto prints some complaints; standard output is for the results alone.
    results, sys.stdout = sys.stdout, sys.stderr
    listing = "--list" in arguments
    patterns = [argument for argument in arguments if not argument.startswith("-")]
    pattern = f"{patterns[0]}.py" if patterns else "test_*.py"
    suite = unittest.defaultTestLoader.discover(HERE, pattern=pattern, top_level_dir=ROOT)
    if listing:
        for test in flatten(suite):
            print(json.dumps({"test": test.id(), "proves": proofs(test)}), file=results)
        return 0
    result = JSONLines(results)
    began = time.monotonic()
    suite.run(result)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"summary": result.counts, "seconds": seconds}), file=results)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
