"""What the project at hand says about itself and about its tools."""

import configparser
import functools
import json
import os
import re
import subprocess
from pathlib import Path

try:
    import tomllib
except ImportError:  # before CPython 3.11
    import tomli as tomllib

ROOT = Path(os.environ["CARGO_PYX_PROJECT"])
STATE = Path(os.environ["CARGO_PYX_STATE"])
MODULES = os.environ.get("CARGO_PYX_MODULE", "").split()
"""Dotted names of the extension modules."""


@functools.cache
def toml(name):
    """A file of the project; empty where there is none."""
    path = ROOT / name
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def tool(name):
    """A table below `[tool]` of pyproject.toml; None where there is none."""
    return toml("pyproject.toml").get("tool", {}).get(name)


def first(*names):
    """The first of these files that there is, else None."""
    paths = (ROOT / name for name in names)
    return next((path for path in paths if path.is_file()), None)


def section(name, *files):
    """The section `[name]` of the first of these INI files that has it, else None."""
    for file in files:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read(ROOT / file, encoding="utf-8")
        if parser.has_section(name):
            return dict(parser[name])
    return None


def tops():
    """The top-level packages or modules that the project brings."""
    return sorted({module.split(".")[0] for module in MODULES})


def python_source():
    """The folder that holds the Python packages: `[tool.maturin] python-source`."""
    return ROOT / (tool("maturin") or {}).get("python-source", ".")


# cargo


def manifest():
    """The crate's Cargo.toml, where maturin looks for it, seen from ROOT; None without one."""
    named = (tool("maturin") or {}).get("manifest-path", "Cargo.toml")
    places = [Path(name) for name in (named, "Cargo.toml", "rust/Cargo.toml")]
    return next((place for place in places if (ROOT / place).is_file()), None)


def features():
    """Arguments for cargo: the features of `[tool.maturin]` and `[tool.pyx]`."""
    maturin, pyx = tool("maturin") or {}, tool("pyx") or {}
    names = [*maturin.get("features", []), *pyx.get("features", [])]
    names = [name for name in names if isinstance(name, str)]  # the others depend on the Python
    switches = [key for key in ("all-features", "no-default-features") if maturin.get(key)]
    return [f"--{switch}" for switch in switches] + [f"--features={name}" for name in names]


def features_of(crate, more=()):
    """The enabled features of a dependency; None when the project does not depend on it."""
    command = ["cargo", "metadata", "--format-version=1", f"--manifest-path={manifest()}"]
    run = subprocess.run([*command, *features(), *more], stdout=subprocess.PIPE, check=True)
    metadata = json.loads(run.stdout)
    ids = {package["id"] for package in metadata["packages"] if package["name"] == crate}
    nodes = [node for node in metadata["resolve"]["nodes"] if node["id"] in ids]
    return {name for node in nodes for name in node["features"]} if nodes else None


# style


def hooks():
    """The hooks of pre-commit: the revision of each by its id, empty for local ones."""
    path = first(".pre-commit-config.yaml", ".pre-commit-config.yml")
    found, revision = {}, ""
    for line in path.read_text("utf-8").splitlines() if path else []:
        entry = re.match(r"[\s-]*(repo|rev|id):\s*['\"]?([^'\"#\s]+)", line)
        key, value = entry.groups() if entry else ("", "")
        if key in ("repo", "rev"):
            revision = value if key == "rev" else ""
        elif key == "id":
            found[value] = revision
    return found


def ruff():
    """The configuration of ruff; None where there is none."""
    path = first(".ruff.toml", "ruff.toml")
    return toml(path.name) if path else tool("ruff")


def styles():
    """The tools for Python code that the project has configured, or runs before commits."""
    files = {
        "black": (),
        "flake8": (".flake8",),
        "isort": (".isort.cfg",),
        "pylint": (".pylintrc", "pylintrc"),
        "yapf": (".style.yapf",),
    }
    found = {name for name, places in files.items() if configured(name, places)}
    by_ruff = ruff() is not None or any(name.startswith("ruff") for name in hooks())
    return found | {"ruff"} if by_ruff else found


def configured(name, places):
    """Whether a tool has a table, a section, a file or a hook."""
    ini = section(name, "setup.cfg", "tox.ini")
    return tool(name) is not None or ini is not None or first(*places) or name in hooks()


def formatter():
    """What formats the Python code: `ruff`, `black`, or None where it is neither."""
    formats_by_ruff = "format" in (ruff() or {}) or "ruff-format" in hooks()
    if "black" in styles() and not formats_by_ruff:
        return "black"
    return None if styles() == {"yapf"} else "ruff"


def sorter():
    """What sorts imports: `ruff`, `isort`, or None where nothing does."""
    settings = ruff() or {}
    lint = {**settings, **settings.get("lint", {})}
    selected = [*lint.get("select", []), *lint.get("extend-select", [])]
    if {"ALL", "I", "I0", "I00", "I001"}.intersection(selected):
        return "ruff"
    return "isort" if "isort" in styles() else None


def lints_by_ruff():
    """Whether ruff lints the Python code: where it is configured, or no other tool is."""
    return "ruff" in styles() or not styles()


def in_checkout():
    """Whether git looks after the project: tools then leave alone what git ignores."""
    return any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents))


def ignored():
    """Arguments for isort: not to look into what git ignores."""
    return ["--skip-gitignore"] if in_checkout() else []


def built():
    """Arguments for ruff outside of a checkout: not to look into what was built."""
    folder = os.path.relpath(STATE.parent, ROOT)
    if in_checkout() or folder.startswith(".."):
        return []
    folders = [*(ruff() or {}).get("extend-exclude", []), folder]
    return ["--config", f"extend-exclude = {json.dumps(folders)}"]
