"""Checks Rust and Python code as the project's own automation does, and by what it configures.

usage: cargo pyx just lint [--strict] [WHAT…]

Where nobody says how strict a check is, its warnings are counted and only errors fail.
"""

import json
import re
import sys
from collections import namedtuple

import automation
import given
import programs
import project
import shell
import steps
import style
import tools
import type_checkers

SCRATCH = given.STATE / "lint"
RUFF = {"RUFF_CACHE_DIR": SCRATCH / "ruff"}

Check = namedtuple("Check", "name language tool work call", defaults=(None,))
"""`work` takes whether warnings fail, and gives an outcome or a state and its text; `call`: how the project
itself checks that."""

# rust


def rust():
    """rustfmt and clippy, in a target directory that no build shares."""
    if style.formats_rust():
        yield Check("rustfmt", "rust", "rustfmt", lambda strict: rustfmt(), first_of("fmt"))
    elif given.crates():
        yield Check("rustfmt", "rust", "rustfmt", lambda strict: unformatted(rustfmt, "cargo fmt", strict))
    found = [call for call in automation.of("clippy") if automation.is_for_this_machine(call)]
    calls = style.different([call for call in found if not style.needs_nightly(call)], checked)
    if calls and given.crates():
        for number, call in enumerate(calls):
            name = "clippy" if len(calls) == 1 else f"clippy {number + 1}"
            yield Check(name, "rust", "clippy", lambda strict, call=call: clippy_as(call, strict), call)
        return
    for member in given.crates():
        name = "clippy" if len(given.crates()) == 1 else f"clippy {member['name']}"
        yield Check(name, "rust", "clippy", lambda strict, member=member: clippy(member, strict))


def checked(call):
    """The arguments of a clippy call, except for the output format."""
    words = automation.without(call.arguments, ("--message-format",))
    return [word for word in words if word not in ("--fix", "--allow-dirty", "--allow-staged")]


def rustfmt():
    """Whether all crates are formatted."""
    return worst([programs.run(words, folder) for words, folder in style.rustfmt("--check")])


def worst(outcomes):
    """The first that failed, else the last."""
    return next((outcome for outcome in outcomes if not outcome), outcomes[-1] if outcomes else (steps.OK, ""))


def unformatted(work, what, strict):
    """Unformatted code is a finding that does not fail if no format is required."""
    result = work()
    if not isinstance(result, programs.Outcome) or result or result.trouble:
        return result
    state = steps.BAD if strict else steps.NOTED
    return state, f"differs from `{what}`, which nothing of the project runs"


def clippy(member, strict):
    """clippy with the features that the package is built with."""
    lints = [*given.features(member), *(["--", "-D", "warnings"] if strict else [])]
    words = ["cargo", "clippy", f"--manifest-path={member['manifest']}", "--all-targets"]
    return lints_of(words, lints, given.ROOT)


