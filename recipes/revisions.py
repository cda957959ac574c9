"""What changed between two revisions of a project, by benchmarks that ran on both in turn.

One run of a benchmark says little: the machine is slower the next time. So each side is measured several
times, now the one first and now the other, and what is said is an interval: of the change in each turn, by
Student's t over logarithms, as times are off by a factor rather than by a sum.
"""

import math
import statistics

import apart
import given
import programs
from chart import spelled

TURNS = 5
QUANTILE = 2.776  # of Student's t, 95 % on both sides, TURNS - 1 degrees of freedom
LEAST = 0.01  # what is smaller is noise, however sure


class Change:
    """How a benchmark moved: the mean over the turns, and its 95 % confidence interval."""

    def __init__(self, name, before, after):
        """`before` and `after`: the medians of each turn in seconds."""
        self.name, self.before, self.after = name, statistics.median(before), statistics.median(after)
        logs = [math.log(new / old) for old, new in zip(before, after)]
        around = QUANTILE * statistics.stdev(logs) / math.sqrt(len(logs))
        self.low, self.mean, self.high = (math.expm1(statistics.fmean(logs) + step) for step in (-around, 0, around))

    @property
    def verdict(self):
        if self.low > 0 and self.mean > LEAST:
            return "slower"
        if self.high < 0 and self.mean < -LEAST:
            return "faster"
        return "noise"


def order(turn):
    """Which side is measured first."""
    return (0, 1) if turn % 2 == 0 else (1, 0)


def changes(before, after):
    """One for each benchmark that both sides measured in every turn, by name; each side has the medians by name."""
    both = [name for name in sorted(after) if len(after[name]) == len(before.get(name, [])) == TURNS]
    return [Change(name, before[name], after[name]) for name in both if min(before[name] + after[name]) > 0]


def report(found, revision):
    """Prints a row for each."""
    rows = [("benchmark", "", revision, "now", "change", "95 % are between")]
    for one in found:
        bounds = f"{one.low:+.1%} and {one.high:+.1%}"
        name = one.name.rpartition("::")[2]
        rows.append((name, one.verdict, spelled(one.before), spelled(one.after), f"{one.mean:+.1%}", bounds))
    apart.table(rows, left=2)


def commit(revision):
    """The commit that a revision names."""
    words = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    named = programs.read(words, given.CHECKOUT)
    if named.trouble:
        apart.stop(f"`git` {named.trouble}", code=apart.MISSING)
    if not named:
        is_shallow = (given.CHECKOUT / ".git" / "shallow").is_file()
        hint = "git fetch --unshallow" if is_shallow else "git log --oneline"
        apart.stop(f"git does not know the revision `{revision}` in `{given.CHECKOUT}`", hint)
    return named.out.strip()


def checkout(commit, folder):
    """The project's folder in a copy of the checkout at a commit; `folder` holds the copy."""
    if not (folder / ".git").is_dir():
        clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", "--template=", given.CHECKOUT, folder]
        for words in clone, ["git", "-C", folder, "checkout", "--quiet", "--detach", commit]:
            done = programs.read(words, given.ROOT)
            if not done:
                apart.stop(f"`{programs.pasteable(words)}` {done.how()}: {done.last()}")
    project = folder / given.ROOT.resolve().relative_to(given.CHECKOUT.resolve())
    if not project.is_dir():
        apart.stop(f"the project's folder `{project.relative_to(folder)}` is not in {commit[:12]}")
    return project
