"""Builds the documentation into the scratch folder, and prints where it is."""

import os
import re
import shutil
import sys
from pathlib import Path

import automation
import given
import packages
import programs
import project
import steps
import stubtest
import style
import tools

OUT = given.STATE / "docs"
SITE = OUT / "site"


def mkdocs(config):
    """The project's own documentation, with mkdocs."""
    words = ["build", "--config-file", config, "--site-dir", SITE]
    words += strictness("mkdocs", "--strict", "-s")
    settings = automation.settings_of(call_for("mkdocs", config))
    return told([*with_packages("mkdocs", "mkdocs"), *words], config.parent, "mkdocs", settings)


def sphinx(folder):
    """The project's own documentation, with Sphinx as the project calls it: from a copy, as extensions write next
    to what they read."""
    call = call_for("sphinx", folder)
    words = ["-b", "html", *sphinx_options(call)]
    if not any(re.match(r"-[a-zA-Z]*W|--fail-on-warning", word) for word in words):
        words += strictness("sphinx", "-W", "--fail-on-warning")
    tree = OUT / "tree"
    start, source, place = with_packages("sphinx", "sphinx-build"), folder, call.folder if call else given.ROOT
    if given.CHECKOUT in (place, *place.parents) and mirrored(folder, tree):
        source, place = (tree / path.relative_to(given.CHECKOUT) for path in (source, place))
    done = told([*start, *words, "-d", OUT / "doctrees", source, SITE], place, "Sphinx", automation.settings_of(call), (tree, given.CHECKOUT))
    shutil.rmtree(tree, ignore_errors=True)
    return done


SPHINX = ("sphinx-build", "sphinx", "sphinx.cmd.build")
"""The programs that are Sphinx."""

SPHINX_VALUED = {"-b", "--builder", "-M", "-d", "--doctree-dir", "-c", "--conf-dir", "-D", "-A", "-t", "-w", "-j", "--jobs"}
SPHINX_OURS = {"-b", "--builder", "-M", "-d", "--doctree-dir", "-w", "-j", "--jobs"}
"""Options of Sphinx that have a value, and those of them that decide nothing of what it finds, or what is ours."""


def sphinx_options(call):
    """The options that the project's call gives Sphinx, except for the output and its place."""
    words, found = list(call.arguments) if call else [], []
    while words:
        word = words.pop(0)
        value = [words.pop(0)] if word in SPHINX_VALUED and words else []
        if word in SPHINX_OURS or word in ("-q", "-Q", "--quiet", "-v", "--verbose") or re.match(r"-[bMdwj]\w|--(builder|doctree-dir|jobs)=", word):
            continue
        found += [word, *value] if word.startswith("-") else []
    return found


def makes_pages(call):
    """Whether a Sphinx call builds HTML, and no other format."""
    named = [*automation.values_in(call.arguments, "-b", "--builder", "-M"), *(word[2:] for word in call.arguments if re.match(r"-[bM]\w", word))]
    return all(name in ("html", "dirhtml", "singlehtml") for name in named)


def call_for(name, path):
    """How the project itself builds what is configured there; None if it does not, or that cannot be known."""
    found = ((call, configured_by(call)) for call in automation.calls())
    return next((call for call, known in found if known and known[0] == name and known[2].resolve() == path.resolve()), None)


def mirrored(folder, tree):
    """Makes a tree in which the project's folder is a copy, and what is next to it and above is linked; whether
    that can be done."""
    if folder.resolve() == given.CHECKOUT.resolve() or given.CHECKOUT not in folder.parents:
        return False
    copied(tree, folder)
    try:
        linked(folder, tree / folder.relative_to(given.CHECKOUT), True)
        for above in list(folder.parents)[: folder.parents.index(given.CHECKOUT) + 1]:
            linked(above, tree / above.relative_to(given.CHECKOUT), False)
    except OSError:  # Windows asks for a right to do so
        return False
    return True


def linked(folder, place, below):
    """Links into a place what a folder has and that place has not: folders that are links, submodules, what git
    ignores. `below`: in the folders that both have as well."""
    place.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        own = place / entry.name
        if not os.path.lexists(own) and entry != given.STATE and entry not in given.STATE.parents:
            own.symlink_to(entry, entry.is_dir())
        elif below and own.is_dir() and not own.is_symlink():
            linked(entry, own, below)


def zensical(config):
    """The project's own documentation, with Zensical: in a copy, as it writes next to its configuration."""
    tree = copied(OUT / "tree")
    place = tree / config.parent.relative_to(given.CHECKOUT)
    words = ["build", "--config-file", config.name, *strictness("zensical", "--strict", "-s")]
    done = told([*with_packages("zensical", "zensical"), *words], place, "Zensical")
    settings = project.table(project.toml(config), "project") if config.suffix == ".toml" else project.yml(config)
    site = place / str(project.table({"": settings}, "").get("site_dir") or "site")
    if site.is_dir():
        shutil.copytree(site, SITE)
    shutil.rmtree(tree)
    return done


