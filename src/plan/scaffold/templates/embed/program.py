"""The program: computes in Rust, prints the result."""

import argparse

from @{module} import levenshtein


def main(arguments: list[str] | None) -> int:
    """Prints the edit distance of two words."""
    parser = argparse.ArgumentParser(prog="@{name}", description=main.__doc__)
    parser.add_argument("a")
    parser.add_argument("b")
    words = parser.parse_args(arguments)
    print(levenshtein(words.a, words.b))
    return 0
