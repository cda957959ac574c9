"""Measure the project's benchmarks on an optimised build, in an environment of its own.

usage: cargo pyx just bench [--against REVISION] [--fail-over PERCENT] [PYTEST ARGS…]

Benchmarks are tests that use pytest-benchmark's fixture `benchmark`, wherever they are. What they compare
with each other is found by `pairing`. Every run is kept in target/pyx/bench/history. With `--against` the
benchmarks of another revision and those of the project as it is run in turn, and each that both have is
faster, slower or noise; `--fail-over` ends with 1 where one is slower by more than that, than the revision
or, without one, than the last run.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

import apart
import given
import packages
import programs
import project
import revisions
import steps
import tools
from chart import chart, duration, factor
from pairing import compared

PYTEST_BENCHMARK = (
    "pytest-benchmark==5.3.1; python_version >= '3.10'",
    "pytest-benchmark==5.2.3; python_version < '3.10'",  # its last one for that
)
FOLDER = given.STATE / "bench"
HISTORY = FOLDER / "history"
SPIES = given.STATE / "bench" / "plugin"
BROKEN, IMPORTED = SPIES / "broken", SPIES / "imported"
USES = re.compile(r"def (?:test|bench)\w*\([^)]*\bbenchmark\b|@pytest\.mark\.benchmark\b")
NAMED = re.compile(r"bench", re.I)
LOADED = """import os, sys

def loaded():
    names = tuple(name + "." for name in os.environ["CARGO_PYX_MODULE"].split())
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if f"{name}.".startswith(names) and file.endswith((".so", ".pyd")):
            yield file  # that of `hello.hello` where maturin made the package `hello`
"""
SPY = (
    LOADED
    + """
def pytest_sessionfinish():
    with open(os.environ["CARGO_PYX_IMPORTED"], "a") as out:
        out.writelines(f"{file}\\n" for file in loaded())

def pytest_exception_interact(node, call, report):
    if report.when == "collect":
        import json
        error, place = call.excinfo, None
        for entry in error.traceback:
            if str(entry.path) == str(node.path):
                place = entry.lineno + 1
        found = error.value
        if isinstance(getattr(found, "__cause__", None), ImportError):
            found = found.__cause__
        while found is not None and not isinstance(found, ImportError):
            found = found.__context__
        found = found or error.value
        trace = found.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(node.path):
                place = trace.tb_lineno
            trace = trace.tb_next
        told = {"file": node.nodeid, "line": place, "module": getattr(found, "name", None)}
        told["error"] = f"{type(found).__name__}: {found}".splitlines()[0]
        with open(os.environ["CARGO_PYX_BROKEN"], "a") as out:
            out.write(json.dumps(told) + "\\n")
"""
)

# plugins in place of pytest-benchmark have options of the same names
RIVALS = """from importlib import metadata, util
from pathlib import Path

for plugin in (plugin for package in metadata.distributions() for plugin in package.entry_points):
    if plugin.group == "pytest11" and plugin.name != "benchmark":
        found = util.find_spec(plugin.value.partition(":")[0])
        file = Path(found.origin or "") if found else Path()
        if file.suffix == ".py" and "--benchmark-" in file.read_text(errors="replace"):
            print(plugin.name)
