"""What the project formats, sorts and lints its code with: `fmt` changes nothing else, and `lint`
asks for nothing else."""

import functools
import re
import shutil
from pathlib import Path

import automation
import given
import programs
import project
import shell
import tools
from steps import Trouble

RUFF_CHECK = (
    "--fix", "--unsafe-fixes", "--fix-only", "--show-fixes", "--exit-non-zero-on-fix", "--diff", "--watch", "-q",
    "--quiet", "--exit-zero", "-w",
)  # fmt: skip
RUFF_FORMAT = ("--check", "--diff", "-q", "--quiet")
ISORT = ("--check-only", "--check", "-c", "--diff", "-q")
BLACK = ("--check", "--diff", "-q", "--quiet", "--verbose")

TELLING = {"ruff": ("--output-format", "--output-file", "-o")}
"""By tool, options, each with a value, that decide how findings are told, and where."""

REPLACED = ("flake8", "isort", "pylint")
"""What ruff is taken in place of."""

FILES = {
    "black": (),
    "codespell": (".codespellrc",),
    "flake8": (".flake8",),
    "isort": (".isort.cfg",),
    "pylint": (".pylintrc", "pylintrc"),
    "yapf": (".style.yapf",),
}
"""Files that configure a tool, besides pyproject.toml, setup.cfg and tox.ini."""


def calls(tool, *words):
    """How the automation starts a tool with these words first."""
    found = automation.of(tool)
    return [call for call in found if tuple(call.arguments[: len(words)]) == words]


FIXES = {"--fix", "--fix-only", "--unsafe-fixes"}


def different(found, arguments):
    """Of calls, those that check different things; `arguments`: what a call checks. A call that only fixes what
    another checks does not count; a hook fails if it fixes anything."""
    checking = [call for call in found if call.hook or not FIXES.intersection(call.words)] or found
    kept = {}
    for call in checking:
        kept.setdefault((call.scope, *arguments(call)), call)
    return list(kept.values())


@functools.lru_cache(maxsize=None)
def is_used(tool):
    """Whether the project runs or configures a tool."""
    if tool == "ruff" and project.ruff() is not None:
        return True
    if tool in REPLACED and automation.uses("ruff"):  # whose settings may have been left over
        return automation.uses(tool)
    ini = project.section(tool, "setup.cfg", "tox.ini")
    configured = project.tool(tool) is not None or ini is not None
    return bool(configured or project.first(*FILES.get(tool, ())) or automation.uses(tool))


@functools.lru_cache(maxsize=None)
def configured():
    """The tools for Python code that the project runs or configures."""
    return {name for name in (*FILES, "ruff") if is_used(name)}


def lints_by_ruff():
    """Whether ruff lints the Python code: if the project uses it, or no other linter."""
    if calls("ruff", "check") or not is_used("ruff"):
        return bool(calls("ruff", "check")) or not {"flake8", "pylint"} & configured()
    # with a table for the formatter alone, it is asked for no lints
    return set(project.ruff() or {"lint": {}}) != {"format"} or not calls("ruff", "format")


def formatter():
    """What formats the Python code: `ruff`, `black`, or None if nothing does."""
    if calls("ruff", "format") or "format" in (project.ruff() or {}):
        return "ruff"
    if is_used("black"):
        return "black"
    if {"yapf", "flake8", "pylint"} & configured():
        return None
    return "ruff" if is_formatted("python") else None


def sorter():
    """What sorts imports: `ruff`, `isort`, or None if nothing does."""
    settings = project.ruff() or {}
    lint = {**settings, **project.table(settings, "lint")}
    selected = [*project.texts(lint.get("select")), *project.texts(lint.get("extend-select"))]
    if {"ALL", "I", "I0", "I00", "I001"}.intersection(selected):
        return "ruff"
    if any("--select=I" in call.words or "I" in call.words for call in calls("ruff", "check")):
        return "ruff"
    return "isort" if is_used("isort") else None


def formats_rust():
    """Whether the project formats its Rust code."""
    if not given.crates():
        return False
    if automation.uses("fmt", "rustfmt") or project.first("rustfmt.toml", ".rustfmt.toml"):
        return True
    return is_formatted("rust")


@functools.lru_cache(maxsize=None)
def is_formatted(language):
    """Whether the committed code is formatted, if nothing else tells; outside git, and before the first commit,
    it counts as formatted."""
    head = committed()
    if head is None:
        return True
    if language == "rust":
        commands = rustfmt("--check", head)
    else:
        # from the folder's own names, which are shorter, and begin with no `-`
        names = [f"./{path.relative_to(head).as_posix()}" for path in sorted(head.rglob("*")) if path.suffix in (".py", ".pyi", ".ipynb")]
        if not names:
            return True
        start = [*tools.standalone("ruff"), "format", "--check", "--quiet", "--no-cache", "--isolated"]
        settings = project.ruff() or {}
        length = settings.get("line-length")
        start += ["--line-length", str(length)] if isinstance(length, int) else []
        commands = [([*start, *part], head) for part in parts(names)]
    return all(programs.read(words, folder) for words, folder in commands)


