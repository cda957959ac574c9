from @{dotted} import levenshtein


def test_levenshtein_counts_edits() -> None:
    assert levenshtein("kitten", "sitting") == 3
