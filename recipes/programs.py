"""The only place that starts programs: whatever they do, an outcome comes back."""

import json
import os
import shlex
import signal
import subprocess
import sys

PIPE = subprocess.PIPE
NOT_FOUND = 127
NOT_RUN = 126


class Outcome:
    """The outcome of a program: its exit code, its output, and why it was not started."""

    def __init__(self, words, code, out="", err="", trouble=None):
        self.words, self.code, self.out, self.err, self.trouble = words, code, out, err, trouble

    def __bool__(self):
        return self.code == 0

    @property
    def name(self):
        """The program's name as people know it."""
        return os.path.basename(self.words[0])

    def how(self):
        """How it ended, in words that follow its name."""
        if self.trouble:
            return self.trouble
        if self.code < 0:
            try:
                return f"was killed by {signal.Signals(-self.code).name}"
            except ValueError:
                return f"was killed by signal {-self.code}"
        return f"ended with {self.code}"

    def json(self):
        """Its output as JSON; None if it is not JSON."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    def last(self):
        """The last meaningful line of its errors."""
        lines = [line.strip() for line in (self.err or self.out).splitlines()]
        return next((line for line in reversed(lines) if line), self.how())


def say(verb, text):
    """A line of progress, in cargo's columns."""
    print(f"{verb:>12} {text}", file=sys.stderr, flush=True)


def file_name(program):
    """The file name of a program on this system."""
    return f"{program}.exe" if os.name == "nt" else program


def pasteable(words):
    """A command in shell syntax."""
    return shlex.join(str(word) for word in words)


def run(words, folder, variables=None, unset=()):
    """Runs a program whose output the user sees."""
    words = [str(word) for word in words]
    say("Running", pasteable(words))
    return start(words, folder, variables, unset, None, None)


def read(words, folder, variables=None, unset=(), errors=False, given_text=None):
    """Runs a program whose output is read; `errors`: its stderr is shown; `given_text`: its stdin."""
    words = [str(word) for word in words]
    err = None if errors else subprocess.PIPE
    return start(words, folder, variables, unset, subprocess.PIPE, err, given_text)


def combined(words, folder, variables=None, unset=()):
    """Runs a program whose output is read as the user would see it."""
    words = [str(word) for word in words]
    return start(words, folder, variables, unset, subprocess.PIPE, subprocess.STDOUT)


def start(words, folder, variables, unset, out, err, given_text=None):
    """Starts a program and waits for it."""
    env = {name: value for name, value in os.environ.items() if name not in unset}
    env.update({name: str(value) for name, value in (variables or {}).items()})
    sys.stdout.flush()
    data = None if given_text is None else os.fsencode(given_text)
    try:
        done = subprocess.run(words, cwd=str(folder), env=env, input=data, stdout=out, stderr=err, check=False)
    except FileNotFoundError:
        trouble = "is not there" if os.path.isdir(folder) else f"has no folder `{folder}` to run in"
        return Outcome(words, NOT_FOUND, trouble=trouble)
    except OSError as error:
        return Outcome(words, NOT_RUN, trouble=f"cannot be started: {error.strerror or error}")
    except ValueError as error:  # an argument that no program can be given
        return Outcome(words, NOT_RUN, trouble=f"cannot be started: {error}")
    text = [(part or b"").decode("utf-8", "replace" if given_text is None else "surrogateescape") for part in (done.stdout, done.stderr)]
    return Outcome(words, done.returncode, *text)
