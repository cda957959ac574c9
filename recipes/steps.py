"""Steps that all run, even when one of them fails, and the table that sums them up."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import tools


def say(verb, text):
    """A line about what happens, in cargo's columns."""
    print(f"{verb:>12} {text}", file=sys.stderr, flush=True)


def fail(sentence, hint=None):
    """Ends the recipe because of what a person has to settle."""
    print(f"error: {sentence}", file=sys.stderr)
    if hint:
        print(f"\nhint: {hint}", file=sys.stderr)
    sys.exit(1)


def call(command, **variables):
    """The exit code of a command in the project's folder, with these variables."""
    command = [str(word) for word in command]
    say("Running", shlex.join(command))
    env = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    try:
        return subprocess.run(command, cwd=os.environ["CARGO_PYX_PROJECT"], env=env).returncode
    except FileNotFoundError:
        print(f"error: `{command[0]}` is not on PATH", file=sys.stderr)
        return 127
    except KeyboardInterrupt:
        sys.exit(130)


class Steps:
    """Results so far: the name, the result and the seconds of each step."""

    def __init__(self):
        tools.settle()
        self.rows = []

    def run(self, name, command, **variables):
        """Runs a command as a step."""
        start = time.monotonic()
        code = call(command, **variables)
        result = "ok" if code == 0 else f"failed ({code})"
        self.add(name, result, time.monotonic() - start)

    def add(self, name, result, seconds=0.0):
        """Notes what came out of a step: `ok`, or what else."""
        self.rows.append((name, result, f"{seconds:.1f}"))

    def finish(self):
        """Prints the table, and ends the recipe with what came out of all."""
        rows = [("step", "result", "seconds"), *self.rows]
        wide = [max(len(row[column]) for row in rows) for column in range(2)]
        print(file=sys.stderr)
        for step, result, seconds in rows:
            print(f"{step:<{wide[0]}}  {result:<{wide[1]}}  {seconds:>7}", file=sys.stderr)
        sys.exit(any(result != "ok" for _, result, _ in self.rows))

    def write_summary(self, title):
        """Adds the table to the page of a GitHub Actions job, if it runs in one."""
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if not path:
            return
        lines = [f"### {title}", "", "| step | result | seconds |", "|---|---|--:|"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        with Path(path).open("a", encoding="utf-8") as page:
            page.write("\n".join([*lines, "", ""]))
