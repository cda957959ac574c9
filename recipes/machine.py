"""Which of the variables that a project sets decide what its programs find: all others are for the project's own
runs, such as paths on another machine and secrets."""

import os
import re

DECIDING = re.compile(
    r"RUSTFLAGS|RUSTDOCFLAGS|CARGO_(ENCODED|BUILD)_\w*FLAGS|CARGO_TARGET_\w+_RUSTFLAGS|CARGO_PROFILE_\w+|CARGO_FEATURE\w*"
    r"|MYPY(?!_CACHE)\w*|SKIP|SQLX_OFFLINE"
)
"""What the compiler, a type checker and hooks are told by variables."""


def deciding(variables):
    """Of variables, those that decide what programs find, if their values are known; what the user has set stays."""
    known = {name: value for name, value in variables.items() if "$" not in value and "{" not in value}
    return {name: value for name, value in known.items() if DECIDING.fullmatch(name) and name not in os.environ}
