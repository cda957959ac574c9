"""Compares the stubs of the installed modules with the modules, using mypy's stubtest."""

import os
import re
import sys
from collections import namedtuple
from pathlib import Path

import automation
import given
import programs
import project
import source
import steps
import style
import tools

SCRATCH = given.STATE / "types"

# Where the import system looks, without importing: the package's folders, or the module's.
PLACES = """
import importlib.util, json, os, sys
spec = importlib.util.find_spec(sys.argv[1])
folders = spec and (spec.submodule_search_locations or [os.path.dirname(spec.origin)])
print(json.dumps([os.path.abspath(folder) for folder in folders or []]))
"""


def places(top):
    """The folders that hold a package, or a module."""
    done = programs.read([given.PYTHON, "-c", PLACES, top], given.ROOT)
    found = done.json()
    if not isinstance(found, list) or not all(isinstance(folder, str) for folder in found):
        steps.fail(f"the environment's Python does not report where `{top}` is: {done.last()}", "cargo pyx dev --force")
    return [Path(folder) for folder in found]


def stubs(folder, top):
    """The stubs of a package, or of a module that is not a package, by the modules' names."""
    if folder.name != top:
        return {path.stem: path for path in folder.glob(f"{top}.pyi")}
    paths = sorted(folder.rglob("*.pyi"))
    return {module(path.relative_to(folder.parent)): path for path in paths}


def module(path):
    """The dotted name of the module that a stub describes."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def roots(names):
    """The modules that are in no other: stubtest descends into packages by itself."""
    return [name for name in sorted(names) if not any(name.startswith(f"{n}.") for n in names)]


def hidden(folders):
    """The modules that maturin put into packages with their own names, described by theirs."""
    modules = {folder / folder.name for folder in folders if any(folder.glob("__init__.pyi"))}
    modules = [path for path in modules if any(path.parent.glob(f"{path.name}.*.so"))]
    return [f"{path.name}.{path.name}" for path in modules if not path.with_suffix(".pyi").exists()]


VALUED = ("--allowlist", "--whitelist", "--mypy-config-file", "--custom-typeshed-dir")
OURS = ("--concise", "--generate-allowlist", "--generate-whitelist")
"""What decides how the findings are told."""


Comparison = namedtuple("Comparison", "options modules folder variables")
"""How stubtest is started; `modules`: those that it is told to compare, none for all that have stubs."""


def comparisons():
    """The ways in which the project's automation starts stubtest, else one of pyx's."""
    calls = style.different(automation.of("stubtest", "mypy.stubtest"), lambda call: call.arguments)
    return [comparison(call) for call in calls or [None]]


def comparison(call):
    """How one of the project's calls starts stubtest. By default, stubtest leaves its cache where it is started,
    and only a configuration can change that."""
    words, options, modules = list(call.arguments) if call else [], [], []
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            modules.append(word)
        elif word not in OURS:
            options.append(word)
            options += [words.pop(0)] if word in VALUED and words else []
    if not any(word.startswith("--mypy-config-file") for word in options):
        config = SCRATCH / "mypy.ini"
        config.write_text(f"[mypy]\ncache_dir = {SCRATCH / 'mypy'}\n", "utf-8")
        options += ["--mypy-config-file", str(config)]
    return Comparison(options, modules, call.folder if call else given.ROOT, automation.settings_of(call))


def allowlists(folders):
    """The project's allowlists, and one for hidden modules."""
    places = [folder / name for folder in project.folders() for name in ("", "tests", "stubs")]
    lists = [path for place in places for path in sorted(place.glob("*stubtest*allow*"))]
    if names := hidden(folders):
        own = SCRATCH / "allowlist.txt"
        own.write_text("".join(f"{name}\n" for name in names))
        lists.append(own)
    return [word for path in dict.fromkeys(lists) for word in ("--allowlist", path)]


