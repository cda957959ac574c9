"""Measure the project's benchmarks on an optimised build, in an environment of its own.

usage: bench.py [PYTEST ARGS…]

Benchmarks are tests that use pytest-benchmark's fixture `benchmark`, wherever they are. A Rust
function is compared with its twin in pure Python: two benchmarks of one file whose names differ
only by a word, `pure` (or `python`, `py`) here and `rust` (or `rs`, `native`, or none) there, as in
`test_f[pure]` and `test_f[rust]`, or `test_f_pure` and `test_f`; or the only two of a
benchmark group with such words. Every run is kept in target/pyx/bench/history.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import apart
from chart import chart, duration, factor

PYTEST_BENCHMARK = (
    "pytest-benchmark==5.3.1; python_version >= '3.10'",
    "pytest-benchmark==5.2.3; python_version < '3.10'",  # its last one for that
)
FOLDER = apart.STATE / "bench"
HISTORY = FOLDER / "history"
PURE = {"pure", "python", "py", "purepython"}
RUST = {"rust", "rs", "native"}
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
SPY = LOADED + """
def pytest_sessionfinish():
    with open(os.environ["CARGO_PYX_IMPORTED"], "a") as out:
        out.writelines(f"{file}\\n" for file in loaded())
"""

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
    """Ends here where the project has no benchmarks, before anything is built."""
    files = list(apart.sources(r".*\.py"))
    if any(USES.search(path.read_text(errors="replace")) for path in files):
        return
    text = "the project has no benchmarks: no test takes pytest-benchmark's fixture `benchmark`"
    named = [f"`{apart.shown(path)}`" for path in files if NAMED.search(path.name)]
    apart.stop(text + (f", {', '.join(named)} neither" if named else ""), "def test_f(benchmark): benchmark(f, 1)")


def benchmarks(dir):
    """The files below a folder that hold benchmarks, relative to it."""
    files = sorted(path.relative_to(dir) for path in dir.rglob("*.py"))
    files = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    return [path for path in files if USES.search((dir / path).read_text(errors="replace"))]


def optimised(folder, variables=None):
    """The wheel of the release profile with what the benchmarks need."""
    built = apart.wheel(folder, "release", variables)
    return built or apart.stop("the project has no Python tests, by which to know what its benchmarks need", "add one")


def calls(installed):
    """How pytest runs the benchmarks: a call of pyx's and its words, for each suite that has any."""
    found = [(call, benchmarks(call.dir)) for call in installed.calls]
    found = [(call, files) for call, files in found if files]
    if not found:
        apart.stop("the benchmarks are not among what pyx copies with the tests of the package")
    installed.add("pytest")
    installed.add(*PYTEST_BENCHMARK)
    options = ["-p", "no:cacheprovider", "--benchmark-enable"]
    options += ["-n0"] if installed.has("pytest-xdist") else []
    options += ["--no-cov"] if installed.has("pytest-cov") else []
    for rival in installed.ask(RIVALS).split():
        options += ["-p", f"no:{rival}"]  # both cannot be loaded
    for call, files in found:
        functions = ["-o", "python_functions=test bench"] if any("def bench" in (call.dir / file).read_text() for file in files) else []
        skips = any("--benchmark-skip" in config.read_text() for config in configs(call.dir))
        skips = ["-o", "addopts="] if skips else []
        yield call, [str(installed.env / "bin" / "pytest"), *options, *functions, *skips, *map(str, files)]


def configs(dir):
    names = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    return [dir / name for name in names if (dir / name).is_file()]


