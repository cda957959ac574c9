"""Import every module of an installed distribution, and print the result of each as JSON."""

import ast
import importlib
import importlib.machinery
import importlib.metadata
import inspect
import json
import re
import sys
import sysconfig
import tokenize
import traceback

SUFFIXES = importlib.machinery.EXTENSION_SUFFIXES
# with what a module asks which system it is on
SYSTEM = {("os", "name"), ("platform", "system"), ("sys", "platform")}
# what Python looks for in an extension module (PEP 489, PEP 793)
INITIALISERS = (b"PyInit", b"PyModExport_")
MISSING = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'|module '([\w.]+)' has no attribute '(\w+)'")


def is_plain_library(file):
    """Whether a shared library is for others to load by its path, as cffi and UniFFI do."""
    data = file.locate().read_bytes()
    return not any(name in data for name in INITIALISERS)


def modules(name):
    for file in importlib.metadata.files(name) or []:
        parts = list(file.parts)
        if ".." in parts or parts[0].endswith((".dist-info", ".data")):
            continue
        if parts[-1].endswith(".py"):
            parts[-1] = parts[-1][:-3]
        else:
            suffix = next((s for s in SUFFIXES if parts[-1].endswith(s)), None)
            if suffix is None or suffix == ".so" and is_plain_library(file):
                continue
            parts[-1] = parts[-1][: -len(suffix)]
        if parts[-1] == "__init__":
            parts.pop()
        # a program to run, or no module by its name
        if parts and parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def parsed(path):
    try:
        with tokenize.open(path) as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def statements(path, line):
    """Those around a line of a file, the innermost last."""
    nodes = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.stmt))
    return [node for node in nodes if node.lineno <= line <= node.end_lineno]


def asks_for_system(test):
    parts = (node for node in ast.walk(test) if isinstance(node, ast.Attribute))
    # Python's own modules write `_os.name`
    return any((getattr(part.value, "id", "").lstrip("_"), part.attr) in SYSTEM for part in parts)


def refuses_system(around):
    """Whether the statement stops because this is not the system that it is for."""
    last = around[-1]
    if isinstance(last, ast.Assert):
        return asks_for_system(last.test)
    branches = (node for node in around if isinstance(node, ast.If))
    return isinstance(last, ast.Raise) and any(asks_for_system(branch.test) for branch in branches)


def names(branch):
    for node in ast.walk(branch):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def is_of_another_system(error):
    """Whether a Python module has the missing name below an `if` about the system."""
    found = MISSING.search(str(error))
    if not found or not isinstance(error, (AttributeError, ImportError)):
        return False
    module, name = (found[2], found[1]) if found[1] else (found[3], found[4])
    try:
        path = inspect.getsourcefile(sys.modules[module]) or ""
    except (KeyError, TypeError):
        return False  # it is compiled
    folders = sysconfig.get_paths()
    if not path.startswith(folders["stdlib"]) or path.startswith((folders["purelib"], folders["platlib"])):
        return False
    branches = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.If))
    return any(name in names(branch) for branch in branches if asks_for_system(branch.test))


def chain(error):
    """The error, and those that caused it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def raised_by(error):
    """The statements around the place that raised it, the innermost last."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return statements(place.filename, place.lineno)


def is_in_words(around):
    """Whether the module itself says what is wrong."""
    return bool(around) and isinstance(around[-1], ast.Raise)


def needed(error):
    """The package that a module imports without telling those who lack it."""
    if isinstance(error, ModuleNotFoundError) and error.name and not is_in_words(raised_by(error)):
        return error.name.partition(".")[0]
    return None


def excuse(error, tops):
    """Why a module need not be importable here, though nothing is wrong with it."""
    around = raised_by(error)
    is_said = is_in_words(around)
    # what was caught before is the reason only where the module says so
    imports = [one for one in (chain(error) if is_said else [error]) if isinstance(one, ImportError)]
    if any((one.name or "").partition(".")[0] in tops for one in imports):
        return None  # a part of its own
    for one in imports:
        if isinstance(one, ModuleNotFoundError) and one.name:
            return "needs " + one.name  # a plugin for a package that is not installed
    if is_of_another_system(error) or around and refuses_system(around):
        return "is for another system"
    return "says: {}".format(error) if is_said and imports else None


def main(name):
    own = sorted(set(modules(name)))
    tops = {module.partition(".")[0] for module in own}
    good, optional, needs, bad = [], [], {}, {}
    for module in own:
        try:
            importlib.import_module(module)
            good.append(module)
        except BaseException as error:
            why = excuse(error, tops)
            if why and needed(error):
                needs[module] = needed(error)
            elif why:
                optional.append("{} ({})".format(module, why))
            else:
                bad[module] = "{}: {}".format(type(error).__name__, error)
    # a line of its own, and told before anything can crash at the end
    requirements = importlib.metadata.requires(name) or []
    said = {"good": good, "optional": optional, "needs": needs, "requirements": requirements, "bad": bad}
    report = json.dumps(said)
    print("\n" + report, flush=True)


main(sys.argv[1])
