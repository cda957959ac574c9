"""Whether something may be installed that takes long, or that is outside the project."""

import os
import sys


def given_for(what, yes):
    """Whether the user agrees: by `--yes`, or asked at a terminal; in CI no consent is needed."""
    if yes or os.environ.get("CI", "false") not in ("", "false"):
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{what}? [Y/n] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    return answer.strip().lower() in ("", "y", "yes") and answer != ""  # the end of input is no answer
