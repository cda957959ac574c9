"""Build with profile-guided optimisation, and measure it against the plain release build.

usage: cargo pyx just pgo [--yes] [PYTEST ARGS…]

With `[tool.maturin] pgo-command` maturin does it all (`maturin build --pgo`). Without, an instrumented
wheel runs the project's benchmarks, and the wheel is built once more with what that recorded. Then
the same benchmarks run on both wheels in turn.
"""

import math
import shutil
import sys
from pathlib import Path

import apart
import bench
import given
import programs
import project
import steps
from chart import duration

FOLDER = given.STATE / "pgo"
PROFILES = FOLDER / "profiles"
MERGED = FOLDER / "merged.profdata"
TURNS = 2
OPTIMISED = "*opt-level=*"  # not for build scripts and macros, which run while compiling


def command():
    """`[tool.maturin] pgo-command`"""
    return (project.tool("maturin") or {}).get("pgo-command")


def by_maturin():
    locks = {folder / "uv.lock" for folder in (given.ROOT, given.CHECKOUT)}
    absent = [lock for lock in locks if not lock.exists()]
    apart.say("Training", "with [tool.maturin] pgo-command")
    try:
        return bench.optimised(FOLDER / "maturin", {"MATURIN_PGO": "true"})
    finally:
        for number, lock in enumerate(lock for lock in absent if lock.exists()):
            set_aside(lock, FOLDER / f"uv-{number}.lock")


def set_aside(lock, place):
    """Moves a uv.lock that appeared during the training to `place`. `uv export`, which maturin runs, creates one, but
    somebody else may have created it as well, so it is not deleted."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(lock, place)
    steps.warn(f"`{given.shown(lock)}`, which was created during the training, is now `{given.shown(place)}`")


def by_benchmarks(arguments):
    train(arguments)
    raw = sorted(map(str, PROFILES.glob("*.profraw")))
    if not raw:
        apart.stop("the benchmarks recorded no profile: do they call the extension?")
    merge = [apart.llvm("llvm-profdata"), "merge", "-o", str(MERGED), *raw]
    done = programs.read(merge, given.ROOT)
    if not done:
        apart.stop(f"`llvm-profdata` {done.how()}\n{done.err.strip()}")
    flags = [f"-Cprofile-use={MERGED}"]
    return bench.optimised(FOLDER / "use", apart.wrapper(FOLDER / "use", "RUSTC_WRAPPER", flags, OPTIMISED))


def train(arguments):
    """Runs the benchmarks on an instrumented wheel."""
    folder, flags = FOLDER / "generate", [f"-Cprofile-generate={PROFILES}"]
    variables = apart.wrapper(folder, "RUSTC_WRAPPER", flags, OPTIMISED)
    installed = bench.optimised(folder, variables)
    twins = bench.twins(installed)
    shutil.rmtree(PROFILES, ignore_errors=True)  # what building and collecting left
    bench.forget()
    env = {"LLVM_PROFILE_FILE": str(PROFILES / "%m_%p.profraw")}
    for call, words in bench.calls(installed):
        apart.say("Training", ", ".join(word for word in words if word.endswith(".py")))
        words = [*words, "--benchmark-only", "--benchmark-max-time=0.5", *twins, *arguments]
        run = call.read(words, env=env)
        if not run and not bench.broken():
            print(run.out, end="")
            apart.stop(f"the benchmarks do not run on the instrumented wheel: pytest {run.how()}")


def compare(plain, guided, arguments):
    """The best median of each benchmark on each wheel; the wheels take turns."""
    twins = bench.twins(plain)
    best, files = ({}, {}), {}
    for _ in range(TURNS):
        for installed, medians in zip((plain, guided), best):
            code, measured, files[installed] = bench.measure(installed, [*twins, *arguments])
            if not measured or (code and not bench.broken()):
                sys.exit(code or apart.ERRORS)
            for result in measured:
                name = result["fullname"].rpartition("::")[2]
                if name not in medians or median(result) < median(medians[name]):
                    medians[name] = result
    for installed in plain, guided:
        bench.prove(installed, files[installed])
    if all(Path(a).read_bytes() == Path(b).read_bytes() for a, b in zip(files[plain], files[guided])):
        apart.stop("the PGO build equals the plain one, byte for byte", "`maturin build --pgo` needs a newer maturin")
    return best


def median(result):
    return result["stats"]["median"]


def report(plain, guided):
    rows, gains = [("benchmark", "release", "PGO", "gain")], []
    for name, before in plain.items():
        after = guided.get(name)
        if not (after and median(after) and median(before)):
            continue
        gains.append(median(before) / median(after))
        rows.append((name, duration(before), duration(after), f"{gains[-1] - 1:+.1%}"))
    if not gains:
        apart.stop("no benchmark ran on both wheels")
    mean = math.exp(sum(map(math.log, gains)) / len(gains))
    apart.table([*rows, ("geometric mean", "", "", f"{mean - 1:+.1%}")])


def main(arguments):
    steps.refuse_ours("pgo", arguments)
    given.settle()
    if not command():
        apart.needs_shell("pgo")
    apart.llvm("llvm-profdata", "--yes" in arguments)
    arguments = [word for word in arguments if word != "--yes"]
    bench.look()
    plain = bench.optimised(bench.FOLDER)
    guided = by_maturin() if command() else by_benchmarks(arguments)
    report(*compare(plain, guided, arguments))
    for wheel in sorted(guided.target.glob("pyx/wheels/*/*.whl")):
        print(f"wheel: {apart.shown(wheel)}")
