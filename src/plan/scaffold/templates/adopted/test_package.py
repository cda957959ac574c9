from @{dotted} import levenshtein


def test_levenshtein_counts_edits():
    assert levenshtein("kitten", "sitting") == 3
