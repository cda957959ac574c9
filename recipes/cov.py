"""One report on what the tests of both languages reach, in both languages.

usage: cargo pyx just cov [--fail-under PERCENT] [--yes] [PYTEST ARGS…]

The extension is built with coverage counters, as a wheel of its own: Rust lines that only pytest
reaches count as well as those that Rust tests reach. cargo calls the compiler through a script that
adds the flag for the crates of the workspace, so the project's own RUSTFLAGS stay as they are.
"""

import argparse
import html
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

import apart
import coverage_of
import given
import programs
import steps

COVERAGE = "coverage==7.10.7"
FOLDER = given.STATE / "cov"
PROFILES = FOLDER / "profiles"
DATA = FOLDER / "python"
HTML = FOLDER / "html"
SHARE = DATA / "share.json"
COUNT = {"LLVM_PROFILE_FILE": str(PROFILES / "%p-%m.profraw")}
UNCOUNTED = {"LLVM_PROFILE_FILE": "/dev/null"}  # what build scripts and macros do while compiling
CONFIG = """[run]
data_file = {data}
parallel = true
branch = {branch}
disable_warnings = module-not-imported, module-not-python, module-not-measured, no-data-collected
source_pkgs =
    {packages}
"""
FILES = """import importlib.metadata as m, os, sys
tops = set(sys.argv[1:])
for d in m.distributions():
    files = d.files or []
    if any(f.parts[0].split(".")[0] in tops for f in files):
        for f in files: print(os.path.normpath(f.locate()))
"""
REPORT = """import coverage, json, os, sys
from coverage.results import should_fail_under
data, parts, lcov, pages, share, least, site, config, *roots = sys.argv[1:]
report = coverage.Coverage(data_file=data, config_file=config or False)
report.set_option("run:relative_files", True)
report.set_option("run:plugins", [])  # they are not installed here
report.set_option("paths", {root: [root, site] for root in roots})
omit = [*(report.get_option("run:omit") or []), *(report.get_option("report:omit") or [])]
omit = [name if name[:1] in "*/" else os.path.relpath(os.path.join(os.path.dirname(config), name)) for name in omit]
try:
    report.combine([parts])
    report.save()
    options = {"omit": [site + "/*", *omit], "ignore_errors": True}  # what the wheel's build made
    report.lcov_report(outfile=lcov, **options)
    total = report.html_report(directory=pages, title="Python", **options)
    least = float(least or report.get_option("report:fail_under") or 0)
    low = should_fail_under(total, least, report.get_option("report:precision"))
    with open(share, "w") as file:
        json.dump({"total": total, "least": least, "low": low}, file)
except coverage.exceptions.NoDataError:
    sys.exit(0)  # nothing in Python was imported
"""

# ------------------------------------------------------------------ running the tests


def rust_tests(instrumented):
    """Runs the Rust tests as `cargo pyx test` does; returns their exit code, and their programs."""
    steps = apart.plan(["test", "--rust"], {})
    if any(step.get("verb") in ("Seeding", "Linking") for step in steps):
        programs.read([given.PYX, "--quiet", "test", "--rust", "--", "--list"], given.ROOT)
        steps = apart.plan(["test", "--rust"], {})
    code, found = 0, set()
    for step in steps:
        if step.get("name", "").startswith("Rust tests ") and apart.is_process(step):
            apart.say("Testing", step.get("subject", ""))
            call = elsewhere(apart.Call(step))
            compiled = executables(call, instrumented)
            found |= compiled
            code = call.run(env={**instrumented, **COUNT}).code or code
    return code, found


def elsewhere(call):
    """The same cargo call with a target directory for coverage, which is seeded from the other."""
    if "--target-dir" not in call.words:
        apart.stop("`cargo pyx test --rust` does not say where it builds")
    place = call.words.index("--target-dir") + 1
    target = FOLDER / "target" / "pyx" / "test"
    apart.seed(Path(call.words[place]), target)
    call.words[place] = str(target)
    call.env["CARGO_BUILD_BUILD_DIR"] = str(target)
    return call