"""

# ------------------------------------------------------------------ what is measured


def look():
    """Ends the recipe if the project has no benchmarks, before anything is built."""
    files = list(apart.sources(r".*\.py"))
    if any(USES.search(path.read_text(errors="replace")) for path in files):
        return
    text = "the project has no benchmarks: no test takes pytest-benchmark's fixture `benchmark`"
    named = [f"`{apart.shown(path)}`" for path in files if NAMED.search(path.name)]
    text += f", {', '.join(named[:5])} neither" if named else ""
    for path, command in elsewhere():
        apart.stop(f"{text}; `{apart.shown(path)}` is run by another tool", command)
    apart.stop(text, "def test_f(benchmark): benchmark(f, 1)")


def elsewhere():
    """What benchmarks the project without pytest: a file, and what runs it."""
    for member in given.crates():
        for path in sorted(Path(member["manifest"]).parent.glob("benches/*.rs")):
            yield path, "cargo pyx run cargo bench"
    if path := project.first("asv.conf.json"):
        yield path, "cargo pyx run --with asv asv run --python=same"


def benchmarks(folder):
    """The files below a folder that hold benchmarks."""
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in ("target", "node_modules"))
        found += [Path(place, name) for name in names if name.endswith(".py")]
    return sorted(path for path in found if USES.search(path.read_text(errors="replace")))


def copied_root(call):
    """The folder of a suite's copy that stands for the repository: the files next to a package are there."""
    for member in given.MEMBERS:
        try:
            below = Path(member["dir"]).relative_to(given.CHECKOUT)
        except (KeyError, ValueError):
            continue
        if below.parts and call.dir.parts[-len(below.parts) :] == below.parts:
            return Path(*call.dir.parts[: -len(below.parts)])
    return call.dir


def optimised(folder, variables=None, project=given.ROOT):
    """The wheel of the release profile with what the benchmarks need."""
    built = apart.wheel(folder, "release", variables, project)
    return built or apart.stop("the project has no Python tests that tell what its benchmarks need", "add one")


def provide(installed):
    """Installs pytest-benchmark, and what the project lists for its benchmarks."""
    for listed in tools.lists():
        if NAMED.search(listed.place) or packages.brings(listed, "pytest-benchmark"):
            requirements = tools.resolved(listed)
            done = installed.install(requirements) if requirements else None
            if done is not None and not done:
                steps.warn(f"{listed.place} cannot be installed: {tools.shortened(done)}")
    installed.add("pytest")
    installed.add(*PYTEST_BENCHMARK)


def calls(installed):
    """How pytest runs the benchmarks: a pyx call and its words, for each suite that has any."""
    taken, found = set(), []
    for call in installed.calls:
        files = [path for path in benchmarks(call.dir)]
        if call is installed.calls[0]:
            files = list(dict.fromkeys([*files, *benchmarks(copied_root(call))]))
        files = [path for path in files if path not in taken]
        taken.update(files)
        if files:
            found.append((call, [os.path.relpath(path, call.dir) for path in files]))
    if not found:
        apart.stop("the benchmarks are not among what pyx copies with the tests of the package")
    provide(installed)
    SPIES.mkdir(parents=True, exist_ok=True)
    (SPIES / "pyx_spy.py").write_text(SPY)
    options = ["-p", "no:cacheprovider", "-p", "pyx_spy", "--continue-on-collection-errors", "--benchmark-enable"]
    options += ["-n0"] if installed.has("pytest-xdist") else []
    options += ["--no-cov"] if installed.has("pytest-cov") else []
    for rival in installed.ask(RIVALS).split():
        options += ["-p", f"no:{rival}"]  # both cannot be loaded
    for call, files in found:
        texts = [project.text(call.dir / file) for file in files]
        functions = ["-o", "python_functions=test bench"] if any("def bench" in text for text in texts) else []
        skips = any("--benchmark-skip" in config.read_text(errors="replace") for config in configs(call.dir))
        skips = ["-o", "addopts="] if skips else []
        call.env.update(PYTHONPATH=str(SPIES), CARGO_PYX_IMPORTED=str(IMPORTED), CARGO_PYX_BROKEN=str(BROKEN))
        yield call, [str(installed.python), "-m", "pytest", *options, *functions, *skips, *files]


def configs(folder):
    names = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    return [folder / name for name in names if (folder / name).is_file()]


def broken():
    """The files that could not be imported: sentences with file, line and what was missing."""
    lines = BROKEN.read_text("utf-8", "replace").splitlines() if BROKEN.is_file() else []
    found = []
    for line in dict.fromkeys(lines):
        told = programs.Outcome(["pytest"], 0, line).json() or {}
        place = f"{told.get('file')}:{told.get('line')}" if told.get("line") else str(told.get("file"))
        if told.get("module") and "No module named" in str(told.get("error")):
            found.append(f"{place} imports `{told['module']}`, which no list of the project brings")
        else:
            found.append(f"{place} cannot be imported: {told.get('error')}")
    return found


