"""Writes the stubs that maturin reads from the built module, or shows what they would change."""

import argparse
import difflib
import os
import shutil
from pathlib import Path

import given
import programs
import project
import source
import steps
import style
import tools

SCRATCH = given.STATE / "stubs"

INSPECT = "experimental-inspect"
LIBRARIES = (".so", ".dylib", ".dll")


def arguments(words):
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="cargo pyx just stubs")
    parser.add_argument("--check", action="store_true", help="write nothing, show what differs")
    parser.add_argument("-F", "--features", action="append", default=[], help="cargo features")
    return parser.parse_args(words)


def features_of(crate, member, more):
    """The enabled features of a dependency; None if the package does not depend on it."""
    words = ["cargo", "metadata", "--format-version=1", f"--manifest-path={member['manifest']}"]
    # cargo notes what rustc says of itself in the target directory
    variables = {"CARGO_TARGET_DIR": SCRATCH / "target"}
    done = programs.read([*words, *given.features(member), *more], given.ROOT, variables)
    metadata = done.json() if done else None
    packages = metadata.get("packages") if isinstance(metadata, dict) else None
    nodes = project.table(metadata, "resolve").get("nodes")
    if not isinstance(packages, list) or not isinstance(nodes, list):
        steps.fail(f"cargo does not tell what `{given.shown(member['manifest'])}` depends on: {done.last()}")
    ids = {package.get("id") for package in packages if package.get("name") == crate}
    nodes = [node for node in nodes if node.get("id") in ids]
    return {name for node in nodes for name in node.get("features", [])} if nodes else None


def require_introspection(member, features):
    """Ends the recipe if the module does not describe its content."""
    enabled = features_of("pyo3", member, features)
    if enabled is None:
        steps.fail("maturin derives stubs from PyO3 modules only, and this crate has no `pyo3`")
    if INSPECT not in enabled:
        steps.fail(
            f"stubs need PyO3's feature `{INSPECT}`, which `{given.shown(member['manifest'])}` does not enable",
            f"cargo add pyo3 --features {INSPECT}\n      or, for this once: cargo pyx just stubs -F pyo3/{INSPECT}",
        )


def generate(member, features):
    """The folder with the stubs as they should be, at their places below it."""
    new = SCRATCH / "new"
    shutil.rmtree(new, ignore_errors=True)
    # the target directory of the extension module, where these features leave all of it fresh
    target = SCRATCH / "target" if features else given.STATE / "ext"
    command = [*tools.standalone("maturin"), "generate-stubs", "--out", new]
    command += ["--interpreter", given.PYTHON, "--target-dir", target]
    command += ["--profile", given.PROFILE, *given.features(member), *features]
    built = artifacts(target)
    done = programs.run([*command, f"--manifest-path={member['manifest']}"], given.ROOT)
    put_back(built, target / "maturin")
    if not done:
        steps.fail(f"maturin wrote no stubs: it {done.how()}", code=steps.MISSING if done.trouble else steps.FAILED)
    return new


def artifacts(target):
    """The libraries that cargo left in a target directory, for whatever platform."""
    return [path for depth in ("*/*", "*/*/*") for path in target.glob(depth) if path.suffix in LIBRARIES and path.is_file()]


def put_back(built, staged):
    """Moves libraries that maturin moved for inspection back to where the next command looks for them."""
    for path in built:
        if not path.is_file() and (staged / path.name).is_file():
            os.replace(staged / path.name, path)


def styled(new):
    """The same, formatted as the project's other stubs are."""
    formatter, stubs = style.formatter(), sorted(new.rglob("*.pyi"))
    command = {"ruff": ["ruff", "format"], "black": ["black"]}.get(formatter)
    if command and stubs:
        variables = {"RUFF_CACHE_DIR": given.STATE / "lint" / "ruff"}
        start = [*tools.standalone(command[0]), *command[1:], "--quiet"]
        done = programs.run([*start, *stubs], given.ROOT, variables)
        if not done:
            steps.warn(f"the stubs are not formatted: {formatter} {done.how()}")
    return {place(path.relative_to(new)): path.read_text("utf-8") for path in stubs}


def place(path):
    """Where a stub belongs: in the Python package, else next to pyproject.toml under its name."""
    source = project.python_source()
    if (source / path.parts[0]).is_dir() or path.name != "__init__.pyi":
        return source / path
    return given.ROOT / path.parent.with_suffix(".pyi")


def drift(path, text):
    """What has to change in a file, as a patch; empty if nothing has."""
    old = path.read_text("utf-8") if path.is_file() else ""
    name = os.path.relpath(path, given.ROOT)
    lines = old.splitlines(keepends=True), text.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"))


def owner():
    """The package in the project's folder, else the only one."""
    found = [member for member in given.crates() if Path(member.get("dir", "")) == given.ROOT] or given.crates()
    if len(found) != 1:
        steps.fail("this folder has no Cargo.toml of a single crate", "cd PACKAGE")
    return found[0]


def main(words):
    """Writes what differs, or shows it."""
    asked = arguments(words)
    given.settle()
    member = owner()
    features = [f"--features={name}" for name in asked.features]
    require_introspection(member, features)
    try:
        texts = styled(generate(member, features))
    except steps.Trouble as trouble:
        steps.fail(trouble.sentence, trouble.hint, steps.MISSING)
    if not texts:
        steps.fail("maturin wrote no stub of this module")
    patches = {path: drift(path, text) for path, text in texts.items()}
    for path in (path for path, patch in patches.items() if patch):
        name = os.path.relpath(path, given.ROOT)
        if asked.check:
            print(patches[path], end="", flush=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            source.write(path, texts[path])
        programs.say("Differs" if asked.check else "Wrote", name)
    if not any(patches.values()):
        programs.say("Fresh", ", ".join(os.path.relpath(path, given.ROOT) for path in texts))
    if asked.check and any(patches.values()):
        steps.fail("the stubs do not match the module", "cargo pyx just stubs")
