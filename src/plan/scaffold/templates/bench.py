import pytest

@{imports}

LEFT, RIGHT = "the quick brown fox" * 5, "jumps over lazy dogs" * 5
SIDES = [pure.levenshtein, levenshtein]


@pytest.mark.parametrize("function", SIDES, ids=["pure", "rust"])
def test_levenshtein(benchmark, function):
    assert benchmark(function, LEFT, RIGHT) > 0
