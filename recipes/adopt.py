#!/usr/bin/env python3
"""Run `cargo pyx init` on packages and crates as they were published, and write the table of docs/adopting.md.

The list is docs/adopting.toml, one entry a project:

    [[package]]                 # on the package index
    name = "acme"
    version = "1.2.0"
    sha256 = "4793ef7f…"        # of the source distribution
    kind = "hatch-vcs, src/"    # what is in the way
    own = "uv pip install . pytest && pytest"    # how its tests are run without cargo-pyx, if not so
    layout = "workspace"        # where the module goes, if not where `init` puts it
    refused = "its build hook"  # a part of the sentence, where that is right

    [[crate]]                   # on the crate registry: `cargo fetch` brings it, and checks the hash
    name = "acme"

Each is unpacked into a folder and committed there; its own tests are run; then `init --yes`, a commit,
`test` and `release wheel` for one Python. It is done where all of them end with 0 and as many tests pass as
before; refused, rightly, if the list says so; not judged if its own tests were failing before; otherwise a defect.
Prints a line for each, keeps the results in target/adopt, and writes the table from them; `--resume` skips what ended
well before. The exit code is 1 if there is a defect.

Standard library only, what corpus.py and published.py have, and git and uv on PATH.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import compatibility
import corpus
import published
import tomllib

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "adopting.toml"
SEEN = ROOT / "target" / "adopt"
PAGE = ROOT / "docs" / "adopting.md"
WORK = Path(tempfile.gettempdir()) / "pyx-adopt"
"""All stand in the same place, one after the other, so that PyO3 is compiled for the first of them only."""
MARKS = "<!-- what `just adopt` has seen -->", "<!-- end -->"
OWN = {"package": "uv pip install . pytest && pytest", "crate": "cargo test"}
NEW = {"package": 2, "crate": 1}
"""Tests that `init` writes: one in Python, and one in Rust where there was none."""
DEFECT = "**defect**"
LONGEST = 300  # characters of a sentence that are shown
PYTHON = "%d.%d" % sys.version_info[:2]


def call(words, folder, limit, env=None):
    """The exit code, and everything that was printed; no code if it took too long."""
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=env,
            shell=isinstance(words, str),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=limit,
        )
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        return None, str(error)


def commit(folder, message):
    git = ["git", "-C", str(folder), "-c", "user.name=pyx", "-c", "user.email=pyx@example.org"]
    for words in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", message]):
        subprocess.run([*git, *words], check=True, capture_output=True)


# ------------------------------------------------------------------ sources


def crate(project, folder):
    """What cargo unpacks of a crate, once it has checked the hash against the given lock."""
    asked = folder / "asked"
    (asked / "src").mkdir(parents=True)
    (asked / "src" / "lib.rs").write_text("")
    (asked / "Cargo.toml").write_text(
        '[package]\nname = "asked"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n{name} = "={version}"\n\n[workspace]\n'.format(**project)
    )
    code, said = call(["cargo", "metadata", "--format-version", "1", "--quiet"], asked, 300)
    if code:
        raise published.Failure(said.strip().splitlines()[-1])
    locked = tomllib.loads((asked / "Cargo.lock").read_text())["package"]
    found = [one.get("checksum") for one in locked if one["name"] == project["name"] and one["version"] == project["version"]]
    if found != [project["sha256"]]:
        raise published.Failure(f"SHA-256 is {', '.join(map(str, found))}, the list says {project['sha256']}")
    packages = json.loads(said[said.index('{"packages"') :])["packages"]
    manifest = next(one["manifest_path"] for one in packages if one["name"] == project["name"])
    tree = folder / project["name"]
    left = shutil.ignore_patterns(".cargo-ok", ".cargo_vcs_info.json", "Cargo.toml.orig")
    shutil.copytree(Path(manifest).parent, tree, ignore=left)
    return tree


def sources(project, folder):
    of_crate = project["of"] == "crate"
    unpacked = crate(project, folder) if of_crate else published.unpack(published.download(project), folder)
    tree = unpacked.rename(folder / "project")
    subprocess.run(["git", "init", "--quiet", str(tree)], check=True)
    commit(tree, "as published")
    return tree


# ------------------------------------------------------------------ one project


def own_tests(project, tree, folder, limit):
    """The results of its tests without cargo-pyx, in a copy and an environment of its own."""
    copy = folder / "own"
    shutil.copytree(tree, copy)
    env = {**os.environ, "CARGO_TARGET_DIR": str(folder / "own-target")}
    if project["of"] == "package":
        venv = folder / "venv"
        call(["uv", "venv", "--quiet", "--python", PYTHON, str(venv)], copy, limit)
        scripts = venv / ("Scripts" if os.name == "nt" else "bin")
        env |= {"VIRTUAL_ENV": str(venv), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    code, said = call(project.get("own", OWN[project["of"]]), copy, limit, env)
    counts = compatibility.counts_in(said)
    shutil.rmtree(folder / "own-target", ignore_errors=True)
    return counts[-1] if counts else f"exit code {code}"


def sentence(run, tree):
    """The last message of a tool and what cargo-pyx made of it, without where it happened."""
    own = [event.get("message", "").partition("\n  (cd ")[0] for event in run.of("error")]  # not the command
    lines = [line for line in run.errors()[:-1] + own[-1:] if line] or run.errors() or [run.result()]
    texts = [corpus.without(tree, " ".join(line.split())) for line in lines]
    return "; ".join(text if len(text) < LONGEST else text[:LONGEST] + "…" for text in texts)


def adopted(project, tree, options):
    """How far it got, the last message, and the tests that passed."""
    layout = ["--layout", project["layout"]] if "layout" in project else []
    steps = [("init", ["init", "--yes", *layout]), ("test", ["test"])]
    if not options.no_release:
        steps.append(("release", ["release", "wheel", "--python", PYTHON]))
    tests = []
    for name, words in steps:
        run = corpus.Run(options.program, words, tree, options.timeout)
        if name == "test":  # a release tests what is in its wheel, with no Rust tests
            tests = run.tests()
        if run.code is None:
            return name, f"it took more than {options.timeout:.0f} s", tests
        if run.code:
            return name, sentence(run, tree), tests
        commit(tree, name)
    return "tested" if options.no_release else "released", "", tests


def passed(texts):
    return sum(compatibility.parsed(text).get("passed", 0) for text in texts)


def verdict(project, seen):
    if seen["step"] == "init" and project.get("refused", "\0") in seen["why"]:
        return "refused, rightly"
    is_whole = passed(seen["tests"]) - NEW[project["of"]] >= passed([seen["own"]])
    if seen["step"] == "test" and is_whole and {"failed", "error"} & set(compatibility.parsed(seen["own"])):
        return "failing before"  # and so nothing is released
    if seen["step"] not in ("tested", "released") or not is_whole:
        return DEFECT
    return "done" if seen["step"] == "released" else "done, no wheel yet"


def record(project, options, folder):
    tree = sources(project, folder)
    own = own_tests(project, tree, folder, options.timeout)
    if not passed([own]):
        raise published.Failure(f"nothing to compare with: its own tests gave {own}, and `own` says how they are run")
    step, why, tests = adopted(project, tree, options)
    return {"version": project["version"], "own": own, "step": step, "why": why, "tests": tests}


# ------------------------------------------------------------------ the table


def kept(project):
    try:
        seen = json.loads((SEEN / "{of}-{name}.json".format(**project)).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return seen if seen.get("version") == project["version"] else None


def row(project, seen):
    tests = "; ".join(seen["tests"]) or "-"
    return "| {name} {version} | {kind} | {own} | {tests} | {verdict} |".format(
        **{**project, "own": seen["own"], "tests": tests, "verdict": verdict(project, seen)}
    )


def table(rows):
    notes = [f"- **{project['name']}**: {seen['why']}" for project, seen in rows if seen["why"]]
    verdicts = [verdict(project, seen).strip("*") for project, seen in rows]
    counts = [f"{verdicts.count(kind)} {kind}" for kind in dict.fromkeys(verdicts)]
    head = "| as published | kind | own tests before | tests after | result |\n| --- | --- | --- | --- | --- |"
    lines = [f"{'; '.join(counts)}.", "", head, *(row(project, seen) for project, seen in rows)]
    return "\n".join([*lines, "", *notes]).rstrip()


def write_page(projects):
    """The table covers what was run; what was not is named below it."""
    rows = [(project, seen) for project in projects if (seen := kept(project))]
    missing = [project["name"] for project in projects if not kept(project)]
    if not rows:
        return
    text = PAGE.read_text("utf-8")
    before, after = text.partition(MARKS[0])[0], text.partition(MARKS[1])[2]
    left = f"\n\nNot run yet: {', '.join(missing)}." if missing else ""
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{table(rows)}{left}\n\n{MARKS[1]}{after}", "utf-8")


def read_list():
    listed = tomllib.loads(LIST.read_text("utf-8"))
    return [{**project, "of": of} for of in OWN for project in listed.get(of, [])]


def arguments():
    parser = argparse.ArgumentParser(description="Run `cargo pyx init` on what was published.")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="repeatable")
    parser.add_argument("--resume", action="store_true", help="skip what ended well before")
    parser.add_argument("--page", action="store_true", help="run nothing: write the table of docs/adopting.md")
    parser.add_argument("--no-release", action="store_true", help="build no wheel")
    parser.add_argument("--keep", action="store_true", help="keep the projects")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="for each command")
    parser.add_argument("--program", type=Path, default=corpus.PROGRAM, help="the cargo-pyx to run")
    options = parser.parse_args()
    options.program = options.program.absolute()
    return options


def try_one(project, options):
    """Whether it ended well."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    folder = WORK
    try:
        seen = record(project, options, folder)
    except (published.Failure, OSError, subprocess.CalledProcessError) as error:
        print(f"{project['name']}: not started: {error}", flush=True)
        return False
    SEEN.mkdir(parents=True, exist_ok=True)
    (SEEN / "{of}-{name}.json".format(**project)).write_text(json.dumps(seen, indent=1), "utf-8")
    print(f"{row(project, seen)} {seen['why']}".rstrip(), flush=True)
    if options.keep:
        print(f"kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return verdict(project, seen) != DEFECT


def main():
    options = arguments()
    projects = read_list()
    os.environ.setdefault("CARGO_TARGET_DIR", str(SEEN / "builds"))
    good = True
    for project in [] if options.page else projects:
        wanted = not options.only or project["name"] in options.only
        seen = kept(project) if options.resume else None
        is_whole = seen and (seen["step"] == "released" or options.no_release or "refused" in project)
        if wanted and not (is_whole and verdict(project, seen) != DEFECT):
            good &= try_one(project, options)
    write_page(projects)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