@functools.lru_cache(maxsize=None)
def committed():
    """A copy of the committed project; None if there is no commit."""
    found = programs.read(["git", "rev-parse", "HEAD:./"], given.ROOT)
    if not found:
        return None
    tree = found.out.strip()
    if not re.fullmatch(r"[0-9a-f]{16,}", tree):
        return None
    # hidden, or pytest takes its tests for the project's
    folder = given.STATE / ".committed" / tree[:16]
    if not (folder / "ready").is_file():
        shutil.rmtree(folder.parent, ignore_errors=True)
        sources = folder / "tree"
        sources.mkdir(parents=True)
        variables = {"GIT_INDEX_FILE": folder / "index"}
        done = programs.read(["git", "read-tree", "HEAD"], given.CHECKOUT, variables)
        words = ["git", "checkout-index", "--all", "--quiet", f"--prefix={sources.resolve()}/"]
        if not done or not programs.read(words, given.CHECKOUT, variables):
            return None
        (folder / "ready").write_text("", "utf-8")
    try:
        return folder / "tree" / given.ROOT.relative_to(given.CHECKOUT)
    except ValueError:
        return folder / "tree"


# commands


def rustfmt(check=None, root=None):
    """How all crates are formatted: commands and their folders. `root`: of a copy of the project."""
    found = [call for call in automation.of("fmt") if call.words[0] == "cargo"]
    found = [call for call in found if (call.folder / "Cargo.toml").is_file() or "--manifest-path" in " ".join(call.words)]
    end = [check] if check else []
    if found and root is None:
        return [(rustfmt_as(call, end), call.folder) for call in different(found, unchecked)]
    commands = {}
    for member in given.crates():
        manifest, workspace = Path(member["manifest"]), member.get("workspace") or member["manifest"]
        if root is not None:
            try:
                manifest = root / manifest.relative_to(given.ROOT)
            except ValueError:
                continue
        words = ["cargo", "fmt", f"--manifest-path={manifest}", "--all", *end]
        commands.setdefault(workspace, (words, root or given.ROOT))
    return list(commands.values())


def unchecked(call):
    """The arguments of a `cargo fmt` call, except whether it only checks."""
    words = [word for word in call.arguments if word != "--check"]
    return words[:-1] if words[-1:] == ["--"] else words


def rustfmt_as(call, end):
    """`cargo fmt` as the project's automation calls it, followed by these options."""
    words, toolchain = unchecked(call), call.toolchain
    at = words.index("--") if "--" in words else len(words)
    words = ["cargo", "fmt", *words[:at], *end, *words[at:]]
    if has_toolchain(toolchain):
        words.insert(1, f"+{toolchain}")
    elif toolchain and toolchain.startswith("nightly"):  # others format alike
        sentence = f"{call.source} formats with Rust's {toolchain}, which is not installed"
        raise Trouble(sentence, f"rustup toolchain install {toolchain} --profile minimal --component rustfmt")
    return words


def has_toolchain(name):
    """Whether rustup has a toolchain, by what follows cargo's `+`: its name without the machine's."""
    return bool(name) and any(re.fullmatch(rf"{re.escape(name)}(-[a-z]\w*-.*)?", one) for one in toolchains())


def needs_nightly(call, asked=None):
    """Whether a cargo call needs a nightly toolchain and another one would run: by options that only nightly
    accepts, or by the toolchain's name that is `asked` for."""
    told = " ".join([*call.words, *call.settings.values()]).replace("\x1f", " ")
    if not re.search(r"(^|\s)-Z|\bdocsrs\b", told) and not (asked or "").startswith("nightly"):
        return False
    return not has_toolchain(call.toolchain) and not is_nightly(call.folder)


@functools.lru_cache(maxsize=None)
def is_nightly(folder):
    """Whether the Rust in a folder accepts unstable options."""
    return bool(re.search(r"-(nightly|dev)\b", programs.read(["rustc", "--version"], folder).out))


@functools.lru_cache(maxsize=None)
def toolchains():
    """The names of rustup's toolchains."""
    done = programs.read(["rustup", "toolchain", "list"], given.ROOT)
    return {line.split()[0] for line in done.out.splitlines() if line.strip()} if done else set()


def arguments(call, dropped):
    """The project's arguments for a tool, without its subcommand and without options that only matter where it is
    called."""
    words = [word for word in automation.without(call.arguments, TELLING.get(call.tool, ())) if word not in dropped]
    return words[1:] if words[:1] in (["check"], ["format"]) else words


DROPPED = {"ruff": RUFF_FORMAT, "black": BLACK, "isort": ISORT}


