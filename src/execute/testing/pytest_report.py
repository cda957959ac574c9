"""pytest plugin of cargo-pyx: what ran, line by line, so that a crash cannot pass for success."""

import collections
import os
import re

import _pyx_report
import pytest

_alike = collections.Counter()
_worker = os.environ.get("PYTEST_XDIST_WORKER")
_shard = _pyx_report.shard()
_root = None
_running = {}
_skipped = 0


def _say(_say=_pyx_report.say, **event):
    # of workers the one that runs them tells
    if not _worker or event["event"] == "share":
        _say(**event)


def _miss(text):
    found = re.search(r"ModuleNotFoundError: No module named '(\w+)'", text)
    if found:
        _say(event="missing", module=found[1])


def _crash(report):
    return getattr(report.longrepr, "reprcrash", None)


def _message(report):
    """What went wrong, a summary first."""
    text = getattr(report, "longreprtext", "") or str(report.longrepr or "")
    if isinstance(report.longrepr, tuple):
        text = str(report.longrepr[2])
    short = getattr(_crash(report), "message", "") or ""
    return (short + "\n\n" + text if short else text).strip()[: _pyx_report.LONGEST]


def _place(report):
    """Where it failed if that is in the project, else where the test begins."""
    crash = _crash(report)
    path = os.path.abspath(crash.path) if crash and report.failed else ""
    if path.startswith(_root + os.sep) and "site-packages" not in path:
        return [path, crash.lineno]
    file, line = report.location[:2]
    return [os.path.normpath(os.path.join(_root, file)), (line or 0) + 1]


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests():
    outcome = yield
    failure = outcome.excinfo and outcome.excinfo[1]
    cause = getattr(failure, "cause", None) or getattr(failure, "__cause__", None)
    for error in (failure, cause):
        if isinstance(error, ModuleNotFoundError):
            _miss(f"ModuleNotFoundError: {error}")


def pytest_configure(config):
    global _root
    _root = str(getattr(config, "rootpath", None) or config.rootdir)


def _collected_at(report, message):
    """The line of the file, or of another project file, that could not be read."""
    file = os.path.normpath(os.path.join(_root, report.nodeid.split("::")[0]))
    lines = re.findall(r'(?:File "([^"\n]+)", line |^(\S+\.py):)(\d+)', message, re.MULTILINE)
    places = [[os.path.abspath(one or other), int(line)] for one, other, line in lines]
    own = [place for place in places if place[0] == file]
    return (own or [[file, 1]])[-1]


def pytest_collectreport(report):
    global _skipped
    message = _message(report)
    outcome = "error" if report.failed else "skipped"
    if report.failed:
        _miss(message)
    elif not report.skipped:
        return
    elif not _shard or _shard["index"] == 1:
        message = re.sub(r"^Skipped: ", "", message)
    else:
        _skipped += 1  # the first of several shards counts it
        return
    place = _collected_at(report, message)
    _say(event="case", test=report.nodeid, outcome=outcome, message=message, place=place)


# last, when all others have chosen
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if not _shard:
        return
    own = [item for item in items if _pyx_report.is_in(item.nodeid, _shard)]
    others = [item for item in items if not _pyx_report.is_in(item.nodeid, _shard)]
    if not _worker or _worker == "gw0":
        _say(event="share", found=len(items), taken=len(own))
    items[:] = own
    if others:
        config.hook.pytest_deselected(items=others)


def pytest_collection_finish(session):
    _say(event="collected", count=len(session.items))


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
    case = _running.pop(nodeid, None)
    if case:
        _say(event="case", test=nodeid, **case)


def pytest_runtest_logreport(report):
    # what many tests trip over alike is seldom their fault: a service, a data set
    if report.failed and report.when != "teardown":
        crash = _crash(report)
        message = (getattr(crash, "message", "") or str(report.longrepr)).strip()
        is_expectation = message.startswith(("assert", "AssertionError", "Failed:"))
        _miss(message)
        if message and not (report.when == "call" and is_expectation):
            _alike[report.when, message.splitlines()[0]] += 1
    _note(report)


def _note(report):
    if report.outcome == "rerun":  # of another plugin: the test is run again
        _running.pop(report.nodeid, None)
        return
    case = _running.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0, "message": ""})
    case["seconds"] += getattr(report, "duration", 0.0)
    case.setdefault("place", _place(report))
    if report.failed and case["outcome"] in ("passed", "skipped"):
        case["outcome"] = "error" if report.when in ("setup", "teardown") else "failed"
        case["message"] = _message(report)
        case["place"] = _place(report)
    elif report.skipped and case["outcome"] == "passed":
        case["outcome"] = "skipped"
        case["message"] = getattr(report, "wasxfail", "") or _message(report)


def pytest_terminal_summary(terminalreporter, exitstatus):
    def number(kind):
        return len(terminalreporter.stats.get(kind, []))

    kinds = ["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
    counts = {kind: number(kind) for kind in kinds}
    counts["skipped"] = max(counts["skipped"] - _skipped, 0)
    # those that took a worker along with them have no end of their own
    for nodeid, case in _running.items():
        if case["outcome"] == "failed":
            _say(event="case", test=nodeid, **case)
    (when, trouble), count = (_alike.most_common(1) or [(("", ""), 0)])[0]
    alike = {"when": when, "trouble": trouble, "count": count}
    deselected = number("deselected")
    _say(event="end", code=int(exitstatus), counts=counts, deselected=deselected, **alike)
