"""The project's settings for Python coverage: how it is counted, and the required minimum."""

import shlex
from pathlib import Path

import automation
import project


def own_config():
    """The file that configures coverage.py for the project: what it omits is not counted."""
    if path := project.first(".coveragerc", ".coveragerc.toml"):
        return path
    for folder in project.folders():
        for name in ("setup.cfg", "tox.ini"):
            if any(section.startswith("coverage:") for section in project.ini(folder / name).sections()):
                return folder / name
        if project.table(project.toml(folder / "pyproject.toml"), "tool", "coverage"):
            return folder / "pyproject.toml"
    return None


def has_branches():
    """Whether the project counts the branches that are taken, besides the lines."""
    path = own_config() or Path("none")
    known = project.toml(path) if path.suffix == ".toml" else {}
    parser = project.ini(path) if path.suffix != ".toml" else {}
    tables = [project.table(known, "tool", "coverage", "run"), project.table(known, "run")]
    tables += [parser[name] for name in ("run", "coverage:run") if name in parser]
    if any(str(table.get("branch")).lower() in ("true", "1", "yes", "on") for table in tables):
        return True
    return "--cov-branch" in own_options() or any("--cov-branch" in call.words for call in automation.calls())


def told_least():
    """The share in percent that one of the project's commands, or its pytest configuration, requires, and where;
    empty texts if none does, and only the configuration of coverage.py may."""
    for call in automation.calls():
        by_pytest = automation.values_in(call.words, "--cov-fail-under") if call.tool in ("pytest", "py.test") else []
        whole = call.words[:2] == ["coverage", "report"] and not automation.values_in(call.words, *PARTIAL)
        by_itself = automation.values_in(call.words, "--fail-under") if whole else []
        for value in [*by_pytest, *by_itself]:
            if is_number(value) and not call.may_fail:
                return value, call.source
    found = [value for value in automation.values_in(own_options(), "--cov-fail-under") if is_number(value)]
    return (found[-1], "the configuration of pytest") if found else ("", "")


PARTIAL = ("--include", "--omit", "--contexts")
"""Options with which `coverage report` counts a part only."""


def is_number(text):
    """Whether a text is a number in the form of these options."""
    return text.replace(".", "", 1).isdigit()


def own_options():
    """pytest's options from the first file that configures it."""
    for folder in project.folders():
        for name, section in (("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
            if project.ini(folder / name).has_section(section):
                return words(project.ini(folder / name)[section].get("addopts"))
        known = project.table(project.toml(folder / "pyproject.toml"), "tool", "pytest", "ini_options")
        if known:
            return words(known.get("addopts"))
    return []


def words(told):
    """Options as pytest reads them."""
    if isinstance(told, list):
        return project.texts(told)
    try:
        return shlex.split(told) if isinstance(told, str) else []
    except ValueError:
        return []