def search_path(folders):
    """Where mypy has to look by itself: it ignores the stubs of packages without `py.typed`."""
    untyped = [folder for folder in folders if not (folder / "py.typed").is_file()]
    for folder in untyped:
        sentence = f"`{folder}` has no `py.typed`, so type checkers ignore its stubs elsewhere"
        steps.warn(sentence)
    # mypy refuses site-packages here
    return os.pathsep.join(str(f.parent) for f in untyped if f.parent.name != "site-packages")


def main(arguments):
    """Checks every module that has a stub; with `--fix`, applies the unambiguous fixes."""
    fix = "--fix" in arguments
    if unknown := [word for word in arguments if word != "--fix"]:
        sentence = f"`types` has no argument `{unknown[0]}`"
        steps.misuse("types", arguments, unknown[0], sentence, "cargo pyx just types --fix")
    given.settle()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    found_places = [(folder, top) for top in given.tops() for folder in places(top)]
    found = {name: path for place in found_places for name, path in stubs(*place).items()}
    if not found:
        names = ", ".join(f"`{name}`" for name in given.MODULES) or "a program"
        steps.fail(f"there are no stubs (`.pyi`) of {names}", "cargo pyx just stubs")
    folders = [folder for folder, top in found_places if folder.name == top]
    try:
        start = tools.beside("mypy", "stubtest")
    except steps.Trouble as trouble:
        steps.fail(trouble.sentence, trouble.hint, steps.MISSING)
    done = check(start, folders, found)
    if fix and not done and fixes(done.out, found):
        done = check(start, folders, found)
    conclude(done)


def check(start, folders, found):
    """Runs stubtest in each of the project's ways; returns the first failure, with the output of all."""
    places, lists, outcomes = search_path(folders), allowlists(folders), []
    for one in comparisons():
        command = [*start, *one.options, *lists, *(one.modules or roots(found))]
        path = os.pathsep.join(filter(None, (places, one.variables.get("MYPYPATH"))))
        programs.say("Running", programs.pasteable(command))
        outcomes.append(programs.combined(command, one.folder, {**one.variables, "MYPYPATH": path}))
    done = next((outcome for outcome in outcomes if not outcome), outcomes[-1])
    done.out = "".join(outcome.out for outcome in outcomes)
    return done


def conclude(done):
    """Prints stubtest's output, and ends the recipe with its result."""
    print(done.out, end="", flush=True)
    if done:
        sys.exit(0)
    if done.trouble:
        steps.fail(f"`stubtest` {done.trouble}", code=steps.MISSING)
    found = sum(map(int, re.findall(r"^Found (\d+) errors?", done.out, re.M)))
    if "mypy build errors" in done.out:
        steps.fail(uncompared(re.findall(r"^(.+?):\d+: error:", done.out, re.M)))
    if not found:
        steps.fail(f"stubtest could not compare the stubs: it {done.how()}", code=steps.FAILED)
    places = "one place" if found == 1 else f"{found} places"
    fixable = FINAL.search(done.out) or NEW.search(done.out)
    steps.fail(f"the stubs differ from the modules in {places}", "cargo pyx just types --fix" if fixable else None)


def uncompared(files):
    """Why mypy compares nothing: the files in which it found errors."""
    in_stubs = sum(path.endswith(".pyi") for path in files)
    number = f"{len(files)} error" + ("" if len(files) == 1 else "s")
    if in_stubs == len(files):
        return f"the stubs have {number} of their own, so mypy does not compare them with the modules"
    which, what = (f", {in_stubs} of them in stubs", "these") if in_stubs else ("", "its stubs")
    return f"mypy finds {number} in the package{which}, so it does not compare {what} with the modules"


# what leaves no choice

FINAL = re.compile(r"^error: (\S+) (?:cannot be subclassed at runtime, but isn't marked with @final)", re.M)
NEW = re.compile(r"^error: (\S+)\.__init__ .*write stubs for __new__", re.M)


def fixes(said, found):
    """Applies what stubtest asks for if that is unambiguous: `@final` for classes that cannot be subclassed,
    `__new__` instead of `__init__`. Returns whether anything was written."""
    written = False
    for name in dict.fromkeys(FINAL.findall(said)):
        written |= edit(name, found, mark_final)
    for name in dict.fromkeys(NEW.findall(said)):
        written |= edit(name, found, init_to_new)
    return written


