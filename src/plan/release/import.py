"""Import every module of an installed distribution, and print what became of each as JSON."""

import importlib
import importlib.machinery
import importlib.metadata
import json
import sys

SUFFIXES = importlib.machinery.EXTENSION_SUFFIXES


def modules(name):
    for file in importlib.metadata.files(name) or []:
        parts = list(file.parts)
        if ".." in parts or parts[0].endswith((".dist-info", ".data")):
            continue
        if parts[-1].endswith(".py"):
            parts[-1] = parts[-1][:-3]
        else:
            suffix = next((s for s in SUFFIXES if parts[-1].endswith(s)), None)
            if suffix is None:
                continue
            parts[-1] = parts[-1][: -len(suffix)]
        if parts[-1] == "__init__":
            parts.pop()
        # a program to run, or no module by its name
        if parts and parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def main(name):
    own = sorted(set(modules(name)))
    tops = {module.partition(".")[0] for module in own}
    good, optional, bad = [], [], {}
    for module in own:
        try:
            importlib.import_module(module)
            good.append(module)
        except ModuleNotFoundError as error:
            # a plugin for a package that is no dependency
            if (error.name or "").partition(".")[0] in tops | {""}:
                bad[module] = "{}: {}".format(type(error).__name__, error)
            else:
                optional.append("{} (needs {})".format(module, error.name))
        except BaseException as error:
            bad[module] = "{}: {}".format(type(error).__name__, error)
    # a line of its own, and told before anything can crash at the end
    report = json.dumps({"good": good, "optional": optional, "bad": bad})
    print("\n" + report, flush=True)


main(sys.argv[1])
