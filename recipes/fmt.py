"""Formats Rust and Python code with what the project formats it with.

usage: cargo pyx just fmt [rust|python]

A language that is asked for is formatted whether the project has done so before or not.
"""

import automation
import given
import programs
import project
import steps
import style
import tools

RUFF = {"RUFF_CACHE_DIR": given.STATE / "lint" / "ruff"}


def rust(run, asked):
    """Formats all crates."""
    if not given.crates():
        return
    if not (asked or style.formats_rust()):
        text = "nothing of the project formats its Rust code: `cargo pyx just fmt rust` begins to"
        run.add("cargo fmt", steps.OK, "not run")
        steps.warn(text)
        return
    for words, folder in style.rustfmt():
        run.run("cargo fmt", words, folder)


def python(run, asked):
    """Sorts imports and formats: in this order, as one that formats may undo one that sorts."""
    formatter = style.formatter()
    if formatter is None and asked and not style.configured():
        formatter = "ruff"
    sorter = style.sorter()
    if sorter == "ruff":
        run.judged("ruff check --select=I", sort_by_ruff)
    if sorter == "isort":
        run.judged("isort", sort_by_isort)
    if formatter is None:
        if not style.configured():
            steps.warn("the project does not format its Python code: `cargo pyx just fmt python` would start to")
        return
    name = "ruff format" if formatter == "ruff" else formatter
    run.judged(name, lambda: all_of(formatter))


def sort_by_ruff():
    """Sorts imports by ruff's rules."""
    return programs.run([*tools.standalone("ruff"), "check", "--select=I", "--fix", *project.excluding()], given.ROOT, RUFF)


def sort_by_isort():
    """Sorts imports by isort."""
    done = None
    for call in style.format_calls("isort"):
        done = style.over_files(style.isort(call, ()), call, {})
        if not done:
            break
    return done


def all_of(formatter):
    """Formats in each way of the project's; the first outcome that is none of success, else the last."""
    done = programs.Outcome([formatter], 0)
    for call in style.format_calls(formatter):
        for words, folder in style.format_commands(formatter, False, call):
            done = programs.run(words, folder, {**automation.settings_of(call), **RUFF})
            if not done:
                return done
    return done


def main(arguments):
    """Formats: Rust, then Python."""
    known = {"rust", "python"}
    for word in arguments:
        if word.startswith("-"):
            instead = "`cargo pyx just lint` shows what `fmt` would change"
            steps.misuse("fmt", arguments, word, f"`fmt` has no option `{word}`", instead)
        if word not in known:
            steps.misuse("fmt", arguments, word, f"`fmt` does not know `{word}`", "choose python or rust")
    run = steps.Steps("fmt")
    if not arguments or "rust" in arguments:
        rust(run, "rust" in arguments)
    if not arguments or "python" in arguments:
        python(run, "python" in arguments)
    run.finish()
