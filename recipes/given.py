"""What cargo-pyx knows about the project and passes on, so that no recipe has to find it out again."""

import json
import os
import sys
from pathlib import Path

PYX = os.environ.get("CARGO_PYX", "")
UV = os.environ.get("CARGO_PYX_UV", "")
ROOT = Path(os.environ.get("CARGO_PYX_PROJECT", "."))
"""The folder of the project."""
STATE = Path(os.environ.get("CARGO_PYX_STATE", "target/pyx"))
"""Where recipes may write: `target/pyx`."""
PYTHON = os.environ.get("CARGO_PYX_PYTHON", "")
"""The environment's Python; it need not be there for recipes that run without a build."""
PROFILE = os.environ.get("CARGO_PYX_PROFILE", "dev")
MODULES = os.environ.get("CARGO_PYX_MODULE", "").split()
"""Dotted names of the extension modules."""

FACTS = json.loads(os.environ.get("CARGO_PYX_FACTS") or "{}")
CHECKOUT = Path(FACTS.get("checkout") or ROOT)
"""The root of the repository, else of the project."""
HOME = Path(FACTS.get("home") or ROOT)
"""The folder of uv's project or workspace."""
LOCK = FACTS.get("lock")
"""The uv.lock that dependencies come from, else None."""
MEMBERS = FACTS.get("members") or []
"""One for each package: name, dir, pyproject, manifest, workspace, module, bindings, features,
no_default_features."""


def environment():
    """The folder of the project's environment."""
    return Path(PYTHON).parent.parent


def program(name):
    """A program of the project's environment, else None."""
    for ending in ("", ".exe"):
        path = Path(PYTHON).parent / (name + ending)
        if PYTHON and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None


def crates():
    """The packages that have a crate."""
    return [member for member in MEMBERS if member.get("manifest")]


def features(member):
    """Arguments for cargo: the features that the package is built with."""
    switches = ["--no-default-features"] if member.get("no_default_features") else []
    return switches + [f"--features={name}" for name in member.get("features", [])]


def tops():
    """The top-level packages or modules that the project provides."""
    return sorted({module.split(".")[0] for module in MODULES})


def shown(path):
    """A path as shown to people: relative to the project's folder if it is below it."""
    try:
        return str(Path(path).relative_to(ROOT))
    except ValueError:
        return str(path)


def settle():
    """Gives children the project's environment, in place of the one that runs recipes."""
    own = Path(sys.prefix)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    kept = [folder for folder in folders if Path(folder).parent != own]
    os.environ["PATH"] = os.pathsep.join(kept)
    os.environ["VIRTUAL_ENV"] = str(environment())
    os.environ.pop("UV_NO_SYNC", None)  # `uv run --no-project` warns that it has no effect
