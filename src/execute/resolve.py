"""Where Python would find a module, without importing any of the project's code.

usage: resolve.py FOLDER MODULE   (FOLDER: the project's, which `python -c` puts first)

Prints a JSON object with two lists, for the path of a plain interpreter ("installed") and for
the same with FOLDER first ("local"): what each package on the way to the module, and the module
itself, would be imported from. A list ends where nothing is found.
"""

import importlib.machinery
import json
import sys


def walk(module, path):
    found = []
    name = ""
    for part in module.split("."):
        name = name + "." + part if name else part
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None:
            break
        path = list(spec.submodule_search_locations or [])
        found.append({"name": name, "origin": spec.origin, "locations": path})
    return found


folder, module = sys.argv[1:]
json.dump(
    {"installed": walk(module, sys.path), "local": walk(module, [folder] + sys.path)},
    sys.stdout,
)
