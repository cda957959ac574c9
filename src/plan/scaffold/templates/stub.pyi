__all__ = ["levenshtein"]

def levenshtein(a: str, b: str) -> int:
    """How many characters must be inserted, deleted or replaced to turn `a` into `b`."""
