"""`python -m unittest` for cargo-pyx: the same, and what ran is reported line by line."""

import hashlib
import json
import os
import sys
import time
import unittest

_path = None
_shard = None
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_LONGEST = 20_000  # characters of what a failing test says


def _say(_open=os.open, _write=os.write, _close=os.close, _dumps=json.dumps, **event):
    # opened for each line, as tests count what is open; bound here, as tests replace what modules have
    file = _open(_path, _APPEND, 0o666)
    _write(file, (_dumps(event, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    _close(file)


def _name(test):
    """Its `id()`, unless a case keeps something of its own under that name."""
    return test.id() if callable(test.id) else unittest.TestCase.id(test)


def _in_shard(name, shard):
    name = name.split("[", 1)[0]
    assigned = shard["assigned"].get(name)
    if assigned is None:
        number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8], "big")
        assigned = number % shard["count"] + 1
    return assigned == shard["index"]


def _take(suite, shard):
    """Leaves in a suite what is in the shard; how many tests there were."""
    kept, found = [], 0
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += _take(test, shard)
            kept.append(test)
        else:
            found += 1
            if _in_shard(_name(test), shard):
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
            message = ("%s: %s\n\n%s" % (error[0].__name__, error[1], text))[:_LONGEST]
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
        if _shard:
            with open(_shard, encoding="utf-8") as file:
                found = _take(test, json.load(file))
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
    _path = os.environ["CARGO_PYX_REPORT"]
    _shard = os.environ.get("CARGO_PYX_SHARD")
    _main()
