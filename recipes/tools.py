"""The Python tools that recipes start: which version a project wants, and the command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import project

UV = os.environ["CARGO_PYX_UV"]
PYTHON = os.environ["CARGO_PYX_PYTHON"]

PINNED = {
    "black": {"3.0": "26.10.1"},
    "isort": {"3.0": "9.0.2"},
    "maturin": {"3.0": "1.16.0"},
    "mkdocs": {"3.0": "1.6.1"},
    "mypy": {"3.10": "2.4.1", "3.9": "1.19.1", "3.0": "1.14.1"},
    "pdoc": {"3.10": "16.0.0", "3.9": "15.0.4", "3.0": "14.7.0"},
    "pip-audit": {"3.0": "2.10.1"},
    "pyright": {"3.0": "1.1.414"},
    "ruff": {"3.0": "0.17.6"},
    "sphinx": {"3.13": "9.2.0", "3.10": "8.1.3", "3.0": "7.1.2"},
}
"""What is used where the project names no version: by the lowest Python of its own to use it on."""


def settle():
    """Gives children the project's environment again, in the place of this script's own."""
    own = Path(sys.prefix)
    folders = os.environ["PATH"].split(os.pathsep)
    kept = [folder for folder in folders if Path(folder).parent != own]
    os.environ["PATH"] = os.pathsep.join(kept)
    os.environ["VIRTUAL_ENV"] = str(environment())
    os.environ.pop("UV_NO_SYNC", None)  # `uv run --no-project` warns that it has no effect


def environment():
    """The project's environment."""
    return Path(PYTHON).parent.parent


def ask(script, *words):
    """What a script prints as JSON in the project's environment."""
    command = [PYTHON, "-c", script, *words]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def installed(program):
    """The program of that name in the project's environment, else None."""
    return shutil.which(program, path=str(Path(PYTHON).parent))


def standalone(tool):
    """The start of a command for a tool that needs none of the project's packages."""
    if program := installed(tool):
        return [program]
    of_tool = [text for text in wanted(tool) if name_of(text) == tool]
    return [UV, "tool", "run", "--from", of_tool[0].split(";")[0].strip(), tool]


def beside(tool, program=None):
    """The start of a command for a tool that looks at the project's packages."""
    program = program or tool
    if found := installed(program):
        return [found]
    packages = [word for text in wanted(tool) for word in ("--with", text)]
    return [UV, "run", "--no-project", *packages, program]


def wanted(tool):
    """Requirements that bring a tool: the project's own where it has any, else the pinned one."""
    own = name_of(project.toml("pyproject.toml").get("project", {}).get("name", ""))
    for requirements in requirement_lists():
        if any(name_of(text) == tool for text in requirements):
            return [locked(text) for text in requirements if name_of(text) != own]
    hooks = project.hooks()
    for hook in (tool, f"{tool}-check", f"{tool}-format"):
        if hooks.get(hook):
            return [f"{tool}=={hooks[hook].lstrip('v')}"]
    if tool == "ruff" and (version := (project.ruff() or {}).get("required-version")):
        return [f"ruff{version}" if version[0] in "=<>~!" else f"ruff=={version}"]
    return [f"{tool}=={pinned(tool)}"]


def pinned(tool):
    """The version of a tool that serves the project's Python."""
    versions = PINNED[tool]
    if len(versions) == 1:
        return versions["3.0"]
    minor = ask("import sys; print(sys.version_info[1])")
    return next(versions[low] for low in versions if minor >= int(low.split(".")[1]))


def requirement_lists():
    """The requirements of each dependency group and extra, then of the documentation's files."""
    pyproject = project.toml("pyproject.toml")
    groups = pyproject.get("dependency-groups", {})
    yield from (in_group(groups, name) for name in groups)
    yield from pyproject.get("project", {}).get("optional-dependencies", {}).values()
    for folder in ("docs", "doc"):
        if path := project.first(f"{folder}/requirements.txt"):
            lines = path.read_text("utf-8").splitlines()
            yield [line.split(" #")[0].strip() for line in lines if line[:1].isalpha()]


def in_group(groups, name):
    """The requirements of a dependency group and of those that it includes (PEP 735)."""
    found = []
    for entry in groups.get(name, []):
        if isinstance(entry, str):
            found.append(entry)
        else:
            found += in_group(groups, entry.get("include-group"))
    return found


def locked(requirement):
    """A requirement at the version in uv.lock, where there is exactly one."""
    packages = project.toml("uv.lock").get("package", [])
    versions = {p.get("version") for p in packages if p["name"] == name_of(requirement)}
    if len(versions) != 1 or None in versions:
        return requirement
    head, _, marker = requirement.partition(";")
    extras = re.search(r"\[.*?\]", head)
    exact = f"{name_of(head)}{extras.group() if extras else ''}=={versions.pop()}"
    return f"{exact}; {marker.strip()}" if marker else exact


def name_of(requirement):
    """The normalised name of what a requirement asks for (PEP 503)."""
    name = re.match(r"[\w.-]*", requirement.strip()).group()
    return re.sub(r"[-_.]+", "-", name).lower()
