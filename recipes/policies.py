"""Prints what auditwheel's policies promise, as src/model/manylinux.json has it.

Run by `just policies`, with the auditwheel that releases are checked with.
"""

import json
import re
from importlib import metadata
from pathlib import Path

import auditwheel.policy

LIBRARIES = ("CXXABI", "GCC", "GLIBC", "GLIBCXX")
"""Those whose symbols have versions that are looked at."""


def newest(versions):
    """The highest of some versions that are numbers, as numbers."""
    numbers = [[int(part) for part in text.split(".")] for text in versions if re.fullmatch(r"[\d.]+", text)]
    return max(numbers, default=[])


def policies(name):
    """The policies of a file, by their names."""
    path = Path(auditwheel.policy.__file__).with_name(f"{name}-policy.json")
    found = json.loads(path.read_text("utf-8"))
    return {policy["name"]: policy for policy in found if policy["name"].startswith(name)}


def manylinux():
    """By glibc, the oldest first: libraries of the system, and by machine the highest symbol versions."""
    found = []
    for name, policy in policies("manylinux").items():
        symbols = {
            machine: {library: newest(versions.get(library, [])) for library in LIBRARIES} for machine, versions in sorted(policy["symbol_versions"].items())
        }
        glibc = int(name.rpartition("_")[2])
        found.append({"glibc": glibc, "aliases": policy["aliases"], "libraries": sorted(policy["lib_whitelist"]), "symbols": symbols})
    return sorted(found, key=lambda one: one["glibc"])


def main():
    """Prints them, one a line."""
    lines = ",\n".join("    " + json.dumps(one) for one in manylinux())
    version = metadata.version("auditwheel")
    print(f'{{\n  "auditwheel": "{version}",\n  "policies": [\n{lines}\n  ]\n}}')


if __name__ == "__main__":
    main()
