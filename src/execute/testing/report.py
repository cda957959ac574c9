"""What the modules that cargo-pyx puts next to pytest and unittest have in common."""

import hashlib
import json
import os

LONGEST = 20_000  # characters of what a failing test says

_path = os.environ.get("CARGO_PYX_REPORT")
_shard = os.environ.get("CARGO_PYX_SHARD")
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def say(_open=os.open, _write=os.write, _close=os.close, _dumps=json.dumps, **event):
    """Adds a line to the report."""
    # opened for each line, as tests count what is open; bound here, as tests replace what modules have
    if _path:
        file = _open(_path, _APPEND, 0o666)
        _write(file, (_dumps(event, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        _close(file)


def shard():
    """Which tests are to run; None for all."""
    if not _shard:
        return None
    with open(_shard, encoding="utf-8") as file:
        return json.load(file)


def is_in(name, part):
    """Whether a test is in the part that `shard` names."""
    # without the parameters, whose names may differ from machine to machine
    name = name.split("[", 1)[0]
    assigned = part["assigned"].get(name)
    if assigned is None:
        number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8], "big")
        assigned = number % part["count"] + 1
    return assigned == part["index"]
