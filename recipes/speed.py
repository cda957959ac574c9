#!/usr/bin/env python3
"""Measure cargo-pyx beside what people use today: whole processes, all sides of a situation in one run.

The projects are those of docs/speed.toml. Each side works in a copy of its own, made ready by itself
before anything is measured. hyperfine measures; its medians and minima are kept in target/speed.json, and
docs/speed.md and docs/speed.svg are written from them (`--page` does that alone).

Nothing else may run meanwhile. Standard library only.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import corpus
import published
import speed_page
import tomllib

ROOT = corpus.ROOT
TABLE = ROOT / "docs" / "speed.toml"
SEEN = ROOT / "target" / "speed.json"
PAGE = ROOT / "docs" / "speed.md"
PICTURE = ROOT / "docs" / "speed.svg"

CACHE_KEYS = '\n[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "**/Cargo.toml" }, { file = "**/*.rs" }]\n'


def shell(*commands):
    """One program for several commands, the next only where the last went well."""
    return shlex.join(["sh", "-c", " && ".join(commands)])


class Place:
    """One side's copy of one project, and the commands that it is measured by."""

    def __init__(self, options, project, source, folder):
        self.options, self.project, self.folder = options, project, folder
        shutil.copytree(source, folder, symlinks=True)
        subprocess.run("git init -q && git add -A", shell=True, check=True, cwd=folder)
        self.member = folder / project.get("member", ".")
        self.environment = folder / ".venv"
        self.python = self.environment / "bin" / "python"

    def within(self, command, **variables):
        pairs = [f"{name}={value}" for name, value in variables.items()]
        return shlex.join(["env", "-C", str(self.member), *pairs, *command])

    def make(self, *commands):
        for command in commands:
            done = subprocess.run(command, shell=True, capture_output=True, text=True)
            if done.returncode:
                raise published.Failure(f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def pyx(self, *words):
        return shlex.join([str(self.options.program), "pyx", *words, "-q", "-C", str(self.folder)])

    def venv(self):
        return shlex.join(["uv", "venv", "-q", "--clear", "--python", self.options.python, str(self.environment)])

    def sync(self):
        """What the project's tests need, by uv and without the project."""
        return self.within(
            ["uv", "sync", "-q", "--no-install-workspace", "--all-groups", "--inexact"],
            UV_PROJECT_ENVIRONMENT=self.environment,
        )

    def maturin(self):
        return self.within(["maturin", "develop", "-q", "--uv"], VIRTUAL_ENV=self.environment)

    def pytest(self):
        return self.within([str(self.python), "-m", "pytest", "-q"])

    def cargo(self, *words):
        """cargo in a target directory of its own, told which Python it is for."""
        return self.within(
            ["cargo", *words, "-q"],
            CARGO_TARGET_DIR=self.folder / "target" / "plain",
            PYO3_PYTHON=self.python,
            LD_LIBRARY_PATH=self.options.libdir,
        )

    def extension(self):
        return self.within(
            ["cargo", "rustc", "-q", "--lib", "--crate-type", "cdylib"],
            PYO3_BUILD_EXTENSION_MODULE=1,
            PYO3_PYTHON=self.python,
            CARGO_TARGET_DIR=self.folder / "target" / "plain",
        )

    def hook(self):
        """Builds as the import of the module asks for it; the start of Python is in its time."""
        script = f"import maturin_import_hook as hook; hook.install(); import {self.project['module']}"
        path = f"{self.python.parent}:{os.environ['PATH']}"
        return self.within([str(self.python), "-c", script], VIRTUAL_ENV=self.environment, PATH=path)

    def install_hook(self):
        packages = ["maturin-import-hook", "maturin"]
        return shlex.join(["uv", "pip", "install", "-q", "--python", str(self.python), *packages])

    def status(self):
        return shlex.join(["git", "-C", str(self.folder), "status", "--short"])

    def uv_run(self, *words):
        return self.within(["uv", "run", "-q", *words], UV_PROJECT_ENVIRONMENT=self.environment)

    def is_stale(self, which):
        """Whether nothing that Python could import is as new as the edited file."""
        edited = (self.folder / self.project[which]).stat().st_mtime
        modules = [*self.environment.rglob("*.so"), *self.member.glob("**/*.so")]
        return all(module.stat().st_mtime < edited for module in modules)

    def touch(self, which):
        """Adds a line that compiles to nothing: every tool has to look again."""
        path = self.folder / self.project[which]
        mark = "#" if path.suffix == ".py" else "//"
        return shell(f"printf '\\n{mark} %s\\n' \"$(date +%N)\" >> {shlex.quote(str(path))}")


# Each situation: what it is, the file that is edited before every run, and each side's command.
# The limit is what nobody can be faster than: cargo alone, which leaves nothing in the environment.


def warm(which, of):
    def sides(place):
        found = {
            "cargo pyx": lambda it: it.pyx(of),
            "maturin develop": lambda it: it.maturin(),
            "import hook": lambda it: it.hook(),
            "uv run": lambda it: it.uv_run("true"),
            speed_page.KEYLESS: lambda it: it.uv_run("true"),
            "cargo alone": lambda it: it.extension(),
        }
        if of == "test":
            found = {
                "cargo pyx": lambda it: it.pyx("test"),
                "maturin develop": lambda it: shell(it.maturin(), it.cargo("test"), it.pytest()),
                "uv run": lambda it: shell(it.uv_run("pytest", "-q"), it.cargo("test")),
                "cargo alone": lambda it: shell(it.cargo("test"), it.pytest()),
            }
        wanted = {side: command for side, command in found.items() if place.wants(side)}
        commands = {side: (command(place(side)), which) for side, command in wanted.items()}
        if which is None:
            commands[speed_page.YARDSTICK] = (place("cargo pyx").status(), None)
        return commands

    return sides


def switch(place):
    def by_pyx(it):
        check = it.within(["cargo", "check", "-q"])
        return shell(it.pyx("dev"), it.pyx("test"), check, it.pyx("dev"))

    def by_hand(it):
        plain = it.within(["cargo", "check", "-q"])
        tests = it.within(["cargo", "test", "-q"], PYO3_PYTHON=it.python, LD_LIBRARY_PATH=it.options.libdir)
        return shell(it.maturin(), tests, it.pytest(), plain, it.maturin())

    return {
        "cargo pyx": (by_pyx(place("cargo pyx")), "edit"),
        "maturin develop": (by_hand(place("maturin develop")), "edit"),
    }


def cold(place):
    ours, hand = place("cargo pyx"), place("maturin develop")
    tests = hand.within(["cargo", "test", "-q"], PYO3_PYTHON=hand.python, LD_LIBRARY_PATH=hand.options.libdir)
    return {
        "cargo pyx": (ours.pyx("test"), None),
        "maturin develop": (shell(hand.venv(), hand.sync(), hand.maturin(), hand.pytest(), tests), None),
    }


def registries(place):
    """As `cold`, with the caches of cargo and uv empty as well; every side has the tools themselves."""
    empty = {"CARGO_HOME": "target/cargo-home", "UV_CACHE_DIR": "target/uv-cache"}

    def without(side, command):
        folder = place(side).folder
        return shlex.join(["env", *(f"{name}={folder / path}" for name, path in empty.items()), *shlex.split(command)])

    return {side: (without(side, command), which) for side, (command, which) in cold(place).items()}


def second(place):
    ours, hand = place("cargo pyx"), place("maturin develop")
    other = ours.options.second
    second = hand.folder / ".venv2"
    venv = shlex.join(["uv", "venv", "-q", "--clear", "--python", other, str(second)])
    build = hand.within(["maturin", "develop", "-q", "--uv"], VIRTUAL_ENV=second)
    return {
        "cargo pyx": (ours.pyx("dev", "--python", other), None),
        "maturin develop": (shell(venv, build), None),
    }


def release(place):
    ours, hand = place("cargo pyx"), place("maturin develop")
    pythons = ours.options.pythons.split(",")
    words = [word for python in pythons for word in ("--python", python)]
    each = [hand.within(["maturin", "build", "-q", "--release", "-o", str(hand.folder / "dist"), "-i", f"python{python}"]) for python in pythons]
    return {
        "cargo pyx": (ours.pyx("release", "wheel", "--allow-dirty", *words), None),
        "maturin develop": (shell(*each), None),
    }


class Situation:
    def __init__(self, title, sides, needs=None, runs=None, fresh=()):
        self.title, self.sides, self.needs, self.runs, self.fresh = title, sides, needs, runs, fresh

    def prepared(self, place, which):
        """What stands before each run, unmeasured."""
        if which:
            return place.touch(which)
        if not self.fresh:
            return "true"
        return shlex.join(
            ["rm", "-rf", *(str(path) for name in self.fresh for path in place.folder.glob(name))] + [str(place.folder / name) for name in self.fresh]
        )


SITUATIONS = {
    "no-op": Situation("nothing changed", warm(None, "dev")),
    "edit": Situation("edit of the crate → importable", warm("edit", "dev")),
    "green": Situation("edit of the crate → both suites green", warm("edit", "test")),
    "dependency": Situation("edit of a path dependency → importable", warm("dependency", "dev"), "dependency"),
    "python": Situation("edit of a Python file", warm("python", "dev"), "python"),
    "switch": Situation("edit, then dev → test → cargo check → dev", switch, runs=5),
    "second": Situation("a second Python, its environment and build", second, runs=3, fresh=(".venv2", "target/pyx/envs", "target/wheels")),
    "release": Situation("wheels for three Pythons", release, runs=2, fresh=("dist", "target")),
    "cold": Situation("fresh clone → both suites green, warm registries", cold, runs=2, fresh=("target", ".venv")),
    "registries": Situation("fresh clone → both suites green, cold registries", registries, runs=1, fresh=("target", ".venv")),
}


def source_of(project, folder):
    if "path" in project:
        names = subprocess.run(["git", "ls-files", "-z", project["path"]], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in names.stdout.split("\0"):
            if name:
                to = folder / Path(name).relative_to(project["path"])
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, to)
        return folder
    return published.unpack(published.download(project), folder)


class Places:
    """The copies of a project by side, each as its own tools leave it; made when a situation first asks."""

    def __init__(self, options, project, folder):
        self.options, self.project, self.folder = options, project, folder
        self.source = source_of(project, folder / "source")
        self.known = {}

    def wants(self, side):
        return not self.options.sides or side in self.options.sides.split(",")

    def __call__(self, side):
        if side in self.known:
            return self.known[side]
        it = Place(self.options, self.project, self.source, self.folder / side.replace(" ", "-"))
        self.known[side] = it
        if side == "cargo pyx":
            it.make(it.pyx("test"))
            return it
        if side == "uv run":
            manifest = it.member / "pyproject.toml"
            manifest.write_text(manifest.read_text("utf-8") + CACHE_KEYS, "utf-8")
        it.make(it.venv(), it.sync(), it.maturin())
        if side == "import hook":
            it.make(it.install_hook(), it.hook())
        if side in ("uv run", speed_page.KEYLESS):
            it.make(it.uv_run("true"))
        return it


def measure(options, project, name, place):
    """The results of one situation by side, in seconds; a side that cannot do it is left out and said."""
    situation = SITUATIONS[name]
    commands, stale = [], []
    for side, (command, which) in situation.sides(place).items():
        prepare = situation.prepared(place(side), which)
        probe = subprocess.run(f"{prepare} && {command}", shell=True, capture_output=True, text=True)
        if probe.returncode:
            print(f"! {project['name']}: {name}: {side} fails: {(probe.stderr or probe.stdout).strip()[-300:]}")
            continue
        commands.append((side, prepare, command))
        if side == speed_page.KEYLESS and which and place(side).is_stale(which):
            stale.append(side)
    export = SEEN.with_suffix(".run")
    words = ["hyperfine", "-N", "--style", "none", "--warmup", "0" if situation.fresh else "1"]
    words += ["--runs", str(situation.runs or options.runs), "--export-json", str(export)]
    for side, prepare, command in commands:
        words += ["--prepare", prepare, "--command-name", side, command]
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise published.Failure(f"{project['name']}: {name}: hyperfine ended with {done.returncode}: {done.stderr[-500:]}")
    results = json.loads(export.read_text("utf-8"))["results"]
    export.unlink()
    return {
        one["command"]: {
            "median": one["median"],
            "min": one["min"],
            "runs": len(one["times"]),
            "stale": one["command"] in stale,
        }
        for one in results
    }


def machine(options):
    said = {}
    for tool in ("cargo", "uv", "maturin"):
        done = subprocess.run([tool, "--version"], capture_output=True, text=True)
        said[tool] = done.stdout.strip()
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": cpus[0].partition(":")[2].strip() if cpus else platform.processor(),
        "system": platform.platform(),
        "python": options.python,
        **said,
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=corpus.PROGRAM, help="the cargo-pyx to measure")
    parser.add_argument("--only", default="", help="projects, comma-separated")
    parser.add_argument("--situations", default=",".join(SITUATIONS), help="which ones, comma-separated")
    parser.add_argument("--sides", default="", help="which sides to measure if there are more than two, comma-separated")
    parser.add_argument("--runs", type=int, default=10, help="runs of each command, except the long ones")
    parser.add_argument("--python", default="3.11", help="the interpreter for all sides")
    parser.add_argument("--second", default="3.12", help="the second interpreter of a matrix")
    parser.add_argument("--pythons", default="3.11,3.12,3.13", help="the interpreters for a release")
    parser.add_argument("--page", action="store_true", help="only write the page, from existing measurements")
    options = parser.parse_args()
    if options.page:
        return options
    for tool in ("hyperfine", "uv", "maturin"):
        if not shutil.which(tool):
            parser.error(f"{tool} is not on PATH")
    asked = ["uv", "run", "--no-project", "-q", "--python", options.python, "python", "-c"]
    script = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))"
    options.libdir = subprocess.run([*asked, script], capture_output=True, text=True, check=True).stdout.strip()
    return options