def copied(tree, folder=given.CHECKOUT):
    """A copy of the repository's files, without those that git ignores; `folder`: only of those below it."""
    listed = programs.read(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], given.CHECKOUT)
    names = [name for name in listed.out.split("\0") if name] if listed else files_below(given.CHECKOUT)
    for name in names:
        path = given.CHECKOUT / name
        if path.is_file() and folder in path.parents and given.STATE not in path.parents:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tree / name)
    return tree


def files_below(root):
    """The files below a folder that is not a checkout, without those in build folders or hidden ones."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("target", "node_modules", "site") and name[0] != "."]
        yield from (os.path.relpath(os.path.join(folder, name), root) for name in names)


def strictness(program, *signs):
    """The option with which the project makes warnings fail, if it has one."""
    names = SPHINX if program == "sphinx" else (program,)
    called = any(sign in call.words for call in automation.calls() if call.tool in names for sign in signs)
    config = read_the_docs()
    fails = project.table(config, "sphinx").get("fail_on_warning") or project.table(config, "mkdocs").get("fail_on_warning")
    return [signs[0]] if called or fails is True else []


def read_the_docs():
    """The configuration of Read the Docs."""
    path = project.first(".readthedocs.yaml", ".readthedocs.yml")
    return project.yml(path) if path else None


def with_packages(tool, program):
    """The start of a command that finds what the project lists for its documentation."""
    requirements, places = tools.for_task(tool)
    if not requirements:
        return tools.beside(tool, program)
    own = requirements if any(packages.name_of(text) == tool for text in requirements) else None
    own = own or [f"{tool}=={tools.pinned(tool)}", *requirements]
    wants = [tools.Wanted(own, ", ".join(places))]
    wants += [want for want in tools.wanted(tool) if want.requirements != own]
    return [tools.had(tool, program, wants, given.PYTHON)]


def told(words, folder, tool, settings=None, moved=None):
    """Runs a tool; a missing package is named, with where it can be listed. `settings`: the project's variables;
    `moved`: the folder of a copy, and what it is a copy of."""
    programs.say("Running", programs.pasteable(words))
    done = programs.combined(words, folder, settings)
    done.out = done.out.replace(*map(str, moved)) if moved else done.out
    print(done.out, end="", file=sys.stderr)
    if done or done.trouble:
        return done
    if name := lacking(done.out):
        steps.error(
            f"{tool} needs `{name}`, which no list of the project for its documentation brings",
            "add it to a dependency group `docs`",
        )
        return steps.BAD, f"`{name}` is not listed"
    if broken := re.search(r"Could not import extension (\S+) \(exception: (.*)", done.out):
        steps.error(f"Sphinx cannot load `{broken.group(1)}`: {broken.group(2).rstrip(') ')}")
        return steps.BAD, f"`{broken.group(1)}` cannot be loaded"
    if raised := re.match(r"[\w.]*(?:Error|Exception)(?=: )", done.last()):
        steps.error(f"{tool} broke off: {done.last()}")
        return steps.BAD, raised.group()
    return done


MISSING = (
    r"Unrecognised theme name: '([^']+)'",
    r"The \"([^\"]+)\" plugin is not installed",
    r"Could not import extension \S+ \(exception: No module named '([^']+)'",
    r"no theme named '([^']+)' found",
    r"ModuleNotFoundError: No module named '([^']+)'",
)
"""What mkdocs and Sphinx say of something that is not installed."""


def lacking(text):
    """The name of what a tool did not find, else None."""
    found = (re.search(pattern, text) for pattern in MISSING)
    return next((match.group(1) for match in found if match), None)


def derived(run):
    """The documentation in the Rust crates and the Python packages themselves."""
    places = of_crates(run)
    if tops := [top for top in given.tops() if stubtest.places(top)]:  # not the name of a mere crate
        places.append(OUT / "python")
        run.judged("pdoc", lambda: pdoc(places[-1], tops))
    return places


def of_crates(run):
    """The documentation in the Rust crates, built by cargo the way the project's automation does."""
    target, rust = given.STATE / "lint" / "target", OUT / "rust"
    shutil.rmtree(target / "doc", ignore_errors=True)
    ours = {"CARGO_TARGET_DIR": target, "PYO3_PYTHON": given.PYTHON}
    for name, words, folder, call in doc_commands():
        variables = {**automation.settings_of(call), **ours}
        run.judged(name, lambda: steps.weighed(programs.run(words, folder, variables), call))
    if not (target / "doc").is_dir():
        return []
    shutil.copytree(target / "doc", rust)
    return [rust]


