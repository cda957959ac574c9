#!/usr/bin/env python3
"""Run cargo-pyx against real projects, as published on a package index.

The list is TOML, one table a project:

    [[project]]
    name = "rpds-py"
    version = "2026.9.1"
    sha256 = "4793ef7f…"        # of the source distribution

Each source distribution is downloaded, checked, and unpacked into a temporary folder, where
`cargo-pyx dev` (or --command) runs as it would for anybody. Prints a line for each project;
the exit code is 1 when one of them failed.

Standard library only. The index is UV_DEFAULT_INDEX, else PIP_INDEX_URL, else PyPI (PEP 691).
"""

import argparse
import base64
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

try:
    import tomllib
except ImportError:
    sys.exit(
        "recipes/corpus.py reads TOML with tomllib, which Python has from 3.11 on; this is "
        + sys.version.split()[0]
    )

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT.parent / "shared" / "corpus" / "visible.toml"
EXE = ".exe" if os.name == "nt" else ""
PROGRAM = ROOT / "target" / "release" / ("cargo-pyx" + EXE)
TIMEOUT = 60  # seconds without a byte from the index
COLUMNS = (("result", 12), ("seconds", 8), ("python", 16), ("maturin", 14))


class Failure(Exception):
    """What went wrong before cargo-pyx could start, for people."""


# ------------------------------------------------------------------ the index


def index():
    for variable in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        value = os.environ.get(variable)
        if value:
            # uv lets an index have a name: `name=https://…`
            before = value.partition("://")[0]
            return value[before.rfind("=") + 1 :].rstrip("/")
    return "https://pypi.org/simple"


