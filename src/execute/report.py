"""pytest plugin of cargo-pyx: what ran, line by line, so that a crash cannot pass for success."""

import json
import os

_path = os.environ.get("PYX_REPORT")
_worker = "PYTEST_XDIST_WORKER" in os.environ
_file = open(_path, "w") if _path and not _worker else None


def _say(**event):
    if _file and not _file.closed:
        _file.write(json.dumps(event) + "\n")
        _file.flush()


def pytest_runtest_logstart(nodeid):
    _say(event="start", test=nodeid)


def pytest_runtest_logfinish(nodeid):
    _say(event="finish", test=nodeid)


def pytest_terminal_summary(terminalreporter, exitstatus):
    kinds = ["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
    counts = {kind: len(terminalreporter.stats.get(kind, [])) for kind in kinds}
    _say(event="end", exit=int(exitstatus), counts=counts)


def pytest_unconfigure():
    if _file:
        _file.close()
