"""The same function in pure Python: what the Rust code is tested against and compared with."""


def levenshtein(a: str, b: str) -> int:
    """How many characters must be inserted, deleted or replaced to turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            replaced = diagonal + (left != right)
            diagonal = row[j]
            row[j] = min(replaced, diagonal + 1, row[j - 1] + 1)
    return row[-1]