def measure(installed, arguments):
    """Runs the benchmarks; pytest's exit code, what was measured, and the modules' files."""
    spy, imported, result = FOLDER / "plugin", FOLDER / "imported", FOLDER / "measured.json"
    spy.mkdir(parents=True, exist_ok=True)
    (spy / "pyx_spy.py").write_text(SPY)
    imported.write_text("")
    code, measured = 0, []
    env = {"PYTHONPATH": str(spy), "CARGO_PYX_IMPORTED": str(imported)}
    for call, words in calls(installed):
        apart.say("Measuring", ", ".join(word for word in words if word.endswith(".py")))
        result.unlink(missing_ok=True)
        words = [*words, "-p", "pyx_spy", "--benchmark-only", f"--benchmark-json={result}", *arguments]
        run = call.run(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode or "-v" in arguments or "-s" in arguments:
            print(run.stdout, end="")
        code = code or run.returncode
        if result.is_file() and result.stat().st_size:
            measured += json.loads(result.read_text())["benchmarks"]
    return code, measured, sorted(set(imported.read_text().splitlines()))


def prove(installed, files):
    """Prints what was measured: the wheel's module, which is what cargo built with this profile."""
    if not files:
        apart.stop(f"the benchmarks do not import `{os.environ['CARGO_PYX_MODULE']}`")
    cargo = installed.target / "pyx" / "ext"
    folder = "debug" if installed.profile == "dev" else installed.profile
    built = [*cargo.glob(f"{folder}/*"), *cargo.glob(f"*/{folder}/*")]
    built = [path.read_bytes() for path in built if path.suffix in (".so", ".dylib")]
    for file in map(Path, files):
        if not file.is_relative_to(installed.env):
            apart.stop(f"the benchmarks imported `{file}`, not the wheel in `{apart.shown(installed.env)}`")
        if sys.platform == "linux" and file.read_bytes() not in built:
            apart.stop(f"`{apart.shown(file)}` is not what cargo built in `{apart.shown(cargo)}`")
        print(f"profile: {installed.profile} ({apart.shown(file)})")


# ------------------------------------------------------------------ who is whose twin


def side(name):
    """Which of two twins a name says that it is, and the name without that word."""
    for words, answer in (PURE, "pure"), (RUST, "rust"):
        for match in re.finditer(r"[A-Za-z0-9]+", name):
            if match.group().lower() in words:
                rest = name[: match.start()] + name[match.end() :]
                rest = re.sub(r"[_\-]+(?=[_\-\[\]]|$)|(?<=\[)[_\-]+", "", rest).replace("[]", "")
                return answer, rest
    return None, name


class Benchmark:
    """One function: its Rust side, and its pure twin where there is one."""

    def __init__(self, name, rust=None, pure=None):
        self.name, self.rust, self.pure = name, rust, pure

    @property
    def times(self):
        return self.pure["stats"]["median"] / self.rust["stats"]["median"] if self.pure and self.rust else None


def pairs(measured):
    """What was measured, as pairs where there are twins; in the order of the files."""
    found = {}
    for result in measured:
        file, _, name = result["fullname"].rpartition("::")
        which, rest = side(name)
        place = found.setdefault((file, rest), {})
        if (which or "rust") in place:
            place = found.setdefault((file, name), {})
        place[which or "rust"] = result
    merge_groups(found)
    return [Benchmark(name, **sides) for (_, name), sides in found.items()]


def merge_groups(found):
    """Twins of different names: the only pure and the only Rust side of a group."""
    groups = {}
    for key, sides in found.items():
        for which, result in sides.items():
            groups.setdefault(result["group"], []).append((key, which))
    for name, members in groups.items():
        if name and sorted(which for _, which in members) == ["pure", "rust"] and members[0][0] != members[1][0]:
            sides = {which: found[key][which] for key, which in members}
            for key, _ in members:
                del found[key]
            found[members[0][0][0], name] = sides


def twins(installed):
    """Arguments that keep pytest from the pure twins of Rust functions."""
    names = []
    for call, words in calls(installed):
        collect = [*words, "--collect-only", "-q"]
        listed = call.run(collect, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        names += [line for line in listed.stdout.splitlines() if "::" in line]
    found = pairs([{"fullname": name, "group": None} for name in names])
    return [f"--deselect={pair.pure['fullname']}" for pair in found if pair.pure and pair.rust]


# ------------------------------------------------------------------ runs before


def runs():
    """All runs that were kept, newest first."""
    return [json.loads(path.read_text()) for path in sorted(HISTORY.glob("*.json"), reverse=True)]


def keep(measured, profile):
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, cwd=apart.PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    results = [{key: result[key] for key in ("fullname", "group")} | {"stats": stats(result)} for result in measured]
    run = {"time": time.time(), "commit": commit.stdout.strip(), "profile": profile, "benchmarks": results}
    HISTORY.mkdir(parents=True, exist_ok=True)
    path = HISTORY / (time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + f"{time.time_ns() % 10**9:09}.json")
    path.write_text(json.dumps(run, indent=1))


def stats(result):
    return {key: result["stats"][key] for key in ("median", "iqr", "min", "rounds")}


def change(result, before):
    """How the median moved since the last run that has this benchmark."""
    for run in before:
        for old in run["benchmarks"]:
            if result and old["fullname"] == result["fullname"]:
                return result["stats"]["median"] / old["stats"]["median"] - 1
    return None


# ------------------------------------------------------------------ what is said


def report(found, before):
    rows = [("benchmark", "pure Python", "Rust", "factor", "since last run")]
    for benchmark in found:
        moved = change(benchmark.rust or benchmark.pure, before)
        rows.append((
            benchmark.name,
            duration(benchmark.pure),
            duration(benchmark.rust),
            factor(benchmark.times),
            "-" if moved is None else f"{moved * 100:+.1f} %",
        ))  # fmt: skip
    apart.table(rows)


def main():
    look()
    installed = optimised(FOLDER)
    code, measured, files = measure(installed, sys.argv[1:])
    if not measured:
        sys.exit(code or apart.ERRORS)
    prove(installed, files)
    found, before = pairs(measured), runs()
    report(found, before)
    keep(measured, installed.profile)
    picture = FOLDER / "bench.svg"
    python = installed.ask("import platform as p; print(p.python_implementation(), p.python_version())")
    moved = {benchmark.name: change(benchmark.rust, before) for benchmark in found}
    picture.write_text(chart(found, moved, f"{python}, profile {installed.profile}, medians"))
    print(f"picture: {apart.shown(picture)}")
    sys.exit(code)


if __name__ == "__main__":
    main()