def main():
    options = arguments()
    projects = tomllib.loads(TABLE.read_text("utf-8"))["project"]
    seen = json.loads(SEEN.read_text("utf-8")) if SEEN.exists() else {"results": {}}
    wanted = options.only.split(",") if options.only else [project["name"] for project in projects]
    for project in () if options.page else projects:
        if project["name"] not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="pyx-speed-") as temp:
            folder = Path(temp).resolve()
            (folder / "source").mkdir()
            place = Places(options, project, folder)
            for name in options.situations.split(","):
                situation = SITUATIONS[name]
                if situation.needs and situation.needs not in project:
                    continue
                found = measure(options, project, name, place)
                seen["results"].setdefault(project["name"], {})[name] = found
                seen["machine"] = machine(options)
                SEEN.write_text(json.dumps(seen, indent=1), "utf-8")
                told = ", ".join(f"{side} {speed_page.duration(one['median'])}" for side, one in found.items())
                print(f"{project['name']:<14} {name:<11} {told}", flush=True)
    titles = {name: situation.title for name, situation in SITUATIONS.items()}
    PAGE.write_text(speed_page.page(seen, titles), "utf-8")
    PICTURE.write_text(speed_page.picture(seen, titles), "utf-8")


if __name__ == "__main__":
    try:
        main()
    except published.Failure as failure:
        sys.exit(f"error: {failure}")