def clippy_as(call, strict):
    """clippy as the project's automation calls it."""
    before, _, after = split_at(checked(call), "--")
    flags = [call.settings.get(name, "").replace("\x1f", " ") for name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS")]
    if strict and not re.search(r"(-D|--deny)[ =]?warnings", " ".join([*call.words, *flags])):
        after = [*after, "-D", "warnings"]
    start = ["cargo", f"+{call.toolchain}"] if style.has_toolchain(call.toolchain) else ["cargo"]
    return lints_of([*start, "clippy"], [*before, *(["--", *after] if after else [])], call.folder, call.settings)


def split_at(words, sign):
    """The words before a sign, whether it is there, and those after it."""
    if sign in words:
        at = words.index(sign)
        return words[:at], True, words[at + 1 :]
    return words, False, []


# rustc ends with it; of a linker or of arguments it has no place to show either
SUMMARY = re.compile(r"aborting due to |\d+ warnings? emitted")


def lints_of(words, lints, folder, settings=None):
    """Runs clippy and counts its messages; `settings`: the project's variables."""
    words = [*words, "--message-format=json-diagnostic-rendered-ansi" if sys.stderr.isatty() else "--message-format=json"]
    variables = {**(settings or {}), "CARGO_TARGET_DIR": SCRATCH / "target", "PYO3_PYTHON": given.PYTHON}
    programs.say("Running", programs.pasteable([*words[:-1], *lints]))
    done = programs.read([*words, *lints], folder, variables, errors=True)
    found, seen = {"error": 0, "warning": 0}, set()
    for line in done.out.splitlines():
        message = message_of(line)
        text = str(message.get("rendered") or "") if message else ""
        # the same of the library and of its tests; and what only counts or explains the others
        if text in seen or not message or message.get("level") not in found or SUMMARY.match(str(message.get("message"))):
            continue
        seen.add(text)
        print(text, end="", file=sys.stderr)
        found[message["level"]] += 1
    if done.trouble or not done:
        if re.search(r"no such (sub)?command: `clippy`", done.err) or done.trouble:
            return done
        text = counted(found["error"], "error")
        return steps.BAD, text or done.how()
    return steps.NOTED if found["warning"] else steps.OK, counted(found["warning"], "warning")


def message_of(line):
    """A compiler's message in a line of cargo's JSON, else None."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    message = event.get("message") if isinstance(event, dict) else None
    return message if isinstance(message, dict) and "level" in message else None


def counted(number, what):
    """`3 warnings`; empty for none."""
    return "" if not number else f"{number} {what}" + ("" if number == 1 else "s")


# python


def python():
    """What lints, formats, sorts and types the Python code."""
    yield from ruff()
    yield from formats()
    for name in ("flake8", "pylint", "codespell"):
        for call in each_of(name) if style.is_used(name) else []:
            yield Check(name, "python", name, lambda strict, name=name, call=call: other(name, call), call)
    yield from types()


def ruff():
    """ruff if the project lints with it, or with nothing."""
    if not style.lints_by_ruff():
        return
    if not style.is_used("ruff"):
        yield Check("ruff check", "python", "ruff", unasked_ruff)
        return
    found = style.different(style.calls("ruff", "check"), lambda call: style.arguments(call, style.RUFF_CHECK))
    for call in found or [None]:
        yield Check("ruff check", "python", "ruff", lambda strict, call=call: ruff_as(call), call)


def ruff_as(call):
    """ruff as the project calls it, else as it configures it."""
    words = style.arguments(call, style.RUFF_CHECK) if call else []
    start = [*tools.standalone("ruff"), "check", *project.excluding(), *words]
    return style.over_files(start, call, RUFF)


FATAL = "--select=E9,F63,F7,F82"
"""What cannot run, or cannot mean what it says."""


def unasked_ruff(strict):
    """ruff's own choice of rules, if none are configured: it fails for what cannot run."""
    start = [*tools.standalone("ruff"), "check", *project.excluding()]
    done = programs.run([*start, "--no-respect-gitignore"] if not project.in_checkout() else start, given.ROOT, RUFF)
    if done or strict or done.trouble or done.code != 1:
        return done
    counting = programs.read([*start, "--output-format=json"], given.ROOT, RUFF)
    found = counting.json()
    number = len(found) if isinstance(found, list) else 0
    fatal = programs.read([*start, FATAL, "--quiet"], given.ROOT, RUFF)
    if fatal:
        return steps.NOTED, counted(number, "warning") or "warnings"
    return steps.BAD, counted(number, "finding")


def formats():
    """The formatter and the sorter of imports."""
    formatter = style.formatter()
    if formatter in ("ruff", "black"):
        name = "ruff format" if formatter == "ruff" else "black"
        for call in style.format_calls(formatter):
            yield Check(name, "python", formatter, lambda strict, call=call: format_check(formatter, call), call)
    elif formatter is None and not style.configured():
        yield Check("ruff format", "python", "ruff", lambda strict: unformatted(plain_format, "ruff format", strict))
    if style.sorter() == "isort":
        for call in style.format_calls("isort"):
            yield Check("isort", "python", "isort", lambda strict, call=call: isort(call), call)


def format_check(formatter, call=None):
    """Whether all is formatted as the project formats."""
    variables = {**automation.settings_of(call), **RUFF}
    return worst([programs.run(words, folder, variables) for words, folder in style.format_commands(formatter, True, call)])


def plain_format():
    """Whether everything is formatted as ruff formats, if the project uses no formatter."""
    return format_check("ruff")


def isort(call):
    """Whether imports are sorted."""
    return style.over_files(style.isort(call, ("--check-only", "--diff")), call, {})


def other(name, call):
    """Another linter, as the project calls it."""
    words = list(call.arguments) if call else []
    more = tools.plug_ins(name, call)
    start = tools.beside(name, more=more) if name == "pylint" else tools.standalone(name, more)
    if call and call.hook:
        return style.over_files([*start, *words], call, {})
    folder = call.folder if call else given.ROOT
    if name == "pylint" and not shell.has_paths(words):
        words += type_checkers.sources()
    if name == "pylint":  # of itself it looks into environments
        words = [word for given_word in words for word in (tracked(folder) if given_word == "." else [given_word])]
    return programs.run([*start, *words, *unbuilt(name, folder)], folder, automation.settings_of(call))


def tracked(folder):
    """The entries of a folder that hold Python files of the project, by git; the folder itself if git does not
    answer."""
    done = programs.read(["git", "ls-files", "-z", "*.py"], folder)
    return sorted({name.partition("/")[0] for name in done.out.split("\0") if name}) or ["."]


def unbuilt(name, folder):
    """Arguments that keep a linter out of the environment and of builds, which do not exist where the project
    runs it."""
    found = [place for place in (given.environment(), given.STATE.parent) if folder in place.parents]
    if name == "flake8" and found:
        return [f"--extend-exclude={','.join(map(str, found))}"]
    if name == "codespell" and found:
        return [f"--skip={','.join(f'./{place.relative_to(folder)}' for place in found)}"]
    return []


def types():
    """The type checkers that the project runs or configures, with the environment's packages."""
    for name, run in type_checkers.used():
        yield Check(name, "python", name, lambda strict, run=run: run(), first_of(name))


def each_of(tool):
    """The calls of a tool that check different things; a single None if the project has none."""
    return style.different(automation.of(tool), lambda call: call.arguments) or [None]


def first_of(tool):
    """How the project starts a tool; None if it does not."""
    return next(iter(automation.of(tool)), None)


def main(arguments):
    """Runs the checks that are asked for: of a language, or by a tool."""
    strict = "--strict" in arguments
    asked = [word for word in arguments if word != "--strict"]
    run = steps.Steps("lint")
    checks = [*rust(), *python()]
    known = sorted({word for check in checks for word in (check.language, check.tool)})
    if options := [word for word in asked if word.startswith("-")]:
        instead = "`cargo pyx just fmt` formats, `cargo pyx just lint --strict` denies warnings"
        steps.misuse("lint", arguments, options[0], f"`lint` has no option `{options[0]}`", instead)
    if unknown := [word for word in asked if word not in known]:
        steps.misuse("lint", arguments, unknown[0], f"there is no check `{unknown[0]}`", f"there are {', '.join(known)}")
    for check in checks:
        if not asked or {check.language, check.tool}.intersection(asked):
            run.judged(check.name, lambda check=check: steps.weighed(check.work(strict), None if strict else check.call))
    run.finish()
