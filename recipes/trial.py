"""Runs recipes in the sources of a project, and judges what comes of each.

A recipe that ends with 0 is right. One that does not is right as well where the project's own command
says the same (`recipes = { lint = "flake8 src" }` in the table), or where it refuses in a sentence that
the table knows, and what proves that sentence holds in these sources (`[[refusal]]`). All else is a
defect. Proofs find the tools that the recipes have installed, and the project's environment.

Standard library only.
"""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

RECIPES = ("lint", "fmt", "types", "stubs", "docs", "audit", "bench", "cov", "ci", "wheel", "profile", "pgo")
RIGHT, FINDING, REFUSAL, DEFECT, TIMEOUT = "right", "finding", "refusal", "defect", "timeout"
WHEEL = ["release", "wheel", "--python"]
EDITORS = ("fmt", "stubs")
"""They are there to edit, and what they wrote is taken back."""
PROOF_LIMIT = 240
"""Seconds."""
BUG = re.compile(r"^error: bug in|^ +File \".*cargo-pyx[/\\]recipes[/\\]", re.M)
"""What we say of our own mistakes, and what Python says where we do not."""


def commit(source):
    """Puts what is not a checkout under git, as its developers would have it."""
    if (source / ".git").exists() or any((folder / ".git").exists() for folder in source.parents):
        return
    identity = ["-c", "user.name=corpus", "-c", "user.email=corpus@example.invalid"]
    for words in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "--message", "as published"]):
        subprocess.run(["git", *words], cwd=source, check=True, capture_output=True)
    # archives bring no .gitignore
    with (source / ".git" / "info" / "exclude").open("a", encoding="utf-8") as ignored:
        ignored.write("*.so\n*.pyd\n__pycache__/\n/target/\n/.venv/\n")


def ended(words, folder, limit, env=None):
    """The exit code of a program and everything that it printed; no code if it took longer than `limit`."""
    child = subprocess.Popen(
        words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=os.name != "nt",
    )  # fmt: skip
    try:
        text, _ = child.communicate(timeout=limit)
        return child.returncode, text.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        child.terminate()  # cargo-pyx ends what it started
    try:
        text, _ = child.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        if os.name != "nt":
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        text, _ = child.communicate()
    return None, text.decode("utf-8", "replace")


def command(name, python):
    """The words for cargo-pyx; `wheel` is the release of one interpreter."""
    return [*WHEEL, python] if name == "wheel" else ["just", name]


def tried(name, project, options, source):
    """One recipe: its result and verdict, as recorded, and everything that was printed."""
    start = time.monotonic()
    code, text = ended([str(options.program), "pyx", *command(name, options.python)], source, options.timeout)
    seconds = round(time.monotonic() - start, 1)
    result = {"code": code, "seconds": seconds, "said": without(source, sentences(text))}
    result.update(judged(name, result, text, project, options.refusals, source))
    if name in EDITORS:
        for words in ["checkout", "--quiet", "."], ["clean", "--quiet", "--force", "-d", "."]:
            subprocess.run(["git", *words], cwd=source, capture_output=True)
    return result, text


def judged(name, result, text, project, refusals, source):
    """The verdict and what proves it."""
    code = result["code"]
    if code is None:
        return {"verdict": TIMEOUT}
    if code == 70 or BUG.search(text):
        return {"verdict": DEFECT}
    if code == 0:
        return {"verdict": RIGHT}
    own = project.get("recipes", {}).get(name)
    if own and proves(own, source, {"fails"}):
        return {"verdict": FINDING, "proof": own}
    last = result["said"][-1] if result["said"] else ""
    for refusal in refusals:
        if re.search(refusal["says"], last) and proves(refusal["proof"], source, {"holds"}):
            return {"verdict": REFUSAL, "proof": refusal["proof"]}
    return {"verdict": DEFECT}


def proves(line, source, wanted):
    """Whether a shell line ends as expected; one that cannot be run proves nothing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cargo-pyx" / "tools"
    places = [source / ".venv" / "bin", *sorted(source.glob("target/pyx/tools/*/bin")), *sorted(cache.glob("*/bin"))]
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])
    code, _ = ended(["/bin/sh", "-c", line], source, PROOF_LIMIT, {**os.environ, "PATH": path})
    if code in (None, 126, 127):
        return False
    return ("holds" if code == 0 else "fails") in wanted


def sentences(text):
    """cargo-pyx's errors, each by its first line."""
    text = re.sub(r"\x1b(\[[0-9;]*[A-Za-z]|\(B)", "", text)
    return [line.removeprefix("error: ") for line in text.splitlines() if line.startswith("error: ")][-3:]


def without(source, lines):
    """Sentences without the temporary folder in them."""
    return [line.replace(f"{source}/", "").replace(str(source), ".") for line in lines]


class Kept:
    """The results of a project's recipes: a file of results by recipe, and the output of each next to it."""

    def __init__(self, path, origin):
        self.path, self.origin, self.results = Path(path), origin, {}

    def read(self):
        """Takes what an earlier run of these very sources kept."""
        try:
            kept = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            kept = {}
        self.results = kept.get("recipes", {}) if kept.get("origin") == self.origin else {}
        return self

    def add(self, name, result, text):
        """Keeps a result for a later run."""
        self.results[name] = result
        logs = self.path.with_suffix("")
        logs.mkdir(parents=True, exist_ok=True)
        (logs / f"{name}.log").write_text(text, "utf-8")
        self.path.write_text(json.dumps({"origin": self.origin, "recipes": self.results}, indent=1), "utf-8")
