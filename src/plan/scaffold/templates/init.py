"""@{description}."""

from @{module}._core import levenshtein

__all__ = ["levenshtein"]
