"""Runs what CI should, all of it, and sums it up.

What the project's own pipeline does not check is shown beside the rest, and fails nothing.
"""

import automation
import given
import programs
import project
import steps


def has_stubs():
    """Whether the project's sources contain stubs of its modules."""
    source = project.python_source()
    names = [f"{top}.pyi" for top in given.tops()]
    beside = [given.ROOT / name for name in names] + [source / name for name in names]
    packages = [source / top for top in given.tops()]
    return any(path.is_file() for path in beside) or any(next(package.rglob("*.pyi"), None) for package in packages)


def checks_stubs():
    """Whether the project compares its stubs itself."""
    names = ("stubtest", "mypy.stubtest")
    return automation.uses(*names) or any("stubtest" in " ".join(call.words) for call in automation.calls())


def audits():
    """Whether the project configures or runs a tool that looks for vulnerabilities."""
    files = ("deny.toml", ".deny.toml", ".cargo/deny.toml", ".cargo/audit.toml")
    by_uv = any(call.words[:2] == ["uv", "audit"] for call in automation.calls())
    return bool(project.first(*files) or by_uv or automation.uses("pip-audit", "deny", "audit"))


def main(arguments):
    """Runs every step, whatever the results of those before."""
    if arguments:
        steps.misuse("ci", arguments, arguments[0], f"`ci` has no argument `{arguments[0]}`", "cargo pyx just ci")
    run = steps.Steps("ci")
    run.run("lint", [given.PYX, "just", "lint"])
    run.judged("test", test)
    if has_stubs() and checks_stubs():
        run.run("types", [given.PYX, "just", "types"])
    elif has_stubs():
        run.judged("types", beside)
    if audits():
        run.run("audit", [given.PYX, "just", "audit"])
    run.write_summary("cargo pyx just ci")
    run.finish()


NO_TESTS = 5


def test():
    """All tests; a project without any does not fail a pipeline for that."""
    done = programs.run([given.PYX, "test"], given.ROOT)
    return (steps.NOTED, "there are no tests") if done.code == NO_TESTS else done


def beside():
    """What stubtest finds in what was built, if the project does not run it."""
    built = programs.run([given.PYX, "dev"], given.ROOT)
    if not built:
        return built
    done = programs.run([given.PYX, "just", "types"], given.ROOT)
    if done:
        return steps.OK, ""
    finds = done.code == steps.FAILED
    return steps.NOTED, "findings that the project's own checks do not look for" if finds else f"not compared: it {done.how()}"
