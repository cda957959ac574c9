"""`python -m unittest` for cargo-pyx: the same, and what ran is reported line by line."""

import os
import sys
import time
import unittest

import _pyx_report
from _pyx_report import say as _say


def _name(test):
    """Its `id()`, unless a case uses that name for something of its own."""
    return test.id() if callable(test.id) else unittest.TestCase.id(test)


def _take(suite, shard):
    """Leaves in a suite what is in the shard; returns how many tests there were."""
    kept, found = [], 0
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += _take(test, shard)
            kept.append(test)
        else:
            found += 1
            if _pyx_report.is_in(_name(test), shard):
                kept.append(test)
    suite._tests = kept
    return found


def _place(test, error):
    """Where it failed in the test's own file, else where the test begins."""
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    while hasattr(method, "__wrapped__"):  # what `mock.patch` puts around it
        method = method.__wrapped__
    code = getattr(getattr(method, "__func__", method), "__code__", None)
    trace = error[2] if error else None
    place = [code.co_filename, code.co_firstlineno] if code else None
    while trace:
        file = trace.tb_frame.f_code.co_filename
        is_ours = os.path.dirname(file) == os.path.dirname(unittest.__file__)
        if file == code.co_filename if code else not is_ours:
            place = [file, trace.tb_lineno]
        trace = trace.tb_next
    return place and [os.path.abspath(place[0]), place[1]]


class _Result(unittest.TextTestResult):
    passed = 0
    case = None

    def startTest(self, test, _now=time.perf_counter):
        _say(event="start", test=_name(test))
        self.case = {"outcome": "passed", "message": "", "place": _place(test, None)}
        self.began = _now()
        super().startTest(test)

    def stopTest(self, test, _now=time.perf_counter):
        seconds = _now() - self.began
        super().stopTest(test)
        name = _name(test)
        _say(event="finish", test=name)
        _say(event="case", test=name, seconds=seconds, **self.case)
        self.case = None

    def _note(self, test, outcome, error=None, message=""):
        if error:
            text = self._exc_info_to_string(error, test)
            message = ("%s: %s\n\n%s" % (error[0].__name__, error[1], text))[: _pyx_report.LONGEST]
        case = {"outcome": outcome, "message": message, "place": _place(test, error)}
        if self.case and self.case["outcome"] in ("failed", "error"):
            return  # the first that went wrong
        if self.case is None:  # of a class or a module
            _say(event="case", test=_name(test), **case)
        else:
            self.case = case

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failed", err)

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "error", err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            is_failure = issubclass(err[0], test.failureException)
            self._note(test, "failed" if is_failure else "error", err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", message=str(reason))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._note(test, "skipped", message="expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._note(test, "failed", message="unexpected success")

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
        shard = _pyx_report.shard()
        if shard:
            found = _take(test, shard)
            _say(event="share", found=found, taken=test.countTestCases())
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
    _main()