def get(url, accept="*/*"):
    """The final address and the body; a user and password in the address are sent as such."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "cargo-pyx-corpus"}
    if parts.username:
        pair = "{}:{}".format(parts.username, parts.password or "")
        token = base64.b64encode(urllib.parse.unquote(pair).encode()).decode()
        headers["Authorization"] = "Basic " + token
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(urllib.parse.urlunsplit(parts), headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return response.geturl(), response.read()


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def is_sdist(file, project):
    stem = file["filename"].removesuffix(".tar.gz")
    name, _, version = stem.rpartition("-")
    return (
        stem != file["filename"]
        and version == project["version"]
        and normalized(name) == normalized(project["name"])
    )


def download(project):
    page = "{}/{}/".format(index(), normalized(project["name"]))
    base, body = get(page, "application/vnd.pypi.simple.v1+json")
    try:
        files = json.loads(body)["files"]
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{base} does not speak the JSON API (PEP 691)") from None
    found = [file for file in files if is_sdist(file, project)]
    if not found:
        raise Failure(f"no source distribution of {project['version']} on the index")
    _, archive = get(urllib.parse.urljoin(base, found[0]["url"]))
    sha256 = hashlib.sha256(archive).hexdigest()
    if sha256 != project["sha256"]:
        raise Failure(f"SHA-256 is {sha256}, the list says {project['sha256']}")
    return archive


def unpack(archive, folder):
    """The one folder that a source distribution holds. Nothing is written outside `folder`."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            members = tar.getmembers()
            for member in members:
                path = Path(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise Failure(f"the archive holds `{member.name}`")
                if not (member.isreg() or member.isdir()):
                    raise Failure(f"the archive holds a link or device, `{member.name}`")
            tar.extractall(folder, members)
    tops = [path for path in folder.iterdir() if path.is_dir()]
    if len(tops) != 1:
        raise Failure(f"the archive holds {len(tops)} folders")
    return tops[0]


# -------------------------------------------------------------------- one run


class Run:
    """One call of cargo-pyx, and what its JSON lines said."""

    def __init__(self, program, words, folder, limit):
        command = [str(program), "pyx", *words, "--message-format", "json"]
        start = time.monotonic()
        child = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            stdout, self.stderr = child.communicate(timeout=limit)
            self.code = child.returncode
        except subprocess.TimeoutExpired:
            child.terminate()  # it ends what it started
            stdout, self.stderr = child.communicate()
            self.code = None
        self.seconds = time.monotonic() - start
        self.events = list(events(stdout.decode("utf-8", "replace")))

    def of(self, kind):
        return [event for event in self.events if event.get("type") == kind]

    def steps(self):
        return [step for plan in self.of("plan") for step in plan.get("steps", [])]

    def result(self):
        if self.code is None:
            return "timeout"
        if self.code == 0:
            return "ok"
        return f"failed ({self.code})" if self.code > 0 else f"signal {-self.code}"

    def was_fresh(self):
        return self.code == 0 and not self.steps()

    def tests(self):
        """`Python 132 passed, 3 skipped`, a line for each suite that ran."""
        lines = []
        for event in self.of("tested"):
            counts = [f"{count} {kind}" for kind, count in event["counts"].items() if count]
            lines.append(f"{event['language']} {', '.join(counts) or 'nothing'}")
        return lines

    def errors(self):
        """The last error line of a tool, then the first of what pyx made of it."""
        said = [event.get("text", "") for event in self.of("step-output")]
        said = [plain(line).strip() for line in said]
        said = [line for line in said if re.match(r"(error|ERROR|fatal|💥)", line)]
        own = [event.get("message", "") for event in self.of("error")]
        own = ["error: " + message.splitlines()[0] for message in own if message]
        if not own and self.code:
            tail = plain(self.stderr.decode("utf-8", "replace")).strip().splitlines()
            own = tail[-1:]
        return said[-1:] + own[-1:]


def events(text):
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def inferred(run):
    """What the plan tells of pyx's choices; `-` where it says nothing."""
    found = {"python": "-", "maturin": "-", "dependencies": []}
    for step in run.steps():
        name, subject = step.get("name", ""), step.get("subject", "")
        command = step.get("command", "")
        if name == "environment" or name == "interpreter":
            version = re.search(r"\b(?:C?Python|PyPy|GraalPy) [0-9][^ )]*", subject)
            found["python"] = version.group(0) if version else subject
        elif name.startswith("sync"):
            source = subject.removeprefix("dependencies from ")
            if source not in found["dependencies"]:
                found["dependencies"].append(source)
        elif name.startswith("provide ") and subject.startswith("maturin"):
            found["maturin"] = subject.removeprefix("maturin").lstrip()
        elif name.startswith("install ") and found["maturin"] == "-":
            program = re.search(r"(\S*)/maturin(?:\.exe)?'? develop", command)
            if program:
                version = re.search(r"/maturin-(\d+(?:\.\d+)+)$", program.group(1))
                found["maturin"] = version.group(1) if version else program.group(1)
    found["dependencies"] = "; ".join(found["dependencies"]) or "none"
    return found


# ------------------------------------------------------------------ the recipes

RECIPES = ("lint", "fmt", "types", "stubs", "docs", "audit", "ci", "bench", "profile", "cov", "pgo")


def try_recipes(options, source):
    """A line for each recipe: how it ended and the last that it says; and whether none ended in a bug.

    0 is right; 1 and 3 are a finding or a refusal, which are for a person to judge by what they say."""
    lines, good = [], True
    for name in options.recipes.split(",") if options.recipes != "all" else RECIPES:
        command = [str(options.program), "pyx", "just", name]
        start = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=source, stdin=subprocess.DEVNULL, capture_output=True, timeout=options.timeout
            )
            code, text = done.returncode, plain(done.stderr.decode("utf-8", "replace"))
        except subprocess.TimeoutExpired:
            code, text = None, ""
        said = [line for line in text.splitlines() if line.startswith("error:")]
        is_bug = code not in (0, 1, 2, 3, 4, 5) or "error: bug in" in text
        good &= not is_bug
        lines.append(f"{name:<8} {code} {time.monotonic() - start:7.1f} s  {said[-1] if said else ''}".rstrip())
        changed = subprocess.run(["git", "checkout", "--quiet", "."], cwd=source, capture_output=True)
        lines += ["         its edits stay: the sources are no checkout"] if name == "fmt" and changed.returncode else []
    return lines, good


# ------------------------------------------------------------------ the table