def forget():
    """Restarts the record of what is imported, and what cannot be."""
    SPIES.mkdir(parents=True, exist_ok=True)
    for path in IMPORTED, BROKEN:
        path.write_text("")


def measure(installed, arguments):
    """Runs the benchmarks; pytest's exit code, what was measured, and the modules' files."""
    result = FOLDER / "measured.json"
    code, measured = 0, []
    forget()
    for call, words in calls(installed):
        apart.say("Measuring", ", ".join(word for word in words if word.endswith(".py")))
        result.unlink(missing_ok=True)
        words = [*words, "--benchmark-only", f"--benchmark-json={result}", *arguments]
        run = call.read(words)
        if (not run and not broken() and run.code != 5) or "-v" in arguments or "-s" in arguments:
            print(run.out, end="")
        if not run and not broken() and run.code != 5:
            steps.error(f"pytest {run.how()} in the benchmarks")
        code = code or abs(run.code)
        text = result.read_text(errors="replace") if result.is_file() else ""
        found = programs.Outcome(["pytest"], 0, text).json()
        measured += [one for one in (found or {}).get("benchmarks", []) if "median" in one.get("stats", {})]
    imported = IMPORTED.read_text().splitlines()
    for sentence in broken():
        steps.error(sentence)
    return code, measured, sorted(set(imported))


def prove(installed, files):
    """Prints what was measured: the wheel's module, which is what cargo built with this profile."""
    if not files:
        apart.stop(f"the benchmarks do not import {', '.join(f'`{name}`' for name in given.MODULES)}")
    cargo = apart.builds(installed.target)
    folder = "debug" if installed.profile == "dev" else installed.profile
    built = [path for place in cargo for pattern in (f"{folder}/*", f"*/{folder}/*") for path in place.glob(pattern)]
    built = [path.read_bytes() for path in built if path.suffix in (".so", ".dylib")]
    for file in map(Path, files):
        if not file.is_relative_to(installed.env):
            apart.stop(f"the benchmarks imported `{file}`, not the wheel in `{apart.shown(installed.env)}`")
        if sys.platform == "linux" and file.read_bytes() not in built:
            apart.stop(f"`{apart.shown(file)}` is not what cargo built in `{apart.shown(installed.target)}`")
        print(f"profile: {installed.profile} ({apart.shown(file)})")


def own_names():
    """The names of the project's own side of a comparison."""
    names = {part for module in given.MODULES for part in module.split(".")}
    return {name.strip("_").lower() for name in names | {m.get("name", "") for m in given.MEMBERS}} - {""}


def twins(installed):
    """Arguments that keep pytest from the Python twins of Rust functions."""
    names = []
    for call, words in calls(installed):
        listed = call.read([*words, "--collect-only", "-q"])
        names += [line.strip() for line in listed.out.splitlines() if "::" in line and " " not in line.strip()]
    found = compared([{"fullname": name, "group": None} for name in names], own_names())
    return [f"--deselect={other['fullname']}" for one in found for other in one.others.values()]


# ------------------------------------------------------------------ runs before


def runs():
    """All runs that were kept, newest first."""
    found = [programs.Outcome(["bench"], 0, path.read_text()).json() for path in sorted(HISTORY.glob("*.json"), reverse=True)]
    return [run for run in found if isinstance(run, dict) and isinstance(run.get("benchmarks"), list)]


def keep(measured, profile):
    """Records a run for the next ones."""
    commit = programs.read(["git", "describe", "--always", "--dirty"], given.ROOT)
    results = [{key: result.get(key) for key in ("fullname", "group")} | {"stats": stats(result)} for result in measured]
    run = {"time": time.time(), "commit": commit.out.strip(), "profile": profile, "benchmarks": results}
    HISTORY.mkdir(parents=True, exist_ok=True)
    path = HISTORY / (time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + f"{time.time_ns() % 10**9:09}.json")
    path.write_text(json.dumps(run, indent=1))


def stats(result):
    return {key: result["stats"].get(key) for key in ("median", "iqr", "min", "rounds")}


