#!/usr/bin/env python3
"""Run cargo-pyx against real projects, as they were published.

The table is TOML (docs/corpus.toml), one entry a project:

    [[project]]
    name = "acme"
    version = "1.2.0"
    sha256 = "4793ef7f…"        # of the source distribution
    own = { commands = ["pip install maturin pytest", "maturin develop", "pytest"], python = "132 passed" }
    note = "…"                  # why it does not pass, or is refused
    refused = true              # where that is right

Where the source distribution has no tests, the sources of that version are a commit:

    git = "https://git.example/acme/acme"       # instead of `sha256`
    commit = "0f3c…"
    folder = "bindings/python"  # where people work, if not at the root

What recipes find there that is true has the command of the project that says the same; a refusal that
is right, wherever its sentence is said, has a line of shell that proves it in the sources:

    recipes = { lint = "flake8 src" }          # in a project's entry: fails as `lint` does
    [[refusal]]                                 # once for all
    says = "the project has no benchmarks"
    proof = "! grep -rq benchmark --include=*.py ."

`own` is what the project's own commands give, never what cargo-pyx gave: `--own` runs them in a
virtual environment of a fresh copy, and prints what to write down. A further project is one entry.

Each source distribution is downloaded, checked, and unpacked into a temporary folder (a commit is
checked out there by git, with the mirrors of git's own configuration, `url.….insteadOf`), where
`cargo-pyx test` (or --command) runs as it would for anybody. Prints a line for each project, keeps
what was seen in docs/compatibility.json, with the day, and writes docs/compatibility.md of it; `--resume`
leaves out what ended well in an earlier run. With `--recipes` the recipes run instead, and what came of
them is docs/recipes-table.md; `--resume` goes on where it was stopped. The exit code is 1 when one did not end as it should.

Standard library only; published.py says which index is asked.
"""

import argparse
import datetime
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
from pathlib import Path

try:
    import tomllib
except ImportError:
    sys.exit("recipes/corpus.py reads TOML with tomllib, which Python has from 3.11 on; this is " + sys.version.split()[0])

import compatibility
import trial
import trial_page
from published import Failure, label, normalized, origin, sources

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "corpus.toml"
SEEN = ROOT / "target" / "corpus"  # of recipes
PAGE = ROOT / "docs" / "compatibility.md"
RECORDS = PAGE.with_suffix(".json")
RECIPES_PAGE = ROOT / "docs" / "recipes-table.md"
EXE = ".exe" if os.name == "nt" else ""
PROGRAM = ROOT / "target" / "release" / ("cargo-pyx" + EXE)
COLUMNS = (("result", 12), ("seconds", 8), ("python", 16), ("maturin", 14))


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


def members(run):
    """What doctor tells of each package: its layout, what binds it, and which Pythons it is for."""
    kept = ("name", "layout", "bindings", "stable_abi", "module")
    reports = run.of("report")
    found = reports[0].get("members", []) if reports else []
    return [{key: member.get(key) for key in kept} for member in found]


def record(project, options, source):
    """One run in a fresh copy, as it is kept: what compatibility.py makes the table of."""
    words = shlex.split(options.command)
    doctor = Run(options.program, ["doctor"], source, options.timeout)
    run = Run(options.program, words, source, options.timeout)
    return run, {
        **{key: project[key] for key in ("name", "version")},
        "origin": origin(project),
        "day": datetime.date.today().isoformat(),
        "code": run.code,
        "seconds": round(run.seconds, 1),
        "members": members(doctor),
        "inferred": inferred(run),
        "tests": [{key: event.get(key) for key in ("language", "member", "counts")} for event in run.of("tested")],
        "errors": [without(source, line) for line in run.errors()] if run.code else [],
    }


def without(source, line):
    """A sentence without the temporary folder in it."""
    return line.replace(str(source) + "/", "").replace(str(source), ".")


def records():
    """What was kept of each project, by its name."""
    try:
        return json.loads(RECORDS.read_text("utf-8"))
    except FileNotFoundError:
        return {}


def keep(kept):
    """In the place of what was seen of the project before."""
    text = json.dumps({**records(), kept["name"]: kept}, indent=1, sort_keys=True)
    RECORDS.write_text(text + "\n", "utf-8")


def seen(project):
    """What an earlier run of these very sources kept; `None` where there is none."""
    kept = records().get(project["name"])
    return kept if kept and kept["origin"] == origin(project) else None


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
                found["maturin"] = version.group(1) if version else "of a range"
    found["dependencies"] = "; ".join(found["dependencies"]) or "none"
    return found


