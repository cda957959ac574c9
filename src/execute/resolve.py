"""Where Python would find modules, without importing any of the project's code.

usage: resolve.py FOLDER MODULE…   (FOLDER: the project's, which `python -c` puts first)

Prints a JSON object: module -> {"origin", "locations"} for the path of a plain interpreter, and
under "local" the same with FOLDER first.
"""

import importlib.machinery
import json
import sys


def find(name, path):
    spec = None
    done = ""
    for part in name.split("."):
        done = done + "." + part if done else part
        spec = importlib.machinery.PathFinder.find_spec(done, path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return {"origin": spec.origin, "locations": path}


folder, modules = sys.argv[1], sys.argv[2:]
found = {name: find(name, sys.path) for name in modules}
found["local"] = {name: find(name, [folder] + sys.path) for name in modules}
json.dump(found, sys.stdout)
