"""`@{name}` returns in Rust what it returns in Python."""

import copy
import importlib
import unittest
from unittest import mock

module = importlib.import_module("@{module}")
rust = importlib.import_module("@{dotted}")

# arguments of each call, positional and by keyword: ((27,), {"limit": 3})
@{calls}


def outcome(function, args, named):
    """What it returns or raises, and its arguments afterwards."""
    args, named = copy.deepcopy((args, named))
    try:
        given = function(*args, **named)
    except Exception as error:
        given = type(error)
    return given, args, named


class InRustTest(unittest.TestCase):
    def test_calls_are_given(self):
        self.assertTrue(CALLS, "add calls of `@{name}` to CALLS")

    def test_@{test}_is_the_same_in_rust(self):
        for args, named in CALLS:
            with self.subTest(args=args, named=named):
                self.check(args, named)

    def check(self, args, named):
        with mock.patch.object(module, "@{name}", module.@{alias}):
            expected = outcome(module.@{name}, args, named)
            self.assertEqual(outcome(rust.@{name}, args, named), expected)