# ------------------------------------------------------------------ the recipes


def recipe_names(options):
    """Those that are asked for."""
    names = list(trial.RECIPES) if options.recipes == "all" else options.recipes.split(",")
    if unknown := [name for name in names if name not in trial.RECIPES]:
        sys.exit(f"error: no recipe `{unknown[0]}`; there are {', '.join(trial.RECIPES)}")
    return names


def kept_recipes(project):
    return trial.Kept(SEEN / "recipes" / f"{label(project)}.json", origin(project)).read()


def try_recipes(project, options, folder):
    """Runs the recipes, with `--resume` those that did not end well before; whether none is a defect."""
    kept = kept_recipes(project)
    done = {name for name, result in kept.results.items() if options.resume and result["verdict"] != trial.DEFECT}
    names = [name for name in recipe_names(options) if name not in done]
    if not names:
        return True
    place = folder / label(project)
    try:
        place.mkdir()
        source = sources(project, place)
        trial.commit(source)
    except (Failure, OSError, tarfile.TarError) as error:
        print(f"    error: {error}", flush=True)
        return False
    for name in names:
        result, text = trial.tried(name, project, options, source)
        kept.add(name, result, text)
        said = result["said"][-1] if result["said"] else ""
        print(f"    {name:<8} {result['verdict']:<8} {result['seconds']:7.1f} s  {said}".rstrip(), flush=True)
    return all(result["verdict"] != trial.DEFECT for result in kept.results.values())


def try_all_recipes(projects, options, folder):
    """How many projects show a defect. Those that are refused as a whole have no recipes."""
    failed = 0
    for project in projects:
        if project.get("refused"):
            continue
        print("{name} {version}".format(**project), flush=True)
        failed += not try_recipes(project, options, folder)
        if not options.keep:
            shutil.rmtree(folder / label(project), ignore_errors=True)
    return failed


def write_recipes_page(options):
    """The page is of all projects whose recipes were run."""
    rows = [(project, kept_recipes(project).results) for project in read_list(LIST, [])]
    rows = [(project, kept) for project, kept in rows if kept]
    if rows:
        RECIPES_PAGE.write_text(trial_page.page(rows, trial.RECIPES, options.timeout / 60), "utf-8")


# ------------------------------------------------------------------ the table


def row(width, project, cells, dependencies):
    text = f"{project:<{width}}"
    for cell, (_, size) in zip(cells, COLUMNS):
        text += f"  {cell:>{size}}" if size == 8 else f"  {cell:<{size}}"
    print(f"{text}  {dependencies}".rstrip(), flush=True)


def try_project(project, options, folder):
    """The cells of its line, what the dependencies came from, lines below it, and success."""
    place = folder / label(project)
    place.mkdir()
    try:
        source = sources(project, place)
    except (Failure, OSError, tarfile.TarError) as error:
        return ["not started", "", "", ""], "", [f"error: {error}"], False
    run, kept = record(project, options, source)
    if options.list == LIST and options.command == "test":
        keep(kept)
    facts = kept["inferred"]
    result, errors, good = run.result(), kept["errors"], compatibility.ended_well(project, kept)
    if good and options.twice and run.code == 0:
        again = Run(options.program, shlex.split(options.command), source, options.timeout)
        good = again.was_fresh()
        result += ", fresh" if good else ", again"
        errors = [] if good else ["the second run was not fresh: " + reasons(again)]
    if not good and options.keep:
        errors.append(f"kept in {source}")
    if project.get("refused") and good:
        result = "refused"
    cells = [result, f"{run.seconds:.1f}", facts["python"], facts["maturin"]]
    notes = run.tests()
    notes += [f"its own commands: {text}" for text in compatibility.own_counts(project)]
    if run.code != 0 or not good:
        notes += errors
    return cells, facts["dependencies"], notes, good


