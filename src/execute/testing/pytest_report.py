"""pytest plugin of cargo-pyx: what ran, line by line, so that a crash cannot pass for success."""

import collections
import json
import os
import re

import pytest

_path = os.environ.get("CARGO_PYX_REPORT")
_alike = collections.Counter()
_worker = "PYTEST_XDIST_WORKER" in os.environ
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def _say(_open=os.open, _write=os.write, _close=os.close, **event):
    # opened for each line, as tests count what is open; bound here, as tests replace what `os` has
    if _path and not _worker:
        file = _open(_path, _APPEND, 0o666)
        _write(file, (json.dumps(event) + "\n").encode())
        _close(file)


def _miss(text):
    found = re.search(r"ModuleNotFoundError: No module named '(\w+)'", text)
    if found:
        _say(event="missing", module=found[1])


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests():
    outcome = yield
    failure = outcome.excinfo and outcome.excinfo[1]
    cause = getattr(failure, "cause", None) or getattr(failure, "__cause__", None)
    for error in (failure, cause):
        if isinstance(error, ModuleNotFoundError):
            _miss(f"ModuleNotFoundError: {error}")


def pytest_collectreport(report):
    if report.failed:
        _miss(str(report.longrepr))


@pytest.hookimpl(hookwrapper=True)
def pytest_cmdline_main():
    outcome = yield
    if outcome.excinfo is None:
        _say(event="done", code=int(outcome.get_result() or 0))


def pytest_sessionstart():
    _say(event="session")


def pytest_runtest_logstart(nodeid):
    _say(event="start", test=nodeid)


def pytest_runtest_logfinish(nodeid):
    _say(event="finish", test=nodeid)


def pytest_runtest_logreport(report):
    # what many tests trip over alike is seldom their fault: a service, a data set
    if report.failed and report.when != "teardown":
        crash = getattr(report.longrepr, "reprcrash", None)
        message = (getattr(crash, "message", "") or str(report.longrepr)).strip()
        is_expectation = message.startswith(("assert", "AssertionError", "Failed:"))
        _miss(message)
        if message and not (report.when == "call" and is_expectation):
            _alike[report.when, message.splitlines()[0]] += 1


def pytest_terminal_summary(terminalreporter, exitstatus):
    def number(kind):
        return len(terminalreporter.stats.get(kind, []))

    kinds = ["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
    counts = {kind: number(kind) for kind in kinds}
    (when, trouble), count = (_alike.most_common(1) or [(("", ""), 0)])[0]
    alike = {"when": when, "trouble": trouble, "count": count}
    deselected = number("deselected")
    _say(event="end", code=int(exitstatus), counts=counts, deselected=deselected, **alike)
