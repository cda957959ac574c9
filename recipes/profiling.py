"""Draw a flame graph of Python and native frames, of an optimised build with symbols.

usage: cargo pyx just profile [COMMAND…]

COMMAND runs in the environment of that build: `python …`, a script, `-c …`, `-m …`, or a program
written in Python. Without one, the project's benchmarks run, except the pure twins of Rust functions.
"""

import re
import sys
from pathlib import Path

import apart
import bench
import given
import steps
from flame import flame, stacks

PY_SPY = "py-spy==0.4.3"
FOLDER = given.STATE / "profile"
RATE = "250"  # samples a second
SYMBOLS = ["-C", "debuginfo=1", "-C", "strip=none", "-C", "force-frame-pointers=yes"]
WHERE = (
    bench.LOADED
    + """
for name in os.environ["CARGO_PYX_MODULE"].split(): __import__(name)
print(*loaded(), sep="\\n")
"""
)

# ------------------------------------------------------------------ what runs


def command(installed, arguments):
    """The given command with the environment's own Python and paths that are valid where it runs."""
    dir = installed.calls[0].dir
    first, *rest = [absolute(word, dir) for word in arguments]
    if re.fullmatch(r"python[\d.]*", first):
        return [str(installed.python), *rest]
    if first.startswith("-") or first.endswith(".py"):
        return [str(installed.python), first, *rest]
    program = installed.env / "bin" / first
    return [str(program) if program.is_file() else first, *rest]


def absolute(word, dir):
    """The path of a file that is in the project, but not in its copy without sources."""
    path = given.ROOT / word
    return str(path) if word and path.is_file() and not (dir / word).exists() else word


def runs(installed, arguments):
    """pyx calls and what to run there instead."""
    if arguments:
        yield installed.calls[0], command(installed, arguments)
        return
    twins = bench.twins(installed)
    for call, words in bench.calls(installed):
        yield call, [*words, "-q", "--benchmark-only", *twins]


# ------------------------------------------------------------------ what is seen


def record(call, words, quiet):
    """What py-spy records of a command, as folded stacks; `quiet`: the command's output matters only if it fails."""
    raw = FOLDER / "stacks.txt"
    spy = [given.UV, "tool", "run", "--from", PY_SPY, "py-spy", "record", "--native", "--nolineno"]
    spy += ["--subprocesses", "--rate", RATE, "--format", "raw", "--output", str(raw), "--", *words]
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw.unlink(missing_ok=True)
    bench.forget()
    run = call.read(spy) if quiet else call.watch(spy)
    text = raw.read_text(errors="replace") if raw.is_file() else ""
    if text and (run or not quiet or bench.broken()):
        for sentence in bench.broken() if quiet else []:
            steps.warn(sentence)
        return list(stacks(text))
    said = run.err or run.out
    if quiet:
        print(run.out, file=sys.stderr, end="")
    if run.trouble:
        apart.stop(f"py-spy {run.trouble}", code=apart.MISSING)
    for sentence in bench.broken() if quiet else []:
        steps.error(sentence)
    if text:
        apart.stop("the benchmarks failed")
    if re.search(r"permission denied|operation not permitted|requires root|sudo", said, re.I):
        hint = "run as root, in a container with --cap-add SYS_PTRACE, or: sudo sysctl kernel.yama.ptrace_scope=0"
        apart.stop("py-spy is not allowed to inspect other processes here (ptrace)", hint, apart.MISSING)
    if "No python processes" in said or run:
        apart.stop("the command ended before py-spy could inspect it", "make it run for at least a second")
    return apart.stop(f"py-spy could not profile the command: it {run.how()}")


def below(found, files):
    """The stacks that pass through certain files, from there on."""
    for frames, count in found:
        starts = [n for n, frame in enumerate(frames) if any(frame.endswith(f"({file})") for file in files)]
        if starts:
            yield frames[starts[0] :], count


class Kinds:
    """Whose code a frame is: `function (file)`, where file is a source or a library."""

    def __init__(self, modules):
        self.modules = {Path(module).name for module in modules}
        crates = [re.escape(name.split(".")[-1]) for name in given.MODULES]
        self.crates = re.compile(rf"(?<![\w:])({'|'.join(crates)})::")

    def __call__(self, frame):
        function, _, file = frame.rstrip(")").rpartition(" (")
        if self.crates.search(function):
            return "rust"
        if file.endswith(".rs") or Path(file).name in self.modules:
            return "native"
        return "python" if file.endswith(".py") or file.startswith("<") else "other"


def shares(found, kind):
    """Share of samples of each function of the crate, else of its dependencies, callees included, in
    percent."""
    total, seen = sum(count for _, count in found), {}
    kinds = {frame: kind(frame) for frames, _ in found for frame in frames}
    wanted = "rust" if "rust" in kinds.values() else "native"
    for frames, count in found:
        for frame in {frame for frame in frames if kinds[frame] == wanted}:
            seen[frame] = seen.get(frame, 0) + count
    return {frame: 100 * count / total for frame, count in sorted(seen.items(), key=lambda item: -item[1])}


def shortened(name):
    """A name with its type parameters can be longer than a screen is wide; both ends tell most."""
    return name if len(name) <= 80 else f"{name[:39]}…{name[-40:]}"


def draw(found, graph, modules, title):
    kind = Kinds(modules)
    subtitle = f"{sum(count for _, count in found)} samples, profile release with symbols; callees below callers"
    graph.write_text(flame(found, kind, title, subtitle))
    print(f"flame graph: {apart.shown(graph)}")
    top = shares(found, kind)
    if not top:
        apart.stop("it contains no native frame of the project: the command spends no time there, or its symbols are stripped")
    rows = [(shortened(frame.rpartition(" (")[0] or frame), f"{share:.1f}") for frame, share in top.items()]
    apart.table([("native function", "% of samples"), *rows[:10]])


def main(arguments):
    given.settle()
    if not arguments:
        bench.look()
    apart.seed(given.STATE / "bench" / "target" / "pyx" / "ext", FOLDER / "target" / "pyx" / "ext")
    variables = apart.wrapper(FOLDER, "RUSTC_WORKSPACE_WRAPPER", SYMBOLS)
    installed = bench.optimised(FOLDER, variables)
    modules = installed.ask(WHERE).splitlines()
    for number, (call, words) in enumerate(runs(installed, arguments)):
        files = [] if arguments else [Path(word).name for word in words if word.endswith(".py")]
        title = " ".join([Path(str(words[0])).name, *map(str, words[1:])]) if arguments else f"Benchmarks: {', '.join(files)}"
        title = shortened(" ".join(title.split()))
        apart.say("Profiling", title)
        found = record(call, words, not arguments)
        if files:
            found = list(below(found, files)) or apart.stop(f"no sample was taken in {', '.join(files)}: the benchmarks there are too short")
        graph = FOLDER / (f"flamegraph-{number}.svg" if number else "flamegraph.svg")
        draw(found, graph, modules, title)