def executables(call, instrumented):
    """Compiles the test programs, and the programs that they start."""
    words = list(call.words)
    if words[1:3] == ["nextest", "run"]:
        words[1:3] = ["test"]
        words = ["--profile" if word == "--cargo-profile" else word for word in words]
    words = words[: words.index("--")] if "--" in words else words
    words = [word for word in words if word not in ("--no-fail-fast", "--no-tests=pass")]
    words += ["--no-run", "--message-format", "json-render-diagnostics"]
    done = call.read(words, env={**instrumented, **UNCOUNTED}, errors=True)
    if not done:
        apart.stop(f"the Rust tests cannot be compiled: `cargo` {done.how()}")
    return {message["executable"] for message in apart.events(done.out) if message.get("executable")}


def python_tests(installed, arguments):
    """Runs the Python tests with coverage.py; returns their exit code."""
    installed.add(COVERAGE)
    config = FOLDER / "coverage.ini"
    tops = {path.relative_to(installed.site).parts[0] for path in installed.files if path.suffix == ".py"}
    packages = sorted(top.removesuffix(".py") for top in tops)
    config.write_text(CONFIG.format(data=DATA / "parts" / "coverage", packages="\n    ".join(packages), branch=coverage_of.has_branches()))
    code = 0
    for call in installed.calls:
        program, *words = call.words
        if not Path(program).name.startswith("python"):
            words = [program, *words]
        if words and Path(words[0]).stem == "pytest":
            words += ["--no-cov"] if installed.has("pytest-cov") else []
        words = [installed.python, "-m", "coverage", "run", f"--rcfile={config}", *words, *arguments]
        apart.say("Testing", f"Python tests in {apart.shown(call.dir)}")
        code = call.run(words, env=COUNT).code or code
    return code


def counting_wheel(variables):
    """The wheel with counters in it."""
    built = FOLDER / "target" / "pyx" / "ext"
    apart.seed(given.STATE / "ext", built)
    for _ in range(2):
        installed = apart.wheel(FOLDER, given.PROFILE, variables)
        if not installed:
            return None
        locate(installed)
        found = native(installed)
        if found and all(b"__llvm_prf" in path.read_bytes() for path in found):
            return installed
        # another cargo may not see that what it began with is out of date
        shutil.rmtree(built, ignore_errors=True)
    return apart.stop("the module has no coverage counters: is it stripped, as by `[tool.maturin] strip`?")


def native(installed):
    """The wheel's extension modules and programs."""
    programs = [path for path in installed.files if path.parent == installed.env / "bin"]
    compiled = [path for path in installed.files if path.suffix == ".so"] or programs
    return [path for path in compiled if path.read_bytes()[:2] != b"#!"]


def locate(installed):
    """Finds the wheel's files, and the folders of the checkout that its Python sources come from."""
    tops = [name.split(".")[0] for name in given.MODULES]
    installed.files = [Path(line) for line in installed.ask(FILES, *tops).splitlines()]
    installed.site = Path(installed.ask("import sysconfig; print(sysconfig.get_path('platlib'))"))
    installed.roots = set()
    below = {path.relative_to(installed.site) for path in installed.files if path.suffix == ".py"}
    for path in apart.sources(r".*\.py"):
        for sub in below:
            is_same = path.parts[-len(sub.parts) :] == sub.parts
            if is_same and path.read_bytes() == (installed.site / sub).read_bytes():
                installed.roots.add(Path(*path.parts[: -len(sub.parts)]))


# ------------------------------------------------------------------ what was reached


