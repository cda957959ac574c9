# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Writes the stubs that maturin reads from the built module, or shows what they would change."""

import argparse
import difflib
import os
import shutil
import sys

import project
import steps
import tools

SCRATCH = project.STATE / "stubs"

INSPECT = "experimental-inspect"


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="cargo pyx just stubs")
    parser.add_argument("--check", action="store_true", help="write nothing, show what differs")
    parser.add_argument("-F", "--features", action="append", default=[], help="cargo features")
    return parser.parse_args()


def require_introspection(features):
    """Ends the recipe where the module says nothing of what it holds."""
    enabled = project.features_of("pyo3", features)
    if enabled is None:
        steps.fail("maturin derives stubs from PyO3 modules only, and this crate has no `pyo3`")
    if INSPECT not in enabled:
        steps.fail(
            f"stubs need PyO3's feature `{INSPECT}`, which `{project.manifest()}` does not enable",
            f"cargo add pyo3 --features {INSPECT}\n"
            f"      or, for this once: cargo pyx just stubs -F pyo3/{INSPECT}",
        )


def generate(features):
    """The folder of the stubs as they should be, at their places below it."""
    new = SCRATCH / "new"
    shutil.rmtree(new, ignore_errors=True)
    # the target directory of the extension module, where these features leave all of it fresh
    target = SCRATCH / "target" if features else project.STATE / "ext"
    command = [*tools.standalone("maturin"), "generate-stubs", "--out", new]
    command += ["--interpreter", tools.PYTHON, "--target-dir", target]
    command += ["--profile", os.environ["CARGO_PYX_PROFILE"], *project.features(), *features]
    if code := steps.call([*command, f"--manifest-path={project.manifest()}"]):
        sys.exit(code)
    return new


def styled(new):
    """The same, formatted as the project's other stubs are."""
    formatter, stubs = project.formatter(), sorted(new.rglob("*.pyi"))
    command = {"ruff": ["ruff", "format"], "black": ["black"]}.get(formatter)
    if command:
        variables = {"RUFF_CACHE_DIR": project.STATE / "lint" / "ruff"}
        start = [*tools.standalone(command[0]), *command[1:], "--quiet"]
        if code := steps.call([*start, *stubs], **variables):
            sys.exit(code)
    return {place(path.relative_to(new)): path.read_text("utf-8") for path in stubs}


def place(path):
    """Where a stub belongs: in the Python package, else beside pyproject.toml under its name."""
    source = project.python_source()
    if (source / path.parts[0]).is_dir() or path.name != "__init__.pyi":
        return source / path
    return project.ROOT / path.parent.with_suffix(".pyi")


def drift(path, text):
    """What has to change in a file, as a patch; empty when nothing has."""
    old = path.read_text("utf-8") if path.is_file() else ""
    name = os.path.relpath(path, project.ROOT)
    lines = old.splitlines(keepends=True), text.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"))


def main():
    """Writes what differs, or shows it."""
    asked = arguments()
    tools.settle()
    if project.manifest() is None:
        steps.fail("there is no Cargo.toml of one crate in this folder", "cd PACKAGE")
    features = [f"--features={name}" for name in asked.features]
    require_introspection(features)
    texts = styled(generate(features))
    patches = {path: drift(path, text) for path, text in texts.items()}
    for path in (path for path, patch in patches.items() if patch):
        name = os.path.relpath(path, project.ROOT)
        if asked.check:
            print(patches[path], end="", flush=True)
        else:
            path.write_text(texts[path], "utf-8")
        steps.say("Differs" if asked.check else "Wrote", name)
    if not any(patches.values()):
        steps.say("Fresh", ", ".join(os.path.relpath(path, project.ROOT) for path in texts))
    sys.exit(asked.check and any(patches.values()))


main()
