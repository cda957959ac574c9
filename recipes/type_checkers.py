"""The type checkers that the project runs or configures, each as the project calls it."""

import re
from pathlib import Path

import automation
import given
import programs
import project
import shell
import style
import tools


def used():
    """Name and function of each, in the order in which they are run; the function returns an outcome."""
    for name, settings, run in CHECKERS:
        if style.is_used(name) or settings() is not None:
            yield name, lambda name=name, run=run: each(name, run)


def each(name, run):
    """Runs a checker in each way in which the project starts it; returns the first failure, else the last
    outcome."""
    found = style.different(automation.of(name), lambda call: call.arguments)
    outcomes = [run(call) for call in found or [None]]
    return next((outcome for outcome in outcomes if not outcome), outcomes[-1])


def mypy(call):
    """As the project calls it, else on its packages."""
    hook = call.hook if call else None
    words = style.arguments(call, ()) if call else []
    more = [*(hook.packages if hook else []), *(["pip"] if "--install-types" in words else [])]  # which mypy installs them by
    start = [*tools.beside("mypy", more=more), "--cache-dir", given.STATE / "lint" / "mypy"]
    if hook and hook.takes_files:
        return style.over_files([*start, *words], call, {})
    named = {"files", "packages", "modules"}.intersection(mypy_settings() or {})
    if not named and not shell.has_paths(words) and not CHOSEN.intersection(words):
        words = [*words, *sources()]
    return programs.run([*start, *words], place(call), automation.settings_of(call))


CHOSEN = {"-p", "--package", "-m", "--module", "-c", "--command"}
"""Options of mypy that say what it looks at."""


def pyright(call, name="pyright"):
    """As the project calls it, else on what it includes."""
    settings = pyright_settings() if name == "pyright" else basedpyright_settings()
    words = style.arguments(call, ()) if call and not call.hook else []
    # with an `exclude` of its own it looks into environments and builds
    whole = settings is not None and ("include" in settings or "exclude" not in settings)
    if not shell.has_paths(words) and not whole:
        words = [*words, *sources()]
    words = [word for word in words if word != "--skip-pytest"]
    return programs.run([*tools.beside(name), "--pythonpath", given.PYTHON, *words], place(call), automation.settings_of(call))


def checking(name, interpreter):
    """A checker that is told to `check`, and by itself looks at what the project's configuration says.

    `interpreter`: its option for that."""

    def run(call):
        words = style.arguments(call, ()) if call and not call.hook else []
        words = words[1:] if words[:1] == ["check"] else words
        return programs.run([*tools.beside(name), "check", interpreter, given.PYTHON, *words], place(call), automation.settings_of(call))

    return run


def place(call):
    """The folder in which a checker runs."""
    return call.folder if call else given.ROOT


def mypy_settings():
    """The settings of mypy, where it looks for them; None if there are none."""
    own = project.section("mypy", "mypy.ini", ".mypy.ini")
    shared = [own, project.tool("mypy"), project.section("mypy", "setup.cfg")]
    return next((settings for settings in shared if settings is not None), None)


def pyright_settings():
    """The names of pyright's settings; None if there are none, or if its fork reads them."""
    if style.is_used("basedpyright") and not automation.uses("pyright"):
        return None
    return shared_settings() if project.first(SHARED) else project.tool("pyright")


def basedpyright_settings():
    """The names of basedpyright's settings, which may be pyright's; None if the project does not use it."""
    own = project.tool("basedpyright")
    if own is not None or not style.is_used("basedpyright"):
        return own
    return shared_settings() if project.first(SHARED) else project.tool("pyright")


SHARED = "pyrightconfig.json"


def shared_settings():
    """The names in the file that pyright and its fork read."""
    return re.findall(r'"(\w+)"\s*:', project.text(project.first(SHARED)))  # JSON with comments


def file_of(name):
    """Determines whether a checker is configured in a file of its own."""
    return lambda: project.first(f"{name}.toml")


CHECKERS = (
    ("mypy", mypy_settings, mypy),
    ("pyright", pyright_settings, pyright),
    ("basedpyright", basedpyright_settings, lambda call: pyright(call, "basedpyright")),
    ("ty", file_of("ty"), checking("ty", "--python")),
    ("pyrefly", file_of("pyrefly"), checking("pyrefly", "--python-interpreter-path")),
)


def sources():
    """The project's Python packages, else the stubs of its modules."""
    source = project.python_source()
    found = [source / top for top in given.tops() if (source / top).is_dir()]
    return found or sorted(source.glob("*.pyi")) or [Path(given.ROOT)]
