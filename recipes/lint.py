# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Checks Rust and Python code: format, lints, and types where the project configures a checker."""

import re
import sys
from collections import namedtuple

import project
import steps
import tools

SCRATCH = project.STATE / "lint"

Check = namedtuple("Check", "name language tool command variables")


def rust():
    """rustfmt and clippy, in a target directory that no build shares."""
    manifest = f"--manifest-path={project.manifest()}"
    form = ["cargo", "fmt", manifest, "--all", "--check"]
    yield Check("rustfmt", "rust", "rustfmt", form, {})
    lints = ["cargo", "clippy", manifest, "--all-targets", *project.features()]
    variables = {"CARGO_TARGET_DIR": SCRATCH / "target", "PYO3_PYTHON": tools.PYTHON}
    yield Check("clippy", "rust", "clippy", [*lints, "--", "-D", "warnings"], variables)


def style():
    """The linter, the formatter and the import sorter that the project uses."""
    formatter, ruff = project.formatter(), {"RUFF_CACHE_DIR": SCRATCH / "ruff"}
    if project.lints_by_ruff():
        command = [*tools.standalone("ruff"), "check", *project.built()]
        yield Check("ruff check", "python", "ruff", command, ruff)
    if formatter == "ruff":
        command = [*tools.standalone("ruff"), "format", "--check", *project.built()]
        yield Check("ruff format", "python", "ruff", command, ruff)
    if formatter == "black":
        command = [*tools.standalone("black"), "--check", "."]
        yield Check("black", "python", "black", command, {})
    if project.sorter() == "isort":
        command = [*tools.standalone("isort"), *project.ignored(), "--check-only", "--diff"]
        yield Check("isort", "python", "isort", [*command, "."], {})


def types():
    """The type checkers that the project configures, with the environment's packages."""
    if (settings := mypy()) is not None:
        named = {"files", "packages", "modules"}.intersection(settings)
        command = [*tools.beside("mypy"), *([] if named else sources())]
        yield Check("mypy", "python", "mypy", command, {"MYPY_CACHE_DIR": SCRATCH / "mypy"})
    if (settings := pyright()) is not None:
        # with an `exclude` of its own it looks into environments and builds
        whole = "include" in settings or "exclude" not in settings
        command = [*tools.beside("pyright"), "--pythonpath", tools.PYTHON]
        command += [] if whole else sources()
        yield Check("pyright", "python", "pyright", command, {})


def mypy():
    """The settings of mypy, where it looks for them; None where there are none."""
    own = project.section("mypy", "mypy.ini", ".mypy.ini")
    shared = [own, project.tool("mypy"), project.section("mypy", "setup.cfg")]
    return next((settings for settings in shared if settings is not None), None)


def pyright():
    """The names of pyright's settings; None where there are none."""
    if path := project.first("pyrightconfig.json"):
        return re.findall(r'"(\w+)"\s*:', path.read_text("utf-8"))  # JSON with comments
    return project.tool("pyright")


def sources():
    """The project's Python packages, else the stubs of its modules."""
    source = project.python_source()
    found = [source / top for top in project.tops() if (source / top).is_dir()]
    return found or sorted(source.glob("*.pyi")) or [project.ROOT]


def main():
    """Runs the checks that are asked for: of a language, or by a tool."""
    python = [*style(), *types()]
    checks = [*(rust() if project.manifest() else []), *python]
    asked = sys.argv[1:]
    known = sorted({word for check in checks for word in (check.language, check.tool)})
    if unknown := [word for word in asked if word not in known]:
        steps.fail(f"there is no check `{unknown[0]}`", f"there are {', '.join(known)}")
    run = steps.Steps()
    for check in checks:
        if not asked or {check.language, check.tool}.intersection(asked):
            run.run(check.name, check.command, **check.variables)
    run.finish()


main()