def rust_lines(objects, root):
    """Hits of each line of the checkout's Rust files, by file."""
    profile = FOLDER / "merged.profdata"
    raw = [str(path) for path in PROFILES.glob("*.profraw")]
    if not (raw and objects):
        return {}
    merge = [apart.llvm("llvm-profdata"), "merge", "-sparse", "-o", str(profile), *raw]
    first, *others = sorted(map(str, objects))
    what = [f"-instr-profile={profile}", first, *(word for path in others for word in ("-object", path))]
    export = [apart.llvm("llvm-cov"), "export", "-format=lcov", *what]
    quietly(merge)
    lines = hits(quietly(export), root)
    if lines:
        show = [apart.llvm("llvm-cov"), "show", "-format=html", f"-output-dir={HTML / 'rust'}", *what]
        quietly([*show, "-sources", *(str(root / file) for file in lines)])
    return lines


def quietly(command):
    """The output of an LLVM tool; its warnings, about functions that differ under test, only if it fails."""
    done = programs.read(command, given.ROOT)
    name = Path(command[0]).name
    return done.out if done else apart.stop(f"`{name}` {done.how()}\n{done.err.strip()}")


def python_lines(installed, root):
    """Hits of each line of the checkout's Python files, by file."""
    lcov = DATA / "lcov.info"
    least, _ = coverage_of.told_least()
    words = ["-c", REPORT, DATA / "coverage", DATA / "parts", lcov, HTML / "python", SHARE, least, installed.site]
    words.append(coverage_of.own_config() or "")
    report = [installed.python, "-I", *words, *sorted(installed.roots)]
    if installed.roots:
        done = programs.read(report, root)
        if not done:
            apart.stop(f"coverage.py could not report: {done.last()}")
    return hits(lcov.read_text(), root) if lcov.is_file() else {}


def hits(lcov, root):
    """The `DA` lines of the files that belong to the checkout, by their path in it."""
    found, lines = {}, {}
    for line in lcov.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            path, lines = root / value, {}
            if path.is_relative_to(root) and not path.is_relative_to(given.STATE) and path.is_file():
                found[path.relative_to(root).as_posix()] = lines
        elif key == "DA":
            number, count = (value.split(",") + ["", ""])[:2]
            if number.isdigit() and count.isdigit():
                lines[int(number)] = max(int(count), lines.get(int(number), 0))
    return dict(sorted(found.items()))


# ------------------------------------------------------------------ the report


def lcov(files):
    for file, lines in files.items():
        yield from ("TN:", f"SF:{file}", *(f"DA:{line},{count}" for line, count in sorted(lines.items())))
        yield from (f"LF:{len(lines)}", f"LH:{covered(lines)}", "end_of_record")


def covered(lines):
    return sum(count > 0 for count in lines.values())


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


def rows(files):
    for file, lines in files.items():
        yield file, len(lines), covered(lines)