def doc_commands():
    """For each `cargo doc`: its name in a table, its words, its folder, and the project's call that it
    corresponds to."""
    found = [call for call in automation.of("doc") if automation.is_for_this_machine(call)]
    found = [call for call in found if not style.needs_nightly(call, call.toolchain)]
    for call in style.different(found, documented) if given.crates() else []:
        start = ["cargo", f"+{call.toolchain}"] if style.has_toolchain(call.toolchain) else ["cargo"]
        yield "cargo doc", [*start, "doc", "--no-deps", *documented(call)], call.folder, call
    for member in given.crates() if not found else []:
        name = "cargo doc" if len(given.crates()) == 1 else f"cargo doc {member['name']}"
        yield name, ["cargo", "doc", "--no-deps", f"--manifest-path={member['manifest']}", *given.features(member)], given.ROOT, None


def documented(call):
    """Options of a `cargo doc` call about what it documents."""
    return [word for word in automation.without(call.arguments, ("--target-dir",)) if word not in ("--open", "--no-deps")]


# By name, each module that cannot be imported for a package that is not there, and that package.
LACKING = """
import importlib, json, pkgutil, sys
lacking = {}
def look(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        lacking[name] = (error.name or "").partition(".")[0]
        return
    except BaseException:
        return
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if info.name != "__main__":
            look(f"{name}.{info.name}")
for top in sys.argv[1:]:
    look(top)
print("\\n" + json.dumps(lacking))
"""


def pdoc(place, tops):
    """The documentation in the packages; without the modules that lack something to import, such as those for
    other libraries."""
    done = programs.read([given.PYTHON, "-c", LACKING, *tops], given.ROOT)
    lacking = programs.Outcome(done.words, done.code, (done.out.splitlines() or [""])[-1]).json()
    left_out = {name: what for name, what in lacking.items() if name not in tops} if isinstance(lacking, dict) else {}
    for name, what in left_out.items():
        steps.warn(f"`{name}` has no page: it imports `{what}`, which is not installed")
    words = ["--output-directory", place, *tops, *(f"!{name}" for name in left_out)]
    return programs.run([*tools.beside("pdoc"), *words], given.ROOT)


def config_of(run):
    """How the project's documentation is built: the tool's function and its configuration."""
    config = read_the_docs()
    root = project.first(".readthedocs.yaml", ".readthedocs.yml")
    for key, work in (("mkdocs", mkdocs), ("sphinx", sphinx)):
        named = project.table(config, key).get("configuration")
        path = root.parent / named if root and isinstance(named, str) else None
        if path and path.is_file():
            return key, work, path if key == "mkdocs" else path.parent
    for call in automation.calls():
        if found := configured_by(call):
            return found
    if path := project.first("zensical.toml"):
        return "zensical", zensical, path
    if path := project.first(*MKDOCS):
        by_zensical = is_listed("zensical") and not is_listed("mkdocs")
        return ("zensical", zensical, path) if by_zensical else ("mkdocs", mkdocs, path)
    names = [f"{folder}conf.py" for folder in ("docs/", "doc/", "docs/source/", "doc/source/", "docs/src/")]
    if path := project.first(*names):
        return "sphinx", sphinx, path.parent
    return None


MKDOCS = ("mkdocs.yml", "mkdocs.yaml", "docs/mkdocs.yml", "doc/mkdocs.yml")


def is_listed(tool):
    """Whether the project lists a tool, or what is made for it, for its developers."""
    return any(packages.brings(listed, tool) for listed in tools.lists())


MKDOCS_VALUED = {"-f", "--config-file"}


def configured_by(call):
    """What an automation command builds documentation from; None if it builds none."""
    words = list(call.arguments)
    if call.tool in ("mkdocs", "zensical"):
        work = mkdocs if call.tool == "mkdocs" else zensical
        named = [words[at + 1 : at + 2] for at, word in enumerate(words) if word in MKDOCS_VALUED]
        named += [[word.partition("=")[2]] for word in words if word.startswith("--config-file=")]
        path = call.folder / named[0][0] if named and named[0] else project.first_in(call.folder, *MKDOCS[:2])
        if call.tool == "zensical" and not named:
            path = project.first("zensical.toml", *MKDOCS)
        return (call.tool, work, path) if path and path.is_file() else None
    if call.tool in SPHINX and makes_pages(call):
        folder = automation.without_options(words, SPHINX_VALUED)[:1]
        config = [*automation.values_in(words, "-c", "--conf-dir"), *folder]
        is_there = folder and (call.folder / config[0] / "conf.py").is_file()
        return ("sphinx", sphinx, Path(os.path.normpath(call.folder / folder[0]))) if is_there else None
    return None


def main(arguments):
    """Builds what the project has."""
    if arguments:
        steps.misuse("docs", arguments, arguments[0], f"`docs` has no argument `{arguments[0]}`", "cargo pyx just docs")
    run = steps.Steps("docs")
    shutil.rmtree(OUT, ignore_errors=True)
    found = config_of(run)
    if found:
        name, work, config = found
        run.judged(name, lambda: work(config))
        places = [SITE, *(of_crates(run) if automation.of("doc") else [])]
    else:
        places = derived(run)
    for place in places:
        if Path(place).is_dir():
            print(place)
    sys.stdout.flush()
    run.finish()
