"""The project as a wheel, in an environment and a target directory separate from those of `cargo pyx dev`."""

import functools
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import consent
import given
import programs
import steps
from given import CHECKOUT, PYX, shown
from given import ROOT as PROJECT
from programs import say

ERRORS = 1
MISSING = 3
NO_TESTS = 5
WINDOWS = os.name == "nt"


def stop(text, hint=None, code=ERRORS):
    """Ends the recipe because of something the user has to settle."""
    steps.error(text, hint)
    sys.exit(code)


class Call:
    """A program that a pyx step starts: what, where, and with which variables."""

    def __init__(self, step):
        self.words = [step["program"], *step["arguments"]]
        self.dir, self.env, self.unset = Path(step["directory"]), dict(step["set"]), list(step["unset"])

    def run(self, words=None, env=None):
        """Starts it, or something else in its place; a person sees it work."""
        words = [str(word) for word in (words or self.words)]
        return programs.start(words, self.dir, {**self.env, **(env or {})}, self.unset, None, None)

    def watch(self, words):
        """Starts something in its place; a person sees what it prints, its errors are shown and read."""
        words = [str(word) for word in words]
        done = programs.start(words, self.dir, self.env, self.unset, None, programs.PIPE)
        print(done.err, end="", file=sys.stderr, flush=True)
        return done

    def read(self, words=None, env=None, errors=False):
        """The same, and what it prints is read; with `errors` its stderr is shown, else read in order."""
        words = [str(word) for word in (words or self.words)]
        start = programs.read if errors else programs.combined
        more = {"errors": True} if errors else {}
        return start(words, self.dir, {**self.env, **(env or {})}, self.unset, **more)


def plan(arguments, variables, project=PROJECT):
    """The steps that pyx would take in a project's folder."""
    words = [PYX, *arguments, "--dry-run", "--message-format", "json"]
    done = programs.read(words, project, variables)
    if done.code == NO_TESTS:  # which is no error where the other language has some
        return []
    print(done.err, end="", file=sys.stderr, flush=True)
    found = [event for event in events(done.out) if event.get("type") == "plan"]
    if not (done and found):
        stop(f"`cargo pyx {arguments[0]} --dry-run` printed no plan: it {done.how()}", code=max(done.code, ERRORS))
    return [step for event in found for step in event.get("steps", [])]


def events(text):
    """The JSON objects among pyx's lines."""
    for line in text.splitlines():
        found = programs.Outcome([PYX], 0, line).json()
        if isinstance(found, dict):
            yield found


def is_process(step):
    """Whether a step runs one program."""
    return all(step.get(key) is not None for key in ("program", "arguments", "directory", "set", "unset"))


class Installed:
    """A wheel in a clean environment, together with what the project's tests need."""

    def __init__(self, calls, profile, folder):
        self.calls = calls  # one for each suite of Python tests, in a copy without the package's sources
        self.profile, self.target = profile, folder / "target"
        self.env = Path(calls[0].env["VIRTUAL_ENV"])
        self.python = self.env / ("Scripts" if os.name == "nt" else "bin") / "python"

    def has(self, distribution):
        script = "import sys, importlib.metadata as m; m.version(sys.argv[1])"
        return self.ask(script, distribution, check=False) is not None

    def add(self, *requirements):
        """Installs a tool, unless the project brings it; all but one are for other Pythons."""
        if not self.has(requirements[0].split("==")[0]):
            done = self.install(requirements)
            if not done:
                stop(f"cannot install `{requirements[0]}` into `{shown(self.env)}`: {done.last()}", code=MISSING)

    def install(self, requirements):
        """Installs requirements."""
        words = [given.UV, "pip", "install", "--quiet", "--python", self.python, *requirements]
        return programs.read(words, self.env)

    def ask(self, script, *arguments, check=True):
        """The output of a script run with the environment's Python."""
        done = programs.read([self.python, "-I", "-c", script, *arguments], self.env)
        if done:
            return done.out.strip()
        return stop(f"`{shown(self.python)}` {done.how()}: {done.last()}") if check else None


def wheel(folder, profile, variables=None, project=PROJECT):
    """Builds the wheel in `folder` and installs it there, all by pyx's own `test --wheel`, which runs no test
    here: the test runner is only asked for `--help`. `project`: whose it is."""
    target = str(folder / "target")
    variables = {"CARGO_TARGET_DIR": target, "CARGO_BUILD_BUILD_DIR": target, **(variables or {})}
    arguments = ["test", "--py", "--wheel", "--profile", profile]
    if not plan(arguments, variables, project):
        return None
    say("Building", f"a separate wheel in {shown(folder)} [{profile}]")
    words = [PYX, "--quiet", *arguments, "--", "--help"]
    done = programs.read(words, project, variables, errors=True)
    if not done:
        stop(f"the wheel cannot be tested: `cargo pyx test --wheel` {done.how()}", code=max(done.code, ERRORS))
    tested = [step for step in plan(arguments, variables, project) if "Python tests" in step.get("name", "")]
    calls = [Call(step) for step in tested if is_process(step)]
    if not calls or "VIRTUAL_ENV" not in calls[0].env:
        stop("`cargo pyx test --wheel` plans no Python tests")
    return Installed(calls, profile, folder)