def row(width, project, cells, dependencies):
    text = f"{project:<{width}}"
    for cell, (_, size) in zip(cells, COLUMNS):
        text += f"  {cell:>{size}}" if size == 8 else f"  {cell:<{size}}"
    print(f"{text}  {dependencies}".rstrip(), flush=True)


def try_project(project, options, folder):
    """The cells of its line, what the dependencies came from, lines below it, and success."""
    place = folder / "{name}-{version}".format(**project)
    place.mkdir()
    try:
        source = unpack(download(project), place)
    except (Failure, OSError, tarfile.TarError) as error:
        return ["not started", "", "", ""], "", [f"error: {error}"], False
    words = shlex.split(options.command)
    run = Run(options.program, words, source, options.timeout)
    facts = inferred(run)
    result, errors, good = run.result(), run.errors(), run.code == 0
    if good and options.twice:
        again = Run(options.program, words, source, options.timeout)
        good = again.was_fresh()
        result += ", fresh" if good else ", again"
        errors = [] if good else ["the second run was not fresh: " + reasons(again)]
    if options.recipes and run.code == 0:
        lines, without_bugs = try_recipes(options, source)
        good &= without_bugs
    else:
        lines = []
    if not good and options.keep:
        errors.append(f"kept in {source}")
    cells = [result, f"{run.seconds:.1f}", facts["python"], facts["maturin"]]
    seen = project.get("seen", {}).get("pytest")
    notes = run.tests()
    if notes and seen:
        notes.append(f"the list has seen: {seen}")
    if run.code != 0 or not good:
        notes += errors
    notes += lines
    return cells, facts["dependencies"], notes, good


def reasons(run):
    because = [step.get("because") for step in run.steps() if step.get("because")]
    return "; ".join(because) or run.result()


def read_list(path, only):
    try:
        projects = tomllib.loads(path.read_text("utf-8")).get("project", [])
    except OSError as error:
        sys.exit(f"error: cannot read the list: {error}")
    except tomllib.TOMLDecodeError as error:
        sys.exit(f"error: `{path}` is not valid TOML: {error}")
    for project in projects:
        missing = {"name", "version", "sha256"} - project.keys()
        if missing:
            sys.exit(f"error: a project in `{path}` lacks {', '.join(sorted(missing))}")
    names = {normalized(project["name"]) for project in projects}
    unknown = [name for name in only if normalized(name) not in names]
    if unknown:
        sys.exit(f"error: not in `{path}`: {', '.join(unknown)}")
    wanted = {normalized(name) for name in only}
    return [project for project in projects if not wanted or normalized(project["name"]) in wanted]


def arguments():
    parser = argparse.ArgumentParser(
        description="Run cargo-pyx against real projects, as published on a package index."
    )
    parser.add_argument("list", nargs="?", type=Path, default=LIST, help="the TOML list")
    parser.add_argument("--command", default="dev", help="what to run, with its options")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="repeatable")
    parser.add_argument(
        "--recipes", default="", metavar="NAMES", help="run these recipes as well, with commas; `all`"
    )
    parser.add_argument("--twice", action="store_true", help="run again; it must be fresh")
    parser.add_argument("--keep", action="store_true", help="leave the unpacked projects there")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="the cargo-pyx to run")
    options = parser.parse_args()
    options.program = options.program.absolute()
    if not options.program.is_file():
        sys.exit(f"error: no `{options.program}`\n\nhint: cargo build --release")
    return options


def main():
    options = arguments()
    projects = read_list(options.list, options.only)
    names = ["{name} {version}".format(**project) for project in projects]
    width = max(map(len, ["project", *names]))
    folder = Path(tempfile.mkdtemp(prefix="pyx-corpus-"))
    failed = 0
    try:
        row(width, "project", [name for name, _ in COLUMNS], "dependencies")
        for name, project in zip(names, projects):
            cells, dependencies, notes, good = try_project(project, options, folder)
            row(width, name, cells, dependencies)
            for line in notes:
                print("    " + line, flush=True)
            failed += not good
            if not options.keep:
                shutil.rmtree(folder / "{name}-{version}".format(**project), ignore_errors=True)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(projects) - failed} of {len(projects)} ok")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
