"""Steps that all run, even when one of them fails, and the table that sums them up."""

import os
import sys
import time
from pathlib import Path

import given
from programs import Outcome, run, say

FAILED = 1
USAGE = 2
MISSING = 3

# options of `cargo pyx just` by themselves, and with a value: they stand before the recipe
FLAGS = ("--dry-run", "--offline", "--locked", "--frozen", "-v", "-vv", "--verbose", "-q", "--quiet", "-r", "--release")
FLAGS += ("--force", "--all-features", "--no-default-features", "--workspace", "--timings")
VALUED = ("-C", "--directory", "--manifest-path", "--color", "--message-format", "-p", "--package", "--exclude")
VALUED += ("--profile", "-F", "--features", "--python", "--group", "--extra", "-j", "--jobs", "--target-dir", "--config", "-Z")
# those of them that no test runner has as well
OURS = ("--dry-run", "--message-format", "--offline", "--locked", "--frozen", "--manifest-path")

OK, NOTED, BAD, ABSENT = "ok", "noted", "failed", "not checked"


class Trouble(Exception):
    """A tool that is not available, and what the user can do about it."""

    def __init__(self, sentence, hint=None):
        super().__init__(sentence)
        self.sentence, self.hint = sentence, hint


def error(sentence, hint=None):
    """Reports what is wrong and what to do about it."""
    print(f"error: {sentence}" + (f"\n\nhint: {hint}" if hint else ""), file=sys.stderr, flush=True)


def warn(sentence):
    """Reports what the user should know."""
    print(f"warning: {sentence}", file=sys.stderr, flush=True)


def fail(sentence, hint=None, code=FAILED):
    """Ends the recipe because of something the user has to settle."""
    error(sentence, hint)
    sys.exit(code)


def misuse(recipe, arguments, word, sentence, hint=None):
    """Ends the recipe because of a word that it does not take; `arguments`: all that it was given."""
    fail(sentence, before(recipe, arguments, word) or hint, USAGE)


def before(recipe, arguments, word):
    """The call in which an option of `cargo pyx just` stands where it is one; None for another word."""
    name, _, value = word.partition("=")
    if name not in (*FLAGS, *VALUED):
        return None
    following = arguments[arguments.index(word) + 1 :][:1]
    takes = following if name in VALUED and not value else []
    return " ".join(["cargo pyx just", word, *takes, recipe])


def refuse_ours(recipe, arguments):
    """Refuses what would reach a test runner, of which that knows nothing."""
    if ours := [word for word in arguments if word.partition("=")[0] in OURS]:
        misuse(recipe, arguments, ours[0], f"`{ours[0]}` is an option of `cargo pyx just`, not of `{recipe}`")


class Row:
    """One step: its name, its result, a comment on that, and its seconds."""

    def __init__(self, name, state, text, seconds):
        self.name, self.state, self.text, self.seconds = name, state, text, seconds

    def cells(self):
        """As shown in the table."""
        result = self.state if self.state != NOTED else OK
        return self.name, f"{result} ({self.text})" if self.text else result, f"{self.seconds:.1f}"


class Steps:
    """Results so far."""

    def __init__(self, what):
        given.settle()
        self.what, self.rows = what, []

    def run(self, name, words, folder=given.ROOT, **variables):
        """Runs a command as a step."""
        return self.judged(name, lambda: run(words, folder, variables))

    def judged(self, name, work):
        """Does work that ends with an outcome, or with a state and its text, as a step."""
        start = time.monotonic()
        try:
            result = work()
        except Trouble as trouble:
            error(trouble.sentence, trouble.hint)
            result = ABSENT, "no tool"
        if isinstance(result, Outcome):
            result = ended(result)
        self.add(name, *result, seconds=time.monotonic() - start)
        return result

    def add(self, name, state, text="", seconds=0.0):
        """Records the result of a step."""
        self.rows.append(Row(name, state, text, seconds))

    def table(self):
        """Prints the table, and a sentence about failures."""
        rows = [("step", "result", "seconds"), *(row.cells() for row in self.rows)]
        wide = [max(len(row[column]) for row in rows) for column in range(2)]
        print(file=sys.stderr)
        for step, result, seconds in rows:
            print(f"{step:<{wide[0]}}  {result:<{wide[1]}}  {seconds:>7}", file=sys.stderr)

    def finish(self):
        """Prints the table, and ends the recipe with the overall result."""
        self.table()
        bad = [row for row in self.rows if row.state == BAD]
        absent = [row for row in self.rows if row.state == ABSENT]
        sentences = []
        if bad:
            sentences.append("failed: " + ", ".join(named(row) for row in bad))
        if absent:
            sentences.append("not checked: " + ", ".join(named(row) for row in absent))
        if sentences:
            print(f"\nerror: {self.what} {'; '.join(sentences)}", file=sys.stderr)
        sys.exit(FAILED if bad else MISSING if absent else 0)

    def write_summary(self, title):
        """Adds the table to the page of a GitHub Actions job, if it runs in one."""
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if not path:
            return
        lines = [f"### {title}", "", "| step | result | seconds |", "|---|---|--:|"]
        lines += [f"| {' | '.join(row.cells())} |" for row in self.rows]
        with Path(path).open("a", encoding="utf-8") as page:
            page.write("\n".join([*lines, "", ""]))


def named(row):
    """A row in a sentence."""
    return f"{row.name} ({row.text})" if row.text else row.name


def weighed(result, call):
    """The result of a step, considering whether the project may continue despite a failure: `call` is how it
    treats the step itself."""
    state, text = ended(result) if isinstance(result, Outcome) else result
    if state == BAD and call and call.may_fail:
        return NOTED, f"findings, in spite of which {call.source} goes on"
    return state, text


def ended(outcome):
    """The state and text of a step that was one program."""
    if outcome:
        return OK, ""
    if outcome.trouble:
        error(f"`{outcome.name}` {outcome.trouble}")
        return ABSENT, f"{outcome.name} {outcome.trouble}"
    return BAD, str(outcome.code) if outcome.code > 0 else outcome.how()


__all__ = ["ABSENT", "BAD", "NOTED", "OK", "Steps", "Trouble", "error", "fail", "run", "say", "warn", "weighed"]
