"""`@{name}` returns in Rust what it returns in Python."""

import copy
import importlib

import pytest

module = importlib.import_module("@{module}")
rust = importlib.import_module("@{dotted}")

# arguments of each call, positional and by keyword: ((27,), {"limit": 3})
@{calls}


@{asked}def outcome(function, args, named):
    """What it returns or raises, and its arguments afterwards."""
    args, named = copy.deepcopy((args, named))
    try:
        given = function(*args, **named)
    except Exception as error:
        given = type(error)
    return given, args, named


@pytest.mark.parametrize(("args", "named"), CALLS)
def test_@{test}_is_the_same_in_rust(monkeypatch, args, named):
    monkeypatch.setattr(module, "@{name}", module.@{alias})
    expected = outcome(module.@{name}, args, named)
    assert outcome(rust.@{name}, args, named) == expected
