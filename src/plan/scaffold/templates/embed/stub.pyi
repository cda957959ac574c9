from collections.abc import Sequence

__all__ = ["levenshtein", "main"]

def levenshtein(a: str, b: str) -> int:
    """How many characters must be inserted, deleted or replaced to turn `a` into `b`."""

def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, else with those of the command line.

    Returns its exit code.
    """
