"""Where Python would find a module, and whether the extension module there can be loaded.

usage: resolve.py FOLDER MODULE LOAD   (FOLDER: the project's, which `python -c` puts first)

Prints, on a line of its own after whatever the environment's files print when Python starts, a JSON
object with two lists, for the path of a plain interpreter ("installed") and for
the same with FOLDER first ("local"): what each package on the way to the module, and the module
itself, would be imported from. A list ends where nothing is found.

If LOAD is "load", the first extension module on the way is loaded as an import of it would; if it is
the path of a library, that is loaded the way cffi and ctypes do. A line after that reports the result:
"well", or an object with "missing" (it has no such function), "broken" (the system cannot load it),
"unlinked" (a library that it needs is not found) or "raised" with the last line of the exception. The
interpreter may crash. None of the project's Python code runs except what the extension itself imports.

If LOAD is "import", the module is imported as users do, its packages before it: what it raises by itself
may be due to their absence. The line is then "well", "raised" as above, or an object with "absent" if
something outside its package is missing.
"""

import importlib.machinery
import os
import sys


def as_json(value):
    """Of lists, dicts, strings and None; importing `json` takes longer than everything else."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[%s]" % ",".join(map(as_json, value))
    if isinstance(value, dict):
        return "{%s}" % ",".join(as_json(name) + ":" + as_json(one) for name, one in value.items())
    units = value.encode("utf-16-be", "surrogatepass").hex()
    return '"%s"' % "".join("\\u" + units[at : at + 4] for at in range(0, len(units), 4))


def walk(module, path):
    found = []
    name = ""
    for part in module.split("."):
        name = name + "." + part if name else part
        # by its last name: finders look for no more, and a namespace package's asks sys.modules for
        # its parent
        spec = importlib.machinery.PathFinder.find_spec(part, path)
        if spec is None:
            break
        if spec.loader is None:
            folders = [os.path.join(folder or ".", part) for folder in path]
            path = [folder for folder in folders if os.path.isdir(folder)]
        else:
            path = list(spec.submodule_search_locations or [])
        found.append({"name": name, "origin": spec.origin, "locations": path})
    return found


def load(found):
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    for one in found:
        if one["origin"] and one["origin"].endswith(suffixes):
            name, path = one["name"], one["origin"]
            break
    else:
        return "well"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.machinery.ModuleSpec(name, loader, origin=path)
    try:
        # since PEP 489 a module may be filled after it is made
        made = sys.modules[name] = loader.create_module(spec)
        loader.exec_module(made)
    except ImportError as error:
        text = str(error)
        kind = "raised"
        if "PyInit_" in text or "module export function" in text:
            kind = "missing"
        elif error.path == path:
            kind = refused(path, text)
        return {kind: last_line(error) if kind == "raised" else text}
    except BaseException as error:
        return {"raised": last_line(error)}
    return "well"


def import_all(module):
    try:
        importlib.import_module(module)
    except ImportError as error:
        top = (error.name or "").partition(".")[0]
        is_own = top in ("", module.partition(".")[0])
        return {"raised" if is_own else "absent": last_line(error)}
    except BaseException as error:
        return {"raised": last_line(error)}
    return "well"


def last_line(error):
    return "%s: %s" % (type(error).__name__, error)


def refused(path, text):
    # the words of the system's loader begin with the file, or with another that it needs
    return "broken" if path in text else "unlinked"


def load_library(path):
    try:
        import ctypes
    except ImportError:  # a Python without it has no way to load this one
        return "well"
    try:
        ctypes.CDLL(path)
    except OSError as error:
        return {refused(path, str(error)): str(error)}
    return "well"


folder, module, wanted = sys.argv[1:]
installed = walk(module, sys.path)
print("\n" + as_json({"installed": installed, "local": walk(module, [folder] + sys.path)}), flush=True)
if wanted == "load":
    print("\n" + as_json(load(installed)), flush=True)
elif wanted == "import":
    print("\n" + as_json(import_all(module)), flush=True)
elif wanted:
    print("\n" + as_json(load_library(wanted)), flush=True)
