from hypothesis import given
from hypothesis import strategies as st

@{imports}

TEXT = st.text(max_size=20)


def test_levenshtein_counts_edits():
    assert levenshtein("kitten", "sitting") == 3


@given(TEXT, TEXT)
def test_levenshtein_is_the_same_in_rust_and_python(a, b):
    assert levenshtein(a, b) == pure.levenshtein(a, b)
