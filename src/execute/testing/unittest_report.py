"""`python -m unittest` for cargo-pyx: the same, and what ran is reported line by line."""

import json
import os
import sys
import unittest

_path = None
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def _say(_open=os.open, _write=os.write, _close=os.close, **event):
    # opened for each line, as tests count what is open; bound here, as tests replace what `os` has
    file = _open(_path, _APPEND, 0o666)
    _write(file, (json.dumps(event) + "\n").encode())
    _close(file)


def _name(test):
    """Its `id()`, unless a case keeps something of its own under that name."""
    return test.id() if callable(test.id) else unittest.TestCase.id(test)


class _Result(unittest.TextTestResult):
    passed = 0

    def startTest(self, test):
        _say(event="start", test=_name(test))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        _say(event="finish", test=_name(test))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def counts(self):
        return {
            "passed": self.passed,
            "failed": len(self.failures),
            "error": len(self.errors),
            "skipped": len(self.skipped),
            "xfailed": len(self.expectedFailures),
            "xpassed": len(self.unexpectedSuccesses),
        }


class _Runner(unittest.TextTestRunner):
    resultclass = _Result
    found_none = False

    def run(self, test):
        _say(event="session")
        result = super().run(test)
        counts = result.counts()
        _Runner.found_none = not any(counts.values())
        _say(event="end", code=int(not result.wasSuccessful()), counts=counts)
        return result


def _main():
    try:
        argv = ["python -m unittest"] + sys.argv[1:]
        unittest.main(module=None, testRunner=_Runner, argv=argv)
    except SystemExit as end:
        # 5 as unittest itself has it from Python 3.12 on
        code = 5 if _Runner.found_none and not end.code else int(end.code or 0)
        _say(event="done", code=code)
        sys.exit(code)


if __name__ == "__main__":  # processes that tests spawn import this file again
    _path = os.environ["CARGO_PYX_REPORT"]
    _main()