def write(languages):
    everything = {}
    for name, files in languages.items():
        (FOLDER / f"{name}.info").write_text("\n".join([*lcov(files), ""]))
        everything.update(files)
    (FOLDER / "lcov.info").write_text("\n".join([*lcov(everything), ""]))
    return everything


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>Coverage of both languages</title>
<style>
  body {{ font: 15px system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }}
  table {{ border-collapse: collapse; width: 100% }}
  td, th {{ padding: .35em .7em; text-align: right; border-bottom: 1px solid #8884 }}
  td:first-child, th:first-child {{ text-align: left }}
  tr.total {{ font-weight: 600 }}
  meter {{ width: 9em }}
</style>
<h1>Coverage: {total:.1f} %</h1>
<p>Lines that the Rust tests and the Python tests reach, together.
{links}</p>
<table><tr><th>file<th>lines<th>covered<th>%<th></tr>
{rows}
</table></html>
"""


def page(languages, everything, root):
    """The index of both languages' pages."""
    lines = "\n".join(page_row(name, row, root) for name, files in languages.items() for row in rows(files))
    links = [f'<a href="{name}/index.html">{name.capitalize()}</a>' for name, files in languages.items() if files]
    whole, part = totals(everything)
    total = cells("total", whole, part)
    lines += f'\n<tr class="total"><td>{total}</tr>'
    HTML.mkdir(parents=True, exist_ok=True)
    text = PAGE.format(total=percent(part, whole), links=" · ".join(links), rows=lines)
    (HTML / "index.html").write_text(text)


def page_row(language, row, root):
    file, whole, part = row
    target = f"rust/coverage{root / file}.html" if language == "rust" else python_page(file)
    link = f'<a href="{quote(target)}">{html.escape(file)}</a>'
    return f"<tr><td>{cells(link, whole, part)}</tr>"


def cells(first, whole, part):
    share = percent(part, whole)
    return f'{first}<td>{whole}<td>{part}<td>{share:.1f}<td><meter max="100" value="{share:.1f}"></meter>'


def python_page(file):
    """coverage.py's page of a file, by its own index."""
    path = HTML / "python" / "index.html"
    index = path.read_text() if path.is_file() else ""
    for name, text in re.findall(r'href="([^"]+\.html)"[^>]*>([^<]+)<', index):
        if re.sub(r"&#?\w+;|\s", "", text) == re.sub(r"\s", "", file):
            return f"python/{name}"
    return "python/index.html"


def totals(files):
    return sum(map(len, files.values())), sum(map(covered, files.values()))


def main(arguments):
    steps.refuse_ours("cov", arguments)
    given.settle()
    parser = argparse.ArgumentParser(prog="cargo pyx just cov", allow_abbrev=False)
    parser.add_argument("--fail-under", type=float, metavar="PERCENT", help="fail below this share of all lines")
    parser.add_argument("--yes", action="store_true", help="add what the toolchain lacks")
    options, arguments = parser.parse_known_args(arguments)
    apart.needs_shell("cov")
    for program in "llvm-profdata", "llvm-cov":
        apart.llvm(program, options.yes)
    for folder in PROFILES, DATA, HTML:
        shutil.rmtree(folder, ignore_errors=True)
    (DATA / "parts").mkdir(parents=True)
    instrumented = apart.wrapper(FOLDER, "RUSTC_WORKSPACE_WRAPPER", ["-C", "instrument-coverage"])
    installed = counting_wheel({**instrumented, **UNCOUNTED})
    rust_code, objects = rust_tests(instrumented)
    python_code = 0
    root = given.CHECKOUT
    languages = {"rust": {}, "python": {}}
    if installed:
        python_code = python_tests(installed, arguments)
        objects |= {str(path) for path in native(installed)}
        languages["python"] = python_lines(installed, root)
    languages["rust"] = rust_lines(objects, root)
    everything = write(languages)
    if not everything:
        apart.stop("no line of the project was reached: there are no tests")
    page(languages, everything, root)
    # a part of the tests reaches less than what the project asks of all
    share = {} if options.fail_under is not None or arguments else json.loads(SHARE.read_text() if SHARE.is_file() else "{}")
    finish(everything, options.fail_under, share, rust_code or python_code)


def finish(everything, least, share, code):
    found = [*rows(everything), ("total", *totals(everything))]
    texts = [(file, str(whole), str(part), f"{percent(part, whole):.1f}") for file, whole, part in found]
    apart.table([("file", "lines", "covered", "%"), *texts])
    print(f"lcov: {apart.shown(FOLDER / 'lcov.info')}\nhtml: {apart.shown(HTML / 'index.html')}")
    reached = percent(found[-1][2], found[-1][1])
    if least is not None and reached < least:
        apart.stop(f"{reached:.1f} % of the lines are covered, less than {least:g} %")
    if share.get("low"):
        place = coverage_of.told_least()[1] or apart.shown(coverage_of.own_config())
        apart.stop(f"{share['total']:.1f} % of the Python code is covered, less than the {share['least']:g} % that {place} asks for")
    sys.exit(code)
