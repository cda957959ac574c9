"""Removes builds with `cargo pyx clean`, then what builds, tests and checks left among the sources.

Nothing that git tracks is removed, and no environment.
"""

import argparse
import functools
import mmap
import os
import shutil
from pathlib import Path

import given
import programs
import project
import steps
from given import ROOT, STATE

CACHES = {".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}

MODULES = (".so", ".pyd")


def is_folder(path):
    """Whether a path is a folder itself, and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def leftovers():
    """Caches and extension modules among the project's files."""
    for place, folders, files in os.walk(ROOT):
        here = [Path(place, name) for name in folders]
        yield from (path for path in here if path.name in CACHES and not path.is_symlink())
        folders[:] = [path.name for path in here if is_ours(path)]
        modules = [Path(place, name) for name in files if name.endswith(MODULES)]
        yield from (path for path in modules if is_rust(path))


FOREIGN = ("pyvenv.cfg", "conda-meta", ".git", "CACHEDIR.TAG")
"""What a folder holds that is an environment of venv's or conda's, another checkout or a target."""

INSTALLED = {"site-packages", "dist-packages", "__pypackages__", "node_modules"}
"""Folders into which installers put packages, and no build of the project's."""


def is_ours(path):
    """Whether to descend into a folder: not into environments, other checkouts or target directories."""
    if path.name in {".git", *CACHES, *INSTALLED} or path == STATE or any((path / name).exists() for name in FOREIGN):
        return False
    return not given.PYTHON or path != given.environment()


@functools.lru_cache(maxsize=None)
def own_modules():
    """The names under which the project's builds leave modules: of these members, else of their crates."""
    names = {module.rpartition(".")[2] for module in given.MODULES}
    for member in given.crates():
        manifest = project.toml(member["manifest"])
        names |= {member.get("name"), *(project.table(manifest, key).get("name") for key in ("package", "lib"))}
    return {name.replace("-", "_") for name in names if isinstance(name, str)}


def is_rust(path):
    """Whether a file is one of the project's extension modules, compiled by rustc."""
    if path.name.partition(".")[0] not in own_modules() or path.is_symlink() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # the compiler's version, or the path of its library in messages of panics
        return data.find(b"PyInit_") >= 0 and max(data.find(b"rustc "), data.find(b"/rustc/")) >= 0


def git(*words, paths=()):
    """How a git command ended and what it printed."""
    text = "\0".join(str(path) for path in paths)
    return programs.read(["git", *words], ROOT, given_text=text)


def paths_in(answer):
    """The paths that a git command printed."""
    return {Path(name) for name in answer.out.split("\0") if name}


def removable():
    """What may be removed: nothing that git tracks, and modules only if git ignores them."""
    answer = git("ls-files", "-z")
    if not answer and project.in_checkout():
        why = f"git {answer.trouble}" if answer.trouble else answer.last()
        steps.fail(f"cannot list the tracked files, so nothing else is removed: {why}", "git ls-files")
    tracked = {ROOT / path for path in paths_in(answer)}
    kept = tracked.union(*(path.parents for path in tracked))
    found = [path for path in leftovers() if path not in kept]
    modules = [path for path in found if path.suffix in MODULES]
    ignored = paths_in(git("check-ignore", "-z", "--stdin", paths=modules))
    return sorted(path for path in found if path not in modules or path in ignored)


def size(path):
    """The disk usage of a file or folder in bytes; hard links are counted once."""
    inside = path.rglob("*") if is_folder(path) else [path]
    states = [entry.lstat() for entry in inside]
    return sum({(state.st_dev, state.st_ino): taken(state) for state in states}.values())


def taken(state):
    """The disk usage of a file in bytes; its size if the system, such as Windows, counts no blocks."""
    return state.st_blocks * 512 if hasattr(state, "st_blocks") else state.st_size


def main(arguments):
    """Removes or lists, and says how much that frees."""
    parser = argparse.ArgumentParser(prog="cargo pyx just clean")
    parser.add_argument("--dry-run", action="store_true", help="only list")
    dry, total = parser.parse_args(arguments).dry_run, 0
    done = programs.run([given.PYX, "clean", *(["--dry-run"] if dry else [])], ROOT)
    if not done:
        steps.fail(f"`cargo pyx clean` {done.how()}", code=max(done.code, 1))
    for path in removable():
        bytes_ = size(path)
        total += bytes_
        print(f"{bytes_ / 2**20:9.1f} MiB  {os.path.relpath(path, ROOT)}", flush=True)
        if not dry:
            shutil.rmtree(path) if is_folder(path) else path.unlink()
    programs.say("Would free" if dry else "Freed", f"{total / 2**20:.1f} MiB")
