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
            steps.warn("nothing of the project formats its Python code: `cargo pyx just fmt python` begins to")
        return
    name = "ruff format" if formatter == "ruff" else formatter
    run.judged(name, lambda: all_of(style.format_commands(formatter, check=False)))


def sort_by_ruff():
    """Sorts imports by ruff's rules."""
    return programs.run(
        [*tools.standalone("ruff"), "check", "--select=I", "--fix", *project.excluding()], given.ROOT, RUFF
    )


def sort_by_isort():
    """Sorts imports by isort."""
    call = next(iter(automation.of("isort")), None)
    words = style.arguments(call, style.ISORT) if call else []
    command = [*tools.standalone("isort"), *style.ignored(), *words]
    if call and call.hook:
        return style.over_files(command, call, {})
    return programs.run(command if words else [*command, "."], call.folder if call else given.ROOT)


def all_of(commands):
    """Runs commands; the first outcome that is none of success, else the last."""
    done = programs.Outcome(["ruff"], 0)
    for words, folder in commands:
        done = programs.run(words, folder, RUFF)
        if not done:
            return done
    return done


def main(arguments):
    """Formats: Rust, then Python."""
    known = {"rust", "python"}
    for word in arguments:
        if word.startswith("-"):
            steps.fail(f"`fmt` has no option `{word}`", "`cargo pyx just lint` shows what `fmt` would change")
        if word not in known:
            steps.fail(f"there is nothing to format called `{word}`", "there are python, rust")
    run = steps.Steps("fmt")
    if not arguments or "rust" in arguments:
        rust(run, "rust" in arguments)
    if not arguments or "python" in arguments:
        python(run, "python" in arguments)
    run.finish()
