import unittest

from @{dotted} import levenshtein


class LevenshteinTest(unittest.TestCase):
    def test_counts_edits(self) -> None:
        self.assertEqual(levenshtein("kitten", "sitting"), 3)
