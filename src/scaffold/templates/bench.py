import pytest

@{imports}

LEFT, RIGHT = "the quick brown fox" * 5, "jumps over lazy dogs" * 5


@pytest.mark.parametrize("side", [pure, @{module}], ids=["pure", "rust"])
def test_levenshtein(benchmark, side):
    assert benchmark(side.levenshtein, LEFT, RIGHT) > 0