def sources(name):
    """Files of the checkout whose name matches, without those in build folders or hidden ones."""
    for folder, folders, names in os.walk(CHECKOUT):
        folders[:] = [sub for sub in folders if sub not in ("target", "node_modules") and sub[0] != "."]
        yield from (Path(folder, file) for file in names if re.fullmatch(name, file))


def builds(target):
    """The folders of a target directory that hold pyx's builds: one, or one for each checkout that shares it."""
    return [target / "pyx" / "ext", *target.glob("pyx/*/ext")]


def seed(source, to):
    """Creates a target directory from another one's builds. Those of the checkout's own crates are made out of
    date there: cargo compares the times of sources with those of its `dep-` files."""
    if not source.is_dir() or to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, to, symlinks=True)
    manifests = [path.read_text(errors="replace") for path in sources("Cargo.toml")]
    own = {name for text in manifests for name in re.findall(r'^name\s*=\s*"([^"]+)"', text, re.M)}
    # in both layouts of a build directory: cargo 1.100 has another one
    kept = [(folder, folder.name.rpartition("-")[0]) for folder in to.glob("**/.fingerprint/*")]
    kept += [(folder, folder.parts[-3]) for folder in to.glob("**/build/*/*/fingerprint")]
    for file in (file for folder, name in kept if name in own for file in folder.glob("dep-*")):
        os.utime(file, (0, 0))


def needs_shell(name):
    """Ends a recipe that calls the compiler through `wrapper`, if the system has no shell to run it."""
    if WINDOWS:
        stop(f"`{name}` works on Linux and macOS only: cargo calls the compiler through a shell script there", "run it in WSL", MISSING)


def wrapper(folder, variable, flags, which="*"):
    """Variables that make cargo call the compiler through a script, which adds flags if the arguments match a
    shell pattern: unlike RUSTFLAGS, it replaces none of the project's own."""
    inherited = os.environ.get(variable, "")
    before = f"{shlex.quote(inherited)} " if inherited else ""
    text = f"""#!/bin/sh
case " $* " in
{which}) set -- "$@" {shlex.join(flags)} ;;
esac
exec {before}"$@"
"""
    script = folder / "rustc.sh"
    folder.mkdir(parents=True, exist_ok=True)
    if not script.is_file() or script.read_text() != text:
        script.write_text(text)
        script.chmod(0o755)
    return {variable: str(script)}


@functools.lru_cache(maxsize=None)
def toolchain(folder):
    """What rustc reports in a folder: its host and its sysroot."""
    variables = variables_of(folder)
    version = programs.read(["rustc", "-vV"], folder, variables)
    host = re.search(r"^host: (.+)$", version.out, re.M)
    sysroot = programs.read(["rustc", "--print", "sysroot"], folder, variables)
    if version.trouble:
        stop(f"`rustc` {version.trouble}", code=MISSING)
    if not (version and host and sysroot and sysroot.out.strip()):
        stop(f"`rustc` does not say where its tools are: it {(version if not version else sysroot).how()}", code=MISSING)
    return host.group(1).strip(), Path(sysroot.out.strip())


def variables_of(folder):
    """The toolchain of the package in a folder, if pyx has chosen it."""
    for member in given.MEMBERS:
        if member.get("dir") == str(folder) and member.get("toolchain"):
            return {"RUSTUP_TOOLCHAIN": member["toolchain"]}
    return {}


def llvm(program, yes=False):
    """A program of the toolchain's component llvm-tools, which is added if the user agrees."""
    crates = given.crates()
    folder = Path(crates[0]["dir"]) if crates and crates[0].get("dir") else PROJECT
    host, sysroot = toolchain(folder)
    tool = sysroot / "lib" / "rustlib" / host / "bin" / program
    if not tool.is_file() and shutil.which("rustup"):
        if consent.given_for("add llvm-tools to the Rust toolchain", yes):
            programs.run(["rustup", "component", "add", "llvm-tools"], folder, variables_of(folder))
    if not tool.is_file():
        hint = "rustup component add llvm-tools"
        stop(f"`{program}` is missing from the Rust toolchain", hint, MISSING)
    return str(tool)


def table(rows, left=1):
    """Columns of text; those after the first `left` ones are right-aligned."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (text.ljust(width) if i < left else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths)))
        print("  ".join(cells).rstrip())
