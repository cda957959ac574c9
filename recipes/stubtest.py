# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Compares the stubs of the installed modules with what the modules hold, by mypy's stubtest."""

import os
import sys
from pathlib import Path

import project
import steps
import tools

SCRATCH = project.STATE / "types"

# Where the import system looks, without importing: the package's folders, or the module's.
PLACES = """
import importlib.util, json, os, sys
spec = importlib.util.find_spec(sys.argv[1])
folders = spec and (spec.submodule_search_locations or [os.path.dirname(spec.origin)])
print(json.dumps([os.path.abspath(folder) for folder in folders or []]))
"""


def stubs(folder, top):
    """The stubs of a package, or of a module that is no package, by the modules' names."""
    if folder.name != top:
        return {path.stem: path for path in folder.glob(f"{top}.pyi")}
    paths = sorted(folder.rglob("*.pyi"))
    return {module(path.relative_to(folder.parent)): path for path in paths}


def module(path):
    """The dotted name of the module that a stub describes."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def roots(names):
    """Those modules that are in no other: stubtest descends into packages by itself."""
    return [name for name in sorted(names) if not any(name.startswith(f"{n}.") for n in names)]


def hidden(folders):
    """The modules that maturin has put into packages of their own names, described by theirs."""
    modules = {folder / folder.name for folder in folders if any(folder.glob("__init__.pyi"))}
    modules = [path for path in modules if any(path.parent.glob(f"{path.name}.*.so"))]
    return [f"{path.name}.{path.name}" for path in modules if not path.with_suffix(".pyi").exists()]


def allowlists(folders):
    """The project's allowlists, and one for hidden modules."""
    places = [project.ROOT / name for name in ("", "tests", "stubs")]
    lists = [path for place in places for path in sorted(place.glob("*stubtest*allow*"))]
    if names := hidden(folders):
        own = SCRATCH / "allowlist.txt"
        own.write_text("".join(f"{name}\n" for name in names))
        lists.append(own)
    return [word for path in lists for word in ("--allowlist", path)]


def search_path(folders):
    """Where mypy has to look by itself: it ignores the stubs of packages without `py.typed`."""
    untyped = [folder for folder in folders if not (folder / "py.typed").is_file()]
    for folder in untyped:
        sentence = f"`{folder}` has no `py.typed`, so type checkers ignore its stubs elsewhere"
        print(f"warning: {sentence}", file=sys.stderr)
    # mypy refuses site-packages here
    return os.pathsep.join(str(f.parent) for f in untyped if f.parent.name != "site-packages")


def main():
    """Checks every module that has a stub."""
    tools.settle()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    places = [(Path(folder), top) for top in project.tops() for folder in tools.ask(PLACES, top)]
    found = {name: path for place in places for name, path in stubs(*place).items()}
    if not found:
        names = ", ".join(f"`{name}`" for name in project.MODULES) or "a program"
        steps.fail(f"there are no stubs (`.pyi`) of {names}", "cargo pyx just stubs")
    folders = [folder for folder, top in places if folder.name == top]
    command = [*tools.beside("mypy", "stubtest"), "--concise", *allowlists(folders)]
    variables = {"MYPY_CACHE_DIR": SCRATCH / "mypy", "MYPYPATH": search_path(folders)}
    sys.exit(steps.call([*command, *roots(found)], **variables))


main()
