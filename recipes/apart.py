"""The project as a wheel, in an environment and a target directory apart from those of `cargo pyx dev`.

Standard library only, CPython 3.9 or newer.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PYX = os.environ["CARGO_PYX"]
PROJECT = Path(os.environ["CARGO_PYX_PROJECT"])
STATE = Path(os.environ["CARGO_PYX_STATE"])
ERRORS = 1
MISSING = 3
NO_TESTS = 5


def say(verb, text):
    """A line of progress, as cargo writes it."""
    print(f"{verb:>12} {text}", file=sys.stderr, flush=True)


def stop(text, hint=None, code=ERRORS):
    print(f"error: {text}" + (f"\n\nhint: {hint}" if hint else ""), file=sys.stderr)
    sys.exit(code)


def root():
    """The root of the checkout, else of the project."""
    git = ["git", "rev-parse", "--show-toplevel"]
    run = subprocess.run(git, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return Path(run.stdout.removesuffix("\n")) if run.returncode == 0 else PROJECT


def shown(path):
    """A path as people read it: relative where it is below the project."""
    path = Path(path)
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


class Call:
    """A command that pyx printed to be pasted: `(cd DIR && env [-u NAME] NAME=VALUE PROGRAM ARGS)`."""

    def __init__(self, text):
        words = shlex.split(text.strip()[1:-1])
        self.dir, rest, self.env = Path(words[1]), words[3:], dict(os.environ)
        if rest[0] == "env":
            rest = rest[1:]
            while rest[0] == "-u":
                self.env.pop(rest[1], None)
                rest = rest[2:]
            while re.match(r"\w+=", rest[0]):
                name, value = rest.pop(0).split("=", 1)
                self.env[name] = value.replace("$PATH", os.environ["PATH"]) if name == "PATH" else value
        self.words = rest

    def run(self, words=None, **options):
        env = {**self.env, **options.pop("env", {})}
        return subprocess.run(words or self.words, cwd=self.dir, env=env, **options)


def plan(arguments, variables):
    """The steps that pyx would take."""
    command = [PYX, *arguments, "--dry-run", "--message-format", "json"]
    text = subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, stdout=subprocess.PIPE)
    for line in text.stdout.splitlines():
        event = json.loads(line)
        if event.get("type") == "plan":
            return event["steps"]
    return sys.exit(text.returncode or ERRORS) if text.returncode != NO_TESTS else []


class Installed:
    """A wheel in a clean environment, with what the project's tests need beside it."""

    def __init__(self, calls, profile, folder):
        self.calls = calls  # one for each suite of Python tests, in a copy without the package's sources
        self.profile, self.target = profile, folder / "target"
        self.env = Path(calls[0].env["VIRTUAL_ENV"])
        self.python = self.env / "bin" / "python"

    def has(self, distribution):
        script = "import sys, importlib.metadata as m; m.version(sys.argv[1])"
        return self.ask(script, distribution, check=False) is not None

    def add(self, *requirements):
        """Installs a tool, where the project does not bring it; all but one are for other Pythons."""
        if not self.has(requirements[0].split("==")[0]):
            uv = [os.environ["CARGO_PYX_UV"], "pip", "install", "--quiet", "--python", str(self.python)]
            if subprocess.run([*uv, *requirements], cwd=self.env).returncode:
                stop(f"cannot install `{requirements[0]}` into `{shown(self.env)}`", code=MISSING)

    def ask(self, script, *arguments, check=True):
        """What a script prints with the environment's Python."""
        call = [str(self.python), "-I", "-c", script, *arguments]
        quiet = None if check else subprocess.DEVNULL
        run = subprocess.run(call, cwd=self.env, stdout=subprocess.PIPE, stderr=quiet, text=True)
        if run.returncode:
            return stop(f"`{shown(self.python)}` failed: {script}") if check else None
        return run.stdout.strip()


def wheel(folder, profile, variables=None):
    """Builds the wheel in `folder` and installs it there, all by pyx's own `test --wheel`, which
    runs no test here: `--version` is all that the test runner is asked."""
    target = str(folder / "target")
    variables = {"CARGO_TARGET_DIR": target, "CARGO_BUILD_BUILD_DIR": target, **(variables or {})}
    arguments = ["test", "--py", "--wheel", "--profile", profile]
    say("Building", f"a wheel apart in {shown(folder)} [{profile}]")
    command = [PYX, "--quiet", *arguments, "--", "--help"]
    code = subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    if code.returncode == NO_TESTS:
        return None
    if code.returncode:
        sys.exit(code.returncode)
    tested = [step for step in plan(arguments, variables) if "Python tests" in step["name"]]
    return Installed([Call(step["command"]) for step in tested], profile, folder)


def sources(name):
    """Files of the checkout whose name matches, without those in folders that are built or hidden."""
    for folder, folders, names in os.walk(root()):
        folders[:] = [sub for sub in folders if sub not in ("target", "node_modules") and sub[0] != "."]
        yield from (Path(folder, file) for file in names if re.fullmatch(name, file))


def seed(source, to):
    """Begins a target directory with another one's builds. Those of the checkout's own crates are
    made out of date there: cargo compares the times of sources with those of its `dep-` files."""
    if not source.is_dir() or to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, to, symlinks=True)
    manifests = [path.read_text(errors="replace") for path in sources("Cargo.toml")]
    own = {name for text in manifests for name in re.findall(r'^name\s*=\s*"([^"]+)"', text, re.M)}
    for folder in to.glob("**/.fingerprint/*"):
        if folder.name.rpartition("-")[0] in own:
            for file in folder.glob("dep-*"):
                os.utime(file, (0, 0))


def wrapper(folder, variable, flags, which="*"):
    """Variables that let cargo call the compiler through a script, which adds flags where the
    arguments match a shell pattern: unlike RUSTFLAGS it replaces none of the project's own."""
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


def llvm(program):
    """A program of the toolchain's component llvm-tools."""
    rustc = shutil.which("rustc") or stop("`rustc` is not on PATH", code=MISSING)
    ask = lambda *words: subprocess.run([rustc, *words], cwd=PROJECT, stdout=subprocess.PIPE, text=True).stdout
    host = re.search(r"^host: (.*)$", ask("-vV"), re.M).group(1)
    tool = Path(ask("--print", "sysroot").strip(), "lib", "rustlib", host, "bin", program)
    if not tool.is_file():
        stop(f"`{program}` is missing from the Rust toolchain", "rustup component add llvm-tools", MISSING)
    return str(tool)


def table(rows, left=1):
    """Columns of text; those after the first `left` ones to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (text.ljust(width) if i < left else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths)))
        print("  ".join(cells).rstrip())