def change(result, before):
    """How the median moved since the last run that has this benchmark."""
    for run in before:
        for old in run["benchmarks"]:
            if result and old.get("fullname") == result["fullname"] and old["stats"]["median"]:
                return result["stats"]["median"] / old["stats"]["median"] - 1
    return None


# ------------------------------------------------------------------ what is said


def report(found, before):
    """Prints what was compared, else what was measured."""
    rows = [("benchmark", "beside", "its median", "Rust", "factor", "since last run")]
    for one in found:
        moved = change(one.ours, before)
        moved = "-" if moved is None else f"{moved * 100:+.1f} %"
        for label, other in one.others.items() or [("-", None)]:
            rows.append((one.name, label, duration(other), duration(one.ours), factor(one.times(label)), moved))
    apart.table(rows, left=2)


# ------------------------------------------------------------------ another revision


def against(revision, arguments):
    """Measures another revision and the project in turn; returns what changed."""
    commit = revisions.commit(revision)
    other = revisions.checkout(commit, FOLDER / "against" / commit[:12])
    now = optimised(FOLDER)
    apart.say("Comparing", f"with {revision} ({commit[:12]})")
    apart.seed(now.target / "pyx" / "ext", other / "target" / "pyx" / "ext")
    sides = optimised(other, project=other), now
    medians, files = ({}, {}), [[], []]
    for turn in range(revisions.TURNS):
        for side in revisions.order(turn):
            code, measured, files[side] = measure(sides[side], arguments)
            if not measured:
                apart.stop(unmeasured(code), code=code or apart.ERRORS)
            for result in measured:
                medians[side].setdefault(result["fullname"], []).append(result["stats"]["median"])
    for installed, modules in zip(sides, files):
        prove(installed, modules)
    found = revisions.changes(*medians)
    if not found:
        apart.stop(f"no benchmark is both in {commit[:12]} and in the current project")
    revisions.report(found, revision)
    return {one.name: one.mean for one in found if one.verdict == "slower"}


def unmeasured(code):
    return "no benchmark is selected" if code == 5 else "no benchmark was measured"


def fail_over(slower, percent, than):
    """Ends with 1 if a benchmark is slower by more than is allowed; `slower`: shares by name."""
    over = {name: share for name, share in slower.items() if percent is not None and share * 100 > percent}
    for name, share in sorted(over.items()):
        steps.error(f"{name} is slower than {than} by {share:.1%}, and {percent:g} % are allowed")
    if over:
        sys.exit(apart.ERRORS)


def percentage(text):
    """`10` or `10%`"""
    return float(text.removesuffix("%"))


def main(arguments):
    """Measures, compares, draws."""
    steps.refuse_ours("bench", arguments)
    given.settle()
    parser = argparse.ArgumentParser(prog="cargo pyx just bench", allow_abbrev=False)
    parser.add_argument("--against", metavar="REVISION", help="alternate that revision's benchmarks with the project's")
    parser.add_argument("--fail-over", type=percentage, metavar="PERCENT", help="fail if one is slower by more")
    options, arguments = parser.parse_known_args(arguments)
    look()
    if options.against:
        slower = against(options.against, arguments)
        return fail_over(slower, options.fail_over, options.against)
    installed = optimised(FOLDER)
    code, measured, files = measure(installed, arguments)
    if not measured:
        apart.stop(unmeasured(code), code=code or apart.ERRORS)
    prove(installed, files)
    found, before = compared(measured, own_names()), runs()
    report(found, before)
    keep(measured, installed.profile)
    picture = FOLDER / "bench.svg"
    python = installed.ask("import platform as p; print(p.python_implementation(), p.python_version())")
    moved = {one.ours["fullname"]: change(one.ours, before) for one in found}
    picture.write_text(chart(found, moved, f"{python}, profile {installed.profile}, medians"), "utf-8")
    print(f"picture: {apart.shown(picture)}")
    since = {result["fullname"]: change(result, before) or 0 for result in measured}
    fail_over(since, options.fail_over, "in the last run")
    sys.exit(code)
