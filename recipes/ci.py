# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Runs what CI should, all of it, and sums it up."""

import os

import project
import steps


def has_stubs():
    """Whether the project's sources hold stubs of its modules."""
    source = project.python_source()
    names = [f"{top}.pyi" for top in project.tops()]
    beside = [project.ROOT / name for name in names] + [source / name for name in names]
    packages = [source / top for top in project.tops()]
    return any(path.is_file() for path in beside) or any(
        next(package.rglob("*.pyi"), None) for package in packages
    )


def audits():
    """Whether the project configures a tool that looks for vulnerabilities."""
    files = ("deny.toml", ".deny.toml", ".cargo/deny.toml", ".cargo/audit.toml")
    return bool(project.first(*files) or "pip-audit" in project.hooks())


def main():
    """Runs every step, whatever came out of those before."""
    run, pyx = steps.Steps(), os.environ["CARGO_PYX"]
    run.run("lint", [pyx, "just", "lint"])
    run.run("test", [pyx, "test"])
    if has_stubs():
        run.run("types", [pyx, "just", "types"])
    if audits():
        run.run("audit", [pyx, "just", "audit"])
    run.write_summary("cargo pyx just ci")
    run.finish()


main()
