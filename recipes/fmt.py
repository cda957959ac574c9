# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Formats Rust and Python code by the project's own settings."""

import project
import steps
import tools

RUFF = {"RUFF_CACHE_DIR": project.STATE / "lint" / "ruff"}


def imports(run):
    """Sorts imports, where the project has them sorted."""
    sorter = project.sorter()
    if sorter == "ruff":
        command = [*tools.standalone("ruff"), "check", "--select=I", "--fix", *project.built()]
        run.run("ruff check --select=I", command, **RUFF)
    if sorter == "isort":
        run.run("isort", [*tools.standalone("isort"), *project.ignored(), "."])


def main():
    """Formats: Rust, then imports, then Python, as one that formats may undo one that sorts."""
    run, formatter = steps.Steps(), project.formatter()
    if manifest := project.manifest():
        run.run("cargo fmt", ["cargo", "fmt", f"--manifest-path={manifest}", "--all"])
    imports(run)
    if formatter == "ruff":
        run.run("ruff format", [*tools.standalone("ruff"), "format", *project.built()], **RUFF)
    if formatter == "black":
        run.run("black", [*tools.standalone("black"), "."])
    run.finish()


main()