def try_own(project, options, place):
    """What the project's own commands print of their tests, from a fresh copy and environment."""
    source = sources(project, place)
    scripts = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    env = {**os.environ, "VIRTUAL_ENV": str(place / "venv"), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    lines = []
    for command in project.get("own", {}).get("commands", []):
        try:
            done = subprocess.run(command, shell=True, cwd=source, env=env, capture_output=True, text=True, timeout=options.timeout)
        except subprocess.TimeoutExpired:
            return [*lines, f"{command}: timeout"]
        said = compatibility.counts_in(done.stdout + done.stderr)
        lines += [f"{command}: {', '.join(said) or f'exit code {done.returncode}'}"]
        if done.returncode and not said:
            return [*lines, *(done.stderr or done.stdout).strip().splitlines()[-3:]]
    return lines


def reasons(run):
    because = [step.get("because") for step in run.steps() if step.get("because")]
    return "; ".join(because) or run.result()


def read_toml(path):
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        sys.exit(f"error: cannot read the list: {error}")
    except tomllib.TOMLDecodeError as error:
        sys.exit(f"error: `{path}` is not valid TOML: {error}")


def read_list(path, only):
    projects = read_toml(path).get("project", [])
    for project in projects:
        wanted = {"commit"} if "git" in project else {"sha256"}
        missing = {"name", "version", *wanted} - project.keys()
        if missing:
            sys.exit(f"error: a project in `{path}` lacks {', '.join(sorted(missing))}")
    names = {normalized(project["name"]) for project in projects}
    unknown = [name for name in only if normalized(name) not in names]
    if unknown:
        sys.exit(f"error: not in `{path}`: {', '.join(unknown)}")
    wanted = {normalized(name) for name in only}
    return [project for project in projects if not wanted or normalized(project["name"]) in wanted]


def arguments():
    parser = argparse.ArgumentParser(description="Run cargo-pyx against real projects, as they were published.")
    parser.add_argument("list", nargs="?", type=Path, default=LIST, help="the TOML list")
    parser.add_argument("--command", default="test", help="what to run, with its options")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="repeatable")
    parser.add_argument("--recipes", default="", metavar="NAMES", help="run these recipes instead, comma-separated, or `all`")
    parser.add_argument("--python", default="3.11", help="the interpreter of the recipe `wheel`")
    parser.add_argument("--twice", action="store_true", help="run again; it must be fresh")
    parser.add_argument("--resume", action="store_true", help="skip what ended well before")
    parser.add_argument("--own", action="store_true", help="run the projects' own commands instead")
    parser.add_argument("--page", action="store_true", help="run nothing: write the page")
    parser.add_argument("--keep", action="store_true", help="keep the unpacked projects")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="the cargo-pyx to run")
    options = parser.parse_args()
    options.program = options.program.absolute()
    if not (options.page or options.own or options.program.is_file()):
        sys.exit(f"error: no `{options.program}`\n\nhint: cargo build --release")
    options.refusals = read_toml(options.list).get("refusal", [])
    return options


def is_done(project, options):
    kept = seen(project) if options.resume else None
    return kept is not None and options.command == "test" and compatibility.ended_well(project, kept)


def write_page(projects):
    rows = [(project, kept) for project in projects if (kept := seen(project))]
    PAGE.write_text(compatibility.page(rows, projects), "utf-8")


def try_all(projects, options, folder):
    """How many did not end as they should."""
    names = ["{name} {version}".format(**project) for project in projects]
    width = max(map(len, ["project", *names]))
    failed = 0
    row(width, "project", [name for name, _ in COLUMNS], "dependencies")
    for name, project in zip(names, projects):
        if is_done(project, options):
            row(width, name, ["as before", "", "", ""], "")
            continue
        cells, dependencies, notes, good = try_project(project, options, folder)
        row(width, name, cells, dependencies)
        for line in notes:
            print("    " + line, flush=True)
        failed += not good
        if not options.keep:
            shutil.rmtree(folder / label(project), ignore_errors=True)
    print(f"{len(projects) - failed} of {len(projects)} ok")
    return failed


def main():
    options = arguments()
    projects = read_list(options.list, options.only)
    folder = Path(tempfile.mkdtemp(prefix="pyx-corpus-"))
    failed = 0
    try:
        if options.own:
            for project in projects:
                place = folder / label(project)
                place.mkdir()
                print("{name} {version}".format(**project), *try_own(project, options, place), sep="\n    ", flush=True)
                shutil.rmtree(place, ignore_errors=True)
        elif options.recipes and not options.page:
            failed = try_all_recipes(projects, options, folder)
        elif not options.page:
            failed = try_all(projects, options, folder)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if options.list == LIST and options.recipes:
        write_recipes_page(options)
    elif options.list == LIST and options.command == "test" and not options.own:
        write_page(read_list(LIST, []))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