def edit(name, found, change):
    """Changes the class with that dotted name in its stub, if the stub is the project's own file."""
    modules = [module for module in found if name.startswith(f"{module}.")]
    if not modules:
        return False
    owner = max(modules, key=len)
    path = source_of(found[owner])
    if path is None:
        return False
    before = path.read_text("utf-8")
    after = change(before, name[len(owner) + 1 :].split("."))
    if after == before:
        return False
    source.write(path, after)
    if path.resolve() != found[owner].resolve():
        source.replace(found[owner], after)  # where stubtest looks
    programs.say("Wrote", given.shown(path))
    return True


def source_of(installed):
    """The project's own file for a stub that may be in the environment."""
    if given.ROOT in installed.parents and given.environment() not in installed.parents:
        return installed
    text = installed.read_bytes()
    source = project.python_source()
    names = [installed.name, f"{installed.parent.name}.pyi"]
    for folder in (source / installed.parent.name, source, given.ROOT):
        for name in names:
            path = folder / name
            if path.is_file() and path.read_bytes() == text:
                return path
    return None


def class_at(lines, names):
    """The line of a class, by its name and those of its enclosing classes; None without one."""
    start, end, at = 0, len(lines), None
    for name in names:
        pattern = re.compile(rf"(\s*)class {re.escape(name)}\b")
        at = next((n for n in range(start, end) if pattern.match(lines[n])), None)
        if at is None:
            return None
        start, end = at + 1, block_end(lines, at)
    return at


def block_end(lines, at):
    """The line after the block that begins at a line."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) <= indent and not line.lstrip().startswith((")", "#")):
            return number
    return len(lines)


def mark_final(text, names):
    """The text with `@final` before a class."""
    lines = text.splitlines(keepends=True)
    at = class_at(lines, names)
    if at is None or any("final" in line for line in lines[max(0, at - 3) : at] if line.lstrip().startswith("@")):
        return text
    indent = re.match(r"\s*", lines[at]).group()
    name = "final"
    imported = re.search(r"^from typing(?:_extensions)? import [^\n(]*\bfinal\b", text, re.M)
    if not imported and re.search(r"^import typing$", text, re.M):
        name = "typing.final"
    lines.insert(at, f"{indent}@{name}\n")
    text = "".join(lines)
    return text if imported or name != "final" else with_import(text)


def with_import(text):
    """The text with `final` imported from typing."""
    found = re.search(r"^from typing import ([^\n(]+)$", text, re.M)
    if found:
        names = sorted({word.strip() for word in found.group(1).split(",")} | {"final"}, key=str.lower)
        return text[: found.start(1)] + ", ".join(names) + text[found.end(1) :]
    several = re.search(r"^from typing import \(\n", text, re.M)
    if several:
        return text[: several.end()] + "    final,\n" + text[several.end() :]
    first = re.search(r"^(?:from __future__ [^\n]*\n+)?(?=(?:from|import|class|def|@|\w))", text, re.M)
    at = first.end() if first else 0
    return text[:at] + "from typing import final\n" + ("" if text[at:].startswith(("from", "import")) else "\n") + text[at:]


def init_to_new(text, names):
    """The text with `__new__` instead of a class's `__init__`, if there is exactly one."""
    lines = text.splitlines(keepends=True)
    at = class_at(lines, names)
    if at is None:
        return text
    end = block_end(lines, at)
    own = [n for n in range(at, end) if re.match(r"\s*def __init__\(", lines[n])]
    if len(own) != 1 or any("def __new__" in lines[n] for n in range(at, end)):
        return text
    line = lines[own[0]].replace("def __init__(self", "def __new__(cls")
    last = own[0]
    while last < end and not re.search(r"\)\s*(->[^:]*)?:", lines[last]):
        last += 1
    if last >= end:
        return text
    lines[own[0]] = line
    lines[last] = re.sub(r"\)\s*->\s*None\s*:", f") -> {names[-1]}:", lines[last])
    return "".join(lines)
