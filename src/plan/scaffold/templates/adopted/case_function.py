"""`@{name}` gives in Rust what it gives in Python."""

import copy
import importlib
import unittest
from unittest import mock

module = importlib.import_module("@{module}")
rust = importlib.import_module("@{dotted}")

# what it is called with, by place and by name: ((27,), {"limit": 3})
@{calls}


def outcome(function, args, named):
    """What it gives or raises, and what became of its arguments."""
    args, named = copy.deepcopy((args, named))
    try:
        given = function(*args, **named)
    except Exception as error:
        given = type(error)
    return given, args, named


class InRustTest(unittest.TestCase):
    def test_somebody_says_what_it_is_called_with(self):
        self.assertTrue(CALLS, "write calls of `@{name}` into CALLS")

    def test_@{test}_is_the_same_in_rust(self):
        for args, named in CALLS:
            with self.subTest(args=args, named=named):
                self.check(args, named)

    def check(self, args, named):
        with mock.patch.object(module, "@{name}", module.@{alias}):
            expected = outcome(module.@{name}, args, named)
            self.assertEqual(outcome(rust.@{name}, args, named), expected)
