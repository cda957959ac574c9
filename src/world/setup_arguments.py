"""The keyword arguments that setup.py passes to setup(), and their lines, as one JSON object; none of it is run.

arguments: its path
"""

import ast
import json
import sys

FOUND = {}
with open(sys.argv[1], "rb") as file:
    MODULE = ast.parse(file.read(), sys.argv[1])
for node in ast.walk(MODULE):
    if isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
        for one in node.keywords if called == "setup" else []:
            value = one.value
            is_empty = isinstance(value, (ast.List, ast.Tuple)) and not value.elts
            if one.arg and not is_empty:
                FOUND.setdefault(one.arg, value.lineno)
print(json.dumps(FOUND))