def format_calls(formatter):
    """The calls that format the Python code, each in a way of its own; a single None if the project has none."""
    found = calls("ruff", "format") if formatter == "ruff" else automation.of(formatter)
    return different(found, lambda call: arguments(call, DROPPED[formatter])) or [None]


def format_commands(formatter, check, call):
    """How the Python code is formatted by a call of the project's, or by none: commands and their folders."""
    start = [*tools.standalone(formatter, tools.plug_ins(formatter, call)), *(["format"] if formatter == "ruff" else [])]
    start += ["--check"] if check else []
    words = arguments(call, DROPPED[formatter]) if call else []
    if call and call.hook:
        files = hooked(call.hook)
        return [([*start, *force(formatter), *words, *part], call.folder) for part in parts(files)]
    folder = call.folder if call else given.ROOT
    if formatter == "black" and not shell.has_paths(words):
        words = [*words, "."]
    if formatter == "ruff":
        start += project.excluding() if call else no_markdown()
    return [([*start, *words], folder)]


def no_markdown():
    """Arguments that keep ruff from formatting Markdown unless configured: code in texts is often not meant to
    run, or shown in another form."""
    settings = project.ruff() or {}
    included = [*project.texts(settings.get("include")), *project.texts(settings.get("extend-include"))]
    return project.excluding(*([] if any(".md" in name for name in included) else ["*.md"]))


def force(tool):
    """Makes a tool's own exclusions apply to files that it is given by name."""
    return {"ruff": ["--force-exclude"], "isort": ["--filter-files"]}.get(tool, [])


ENDINGS = {
    "python": (".py",),
    "pyi": (".pyi",),
    "jupyter": (".ipynb",),
    "rust": (".rs",),
    "toml": (".toml",),
    "markdown": (".md",),
}
"""Files by the types of pre-commit."""

DEFAULT_TYPES = {
    "black": ("python", "pyi"),
    "black-jupyter": ("python", "pyi", "jupyter"),
    "ruff": ("python", "pyi", "jupyter"),
    "ruff-check": ("python", "pyi", "jupyter"),
    "ruff-format": ("python", "pyi", "jupyter"),
    "isort": ("python", "pyi"),
    "mypy": ("python", "pyi"),
    "flake8": ("python",),
    "pylint": ("python",),
    "codespell": ("text",),
}


def hooked(hook):
    """The files of the repository that a pre-commit hook checks."""
    listed = programs.read(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], given.CHECKOUT)
    types = hook.types or DEFAULT_TYPES.get(hook.id, ())
    endings = tuple(ending for name in types for ending in ENDINGS.get(name, ()))
    left_out = tuple(ending for name in hook.exclude_types for ending in ENDINGS.get(name, ()))
    found = []
    for name in listed.out.split("\0") if listed else []:
        wanted = name and not name.endswith(left_out) and (not endings or name.endswith(endings)) and matches(hook.files, name, True)
        wanted = wanted and matches(project.general("files"), name, True)
        excluded = matches(hook.exclude, name, False) or matches(project.general("exclude"), name, False)
        path = given.CHECKOUT / name
        made = {given.STATE, given.environment()}.intersection(path.parents)  # which a pipeline has not
        if wanted and not excluded and not made and path.is_file():
            found.append(name)
    return found


def matches(pattern, name, otherwise):
    """Whether a name matches a pre-commit pattern; `otherwise` if there is none."""
    if not pattern:
        return otherwise
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return otherwise


LINE = 24_000
"""The characters of names that one command line is given: Windows takes 32,767 with all the rest."""


def parts(files):
    """Files in portions that fit on a command line."""
    found, room = [], 0
    for name in files:
        room -= len(name) + 3  # a space and quotes
        if room < 0:
            found.append([])
            room = LINE - len(name) - 3
        found[-1].append(name)
    return found


def over_files(words, call, variables):
    """Runs a tool; as a hook that takes files, on those that it would be given."""
    variables = {**automation.settings_of(call), **variables}
    if not (call and call.hook and call.hook.takes_files):
        return programs.run(words, call.folder if call else given.ROOT, variables)
    last = None
    tool = Path(words[0]).name
    for part in parts(hooked(call.hook)):
        last = programs.run([*words, *force(tool), *part], call.folder, variables)
        if not last:
            return last
    return last or programs.Outcome(words, 0)


def isort(call, options):
    """The isort command from one of the project's calls, with pyx's options."""
    words = arguments(call, ISORT) if call else []
    words = words if shell.has_paths(words) or (call and call.hook) else [*words, "."]
    return [*tools.standalone("isort", tools.plug_ins("isort", call)), *ignored(), *options, *words]


def ignored():
    """Arguments for isort: skip what git ignores."""
    return ["--skip-gitignore"] if project.in_checkout() else []
