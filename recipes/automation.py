"""Which tools the project's own automation starts, and how: CI, pre-commit and lefthook, and what it gives names to."""

import functools
import re
from pathlib import Path

import given
import machine
import packages
import project
import shell
import tasks

WRAPPERS = {
    **dict.fromkeys(("uv", "poetry", "pdm", "rye", "pipenv", "pixi", "pipx", "hatch", "conda", "mamba", "micromamba"), ("run",)),
    **dict.fromkeys(("mise", "direnv", "tox", "devbox"), ("exec", "x", "run")),
    **dict.fromkeys(("nix", "devenv", "flox"), ("-c", "--command", "--")),
    **dict.fromkeys(("uvx", "sudo", "exec", "env", "time", "command", "xvfb-run", "nice", "xargs", "timeout", "stdbuf"), ()),
}
"""What starts another program, and the words behind one of which that stands."""

VALUED = {
    "-p", "--python", "--with", "--from", "--group", "--only-group", "--extra", "--package", "--project",
    "--directory", "--index", "--no-group", "--with-requirements", "--index-url", "-e", "--environment", "--spec",
    "--env-file", "--with-editable", "--name", "--prefix",
}  # fmt: skip
"""Options of those that have a value."""

VALUED_BY = {
    **dict.fromkeys(("conda", "mamba", "micromamba", "nice"), {"-n"}),
    "xargs": {"-n", "-P", "-I", "-L", "-d", "-s", "-a"},
    "timeout": {"-k", "-s", "--signal", "--kill-after"},
    "env": {"-u", "-C"},
}
"""Those that have one only there."""

COUNTED = {"timeout": 1, "direnv": 1}
"""How many words stand between a program's options and what it starts."""

CI, HOOK, OTHER = range(3)


class Call:
    """A program that the automation starts."""

    def __init__(self, words, folder, source, rank, hook=None, variables=None, written=None):
        self.words, self.folder, self.source = words, folder, source
        self.written = written or words  # with what it is wrapped in
        self.rank, self.hook, self.variables = rank, hook, variables or {}
        self.may_fail = "--exit-zero" in words

    @property
    def scope(self):
        """What it checks and with which variables, besides its words."""
        hook = (self.hook.files, self.hook.exclude, *self.hook.types) if self.hook else ()
        return self.folder, self.toolchain, hook, tuple(sorted(self.settings.items()))

    @property
    def settings(self):
        """The variables that decide what it finds."""
        return machine.deciding(self.variables)

    @property
    def tool(self):
        """The program's name, or cargo's word for it: `clippy`, `fmt`."""
        if self.words[0] != "cargo":
            return self.words[0]
        rest = [word for word in self.words[1:] if not word.startswith(("+", "-"))]
        return rest[0] if rest else "cargo"

    def lacks_words(self):
        """Whether some of its words cannot be known."""
        words = unaliased(unwrapped(self.written))
        return len(shell.known(words)) < len(words)

    def only_asks(self):
        """Whether the program is only asked for its version or its help."""
        end = self.words.index("--") if "--" in self.words else len(self.words)
        return not {"--version", "-V", "--help"}.isdisjoint(self.words[:end])

    @property
    def toolchain(self):
        """The toolchain that cargo is asked to use, without `+`."""
        first = self.words[1] if len(self.words) > 1 else ""
        return first[1:] if self.words[0] == "cargo" and first.startswith("+") else None

    @property
    def arguments(self):
        """What follows the program's name, or cargo's word."""
        if self.words[0] != "cargo":
            return self.words[1:]
        at = next((n for n, word in enumerate(self.words) if word == self.tool), 0)
        return self.words[at + 1 :]


@functools.lru_cache(maxsize=None)
def calls():
    """All of them: what CI starts, then what is started before commits, then the rest."""
    found = []
    for folder in project.folders():
        for read in (workflows, other_ci, read_the_docs, lefthook, by_name):
            found += read(folder)
    found += pre_commit([call.variables.get("SKIP", "") for call in found if call.rank == CI and call.tool in ("pre-commit", "prek")])
    return sorted((call for call in found if not call.only_asks()), key=lambda call: call.rank)


def of(*tools):
    """How a tool is started by the first that starts it, if that can be known; in the folder of a package or
    above it."""
    near = own_folders()
    found = [call for call in calls() if call.tool in tools and call.folder in near and is_of_members(call)]
    if not found:
        return []
    source = found[0].source
    chosen, seen = [], set()
    for call in found:
        key = tuple(call.words), call.scope
        if call.source == source and key not in seen:
            seen.add(key)
            chosen.append(call)
    return [call for call in chosen if not call.lacks_words()] or chosen


def own_folders():
    """The folders in which a command is about the project: those of its packages, their crates and sources, and
    above."""
    members = [Path(member["dir"]) for member in given.MEMBERS if member.get("dir")]
    crates = [Path(folder) for member in given.crates() for folder in workspaces(member)]
    return {*project.folders(), *members, *crates, *(path.resolve() for path in crates), project.python_source().resolve()}


def settings_of(call):
    """The variables that decide what a call finds; empty if there is no call."""
    return call.settings if call else {}


def is_for_this_machine(call):
    """Whether a cargo call is for no other target."""
    return not any(word.startswith("--target") and not word.startswith("--target-dir") for word in call.words)


def is_of_members(call):
    """Whether a cargo call is about the project's own crates: the repository may have others."""
    if call.words[0] != "cargo" or not given.crates():
        return True
    manifests = {Path(folder, "Cargo.toml").resolve() for member in given.crates() for folder in workspaces(member)}
    named = [call.folder / path for path in values_of(call, "--manifest-path") if "$" not in path]
    if named and not manifests.intersection(path.resolve() for path in named):
        return False
    own = {project.table(project.toml(member["manifest"]), "package").get("name") for member in given.crates()}
    packages_ = values_of(call, "-p", "--package")
    return not packages_ or bool(own.intersection(packages_))


def workspaces(member):
    """The folders of a member's crate and of its workspace."""
    return [Path(member["manifest"]).parent, *([member["workspace"]] if member.get("workspace") else [])]


def values_of(call, *names):
    """The values that a call gives to options with these names, before `--`."""
    return values_in(call.words, *names)


def values_in(words, *names):
    """The values that words give to options with these names, before `--`."""
    words = words[: words.index("--")] if "--" in words else words
    found = [value for name, value in zip(words, words[1:]) if name in names]
    return found + [word.partition("=")[2] for word in words if word.startswith(tuple(f"{name}=" for name in names))]


def installed():
    """What the automation installs by name, besides what the project lists: one for each `pip install`."""
    for call in calls():
        at = 1 if call.words[:2] == ["uv", "pip"] else 0
        if call.words[at] not in ("pip", "pip3") or call.words[at + 1 : at + 2] != ["install"]:
            continue
        if found := packages.of_pip(call.words[at + 2 :], call.folder):
            yield packages.Listed(call.source, found, None)


def uses(*tools):
    """Whether any of these is started."""
    return any(call.tool in tools for call in calls())


# shell


def started(script, folder, source, rank, variables=None, names=None, depth=0):
    """The programs that a script starts, directly or through another script of the project."""
    variables = variables or {}
    for command in shell.commands(script, folder, {**variables, **(names or {})}):
        bare = unwrapped(command.words)
        own = {**variables, **command.variables, **shell.assigned(command.words[: len(command.words) - len(bare)])}
        inner = depth < DEEPEST and (shell.inner(command.words) or own_script(command))
        if inner:
            found = list(started(inner, command.folder, source, rank, own, names, depth + 1))
        elif depth < DEEPEST and (known := tasks.asked(command.words, command.folder) or tasks.asked(bare, command.folder)):
            found = [call for task in known for call in of_task(task, source, rank, own, depth + 1)]
        else:
            found = [Call(words, command.folder, source, rank, None, own, command.words) for words in programs_of(command.words)]
        for call in found:
            call.may_fail |= command.may_fail
            yield call


DEEPEST = 3
"""How often what is started may start what the project has."""


def of_task(task, source, rank, variables, depth):
    """The programs that a task starts, for whatever started it."""
    variables = {**(variables or {}), **task.variables}
    names = {**task.names, **{name: variables[name] for name in task.weak if name in variables}}
    for script in task.scripts:
        yield from started(script, task.folder, source, rank, variables, names, depth)


def programs_of(words):
    """The programs that a command stands for."""
    if meant := ruff_by_another(words):
        return meant
    found = program(words)
    return [found] if found else []


def ruff_by_another(words):
    """The ruff calls that programs which bundle it are given in words of their own; none for any other command."""
    name, word = (words[0].rpartition("/")[2], words[1]) if len(words) > 1 else ("", "")
    rest = [one for one in shell.known(words[2:]) if one != "--"]
    if (name, word) == ("uv", "format"):
        return [["ruff", "format", *without(rest, ("--version", "--project", "--directory"))]]
    if name == "rye" and word in ("lint", "check", "fmt", "format"):
        rest = [one for one in without(rest, ("-p", "--package", "--pyproject")) if one not in ("-a", "--all")]
        return [["ruff", "format" if word in ("fmt", "format") else "check", *rest]]
    if (name, word) != ("hatch", "fmt"):
        return []
    chosen = [{"-l": "check", "--linter": "check", "-f": "format", "--formatter": "format"}.get(one) for one in rest]
    chosen = [one for one in chosen if one] or ["check", "format"]
    rest = [one for one in rest if one not in ("-l", "--linter", "-f", "--formatter", "--sync", "--unsafe-fixes")]
    checks, rest = "--check" in rest, [one for one in rest if one not in ("--check", "--preview")]
    wide = [] if {"line-length", "extend"} & set(project.ruff() or {}) else ["--line-length", "120"]  # which is hatch's own
    known = {"check": [] if checks else ["--fix"], "format": [*(["--check"] if checks else []), *wide]}
    return [["ruff", one, *known[one], *rest] for one in chosen]


def without(words, valued):
    """Words without options with these names and their values."""
    found = []
    while words:
        if words[0] in valued:
            words = words[1:]
        elif not words[0].startswith(tuple(f"{name}=" for name in valued)):
            found.append(words[0])
        words = words[1:]
    return found


def own_script(command):
    """The text of a shell script of the project that a command starts, else None."""
    words = [word for word in command.words if not word.startswith("-")]
    if words and words[0].rpartition("/")[2] in shell.SHELLS:
        words = words[1:]
    elif not words or "/" not in words[0]:
        return None
    path = (command.folder / words[0]).resolve() if words else given.ROOT
    if given.CHECKOUT not in path.parents or not path.is_file():
        return None
    text = project.text(path)
    return text if path.suffix == ".sh" or re.match(r"#!.*\b(ba|da|z)?sh\b", text) else None


def program(words):
    """A command without its wrappers, by the program's own name; none if that is not known."""
    words = unaliased(unwrapped(words))
    return shell.known(words) if words and shell.known(words[:1]) else []


def unaliased(words):
    """A command with one of the project's aliases replaced: cargo's own."""
    if words[:1] == ["cargo"] and len(words) > 1:
        meant = project.cargo_alias(words[1])
        return ["cargo", *meant, *words[2:]] if meant else words
    return words


def unwrapped(words):
    """A command without its wrappers."""
    while words:
        first = words[0].rpartition("/")[2]
        if shell.ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif first == "rustup" and words[1:2] == ["run"] and words[3:4] == ["cargo"]:
            words = ["cargo", f"+{words[2]}", *words[4:]]
        elif first in WRAPPERS and (at := start_in(words, WRAPPERS[first])):
            at = behind_tools(words, at) if first == "mise" else at
            words = without_options(words[at:], VALUED | VALUED_BY.get(first, set()))[COUNTED.get(first, 0) :]
        elif re.fullmatch(r"python[\d.]*", first) and words[1:2] == ["-m"] and len(words) > 2:
            words = words[2:]
        else:
            # `uvx ruff@0.4.1`, `pipx run ruff==0.4.1`, and hatch's `environment:command`
            name = re.sub(r"(\[[\w,-]*\])?(@|[=~<>!]=)[\w.*,<>=]+$", "", first)
            return [name.rpartition(":")[2] or name, *words[1:]]
    return []


def start_in(words, signs):
    """Where the words after one of these begin; after the first word if there are none."""
    return 1 if not signs else next((at + 1 for at, word in enumerate(words) if at and word in signs), 0)


def behind_tools(words, at):
    """Where what mise starts begins, by where the words after its own begin: tools may be named before `--`."""
    return words.index("--", at) + 1 if words[at - 1] in ("x", "exec") and "--" in words[at:] else at


def without_options(words, valued=VALUED):
    """What follows the leading options; `valued`: those that have a value."""
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in valued else words[1:]
    return words


# who says it


def workflows(folder):
    """GitHub's workflows and actions."""
    places = [*folder.glob(".github/workflows/*.y*ml"), *folder.glob(".github/actions/*/action.y*ml")]
    for path in sorted(places):
        config = project.yml(path)
        jobs = project.table(config, "jobs")
        if steps := project.table(config, "runs").get("steps"):
            jobs = {"": {"steps": steps}}
        general = project.table(config, "env")
        rank = CI if decides(config) else OTHER
        for name in jobs:
            job = project.table(jobs, name)
            if is_off(job):
                continue
            variables = {**general, **project.table(job, "env")}
            place = project.table(job, "defaults", "run").get("working-directory")
            place = place or project.table(config, "defaults", "run").get("working-directory")
            for call in job_calls(job, (folder, place), given.shown(path), variables):
                call.rank = rank
                yield call


def decides(config):
    """Whether a workflow runs by itself, and not only on request."""
    told = config.get("on", config.get(True)) if isinstance(config, dict) else None  # YAML takes `on` for a truth
    names = set(told if isinstance(told, dict) else project.texts(told))
    return not names or not names <= {"workflow_dispatch", "repository_dispatch", "issue_comment"}


def is_off(part):
    """Whether a job or a step never runs."""
    return re.sub(r"\$\{\{(.*)\}\}", r"\1", str(part.get("if"))).strip().lower() == "false"


def goes_on(part, matrix):
    """Whether what follows runs despite a failure, in all jobs of a matrix."""
    told = part.get("continue-on-error")
    found = re.fullmatch(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}", told.strip()) if isinstance(told, str) else None
    if not found:
        return told is True
    values, included = matrix.get(found.group(1)), matrix.get("include")
    lists = [name for name, listed in matrix.items() if isinstance(listed, list) and name not in ("include", "exclude")]
    added = [job.get(found.group(1)) for job in included if isinstance(job, dict)] if isinstance(included, list) else []
    values = [*values, *(value for value in added if value is not None)] if isinstance(values, list) else [] if lists else added
    return bool(values) and all(value is True for value in values)


def job_calls(job, where, source, variables):
    """What one job starts."""
    (folder, place), steps = where, job.get("steps")
    if str(job.get("runs-on")).startswith("windows"):  # other paths, another shell
        return
    jobs = project.table(job, "strategy", "matrix")
    matrix = first_of(jobs)
    for step in steps if isinstance(steps, list) else []:
        if not isinstance(step, dict) or is_off(step):
            continue
        inputs, action = project.table(step, "with"), str(step.get("uses", "")).partition("@")[0]
        # this action denies warnings unless it is told otherwise
        if action == "actions-rust-lang/setup-rust-toolchain":
            variables = {"RUSTFLAGS": inputs.get("rustflags", "-D warnings"), **variables}
        here = step.get("working-directory") or place
        here = (folder / here).resolve() if isinstance(here, str) and "$" not in here else folder
        known = values_for(variables, matrix, folder)
        known.update(values_for(project.table(step, "env"), {**matrix, **by_env(known)}, folder))
        if step.get("shell") in ("pwsh", "powershell", "cmd"):
            continue
        if isinstance(step.get("run"), str):
            names = {**known, **by_env(known), **matrix}
            found = list(started(step["run"], here, source, CI, known, names))
            variables = {**variables, **({} if "if" in step else for_later(step["run"], names, here))}
        else:
            words, version = by_action(action, inputs), inputs.get("version")
            written = ["uvx", f"{words[0]}=={version}"] if words and version else None
            found = [Call(words, here, source, CI, None, known, written)] if words else []
        for call in found:
            call.may_fail |= goes_on(step, jobs) or goes_on(job, jobs)
            yield call


def values_for(variables, names, folder):
    """The values of variables, which may refer to others of them, and of what has one of `names`."""
    told = {str(key): spelled(value) for key, value in variables.items()}
    found = {}
    for key, value in told.items():
        others = by_env({name: other for name, other in told.items() if name != key})
        found[key] = shell.replaced(value, {**others, **names}, folder)
    return found


def by_env(variables):
    """Variables by how GitHub's expressions refer to them."""
    return {f"env.{name}": value for name, value in variables.items()}


def spelled(value):
    """A value as GitHub passes it to a program."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def for_later(script, names, folder):
    """The variables that a step sets for later steps."""
    lines = [line for line in script.splitlines() if re.search(r">>\s*\"?\$\{?GITHUB_ENV\b", line)]
    words = [word for line in lines for word in shell.words_of(shell.replaced(line, names, folder))]
    return shell.assigned(words)


def first_of(matrix):
    """The values of the first job of a matrix, by the names that refer to them."""
    included = matrix.get("include")
    found = dict(included[0]) if isinstance(included, list) and included and isinstance(included[0], dict) else {}
    found.update({name: values[0] for name, values in matrix.items() if isinstance(values, list) and values})
    return {f"matrix.{name}": spelled(value) for name, value in found.items() if isinstance(value, (str, int, float))}


def by_action(action, inputs):
    """What an action starts, if it is one for a tool."""
    name = action.rpartition("/")[2]

    def words(key, default=""):
        return shell.known(shell.words_of(shell.replaced(str(inputs.get(key, default)), {}, given.ROOT)))

    arguments = words("args")
    if name == "ruff-action":
        return ["ruff", *(arguments or ["check"]), *words("src")]
    if name in ("clippy-check", "clippy-action", "rust-clippy-check", "rust-clippy"):
        return ["cargo", "clippy", *arguments]
    if action == "psf/black":
        return ["black", *words("options", "--check"), *words("src", ".")]
    if action == "actions-rs/cargo" and isinstance(inputs.get("command"), str):
        return ["cargo", inputs["command"], *arguments]
    if action == "EmbarkStudios/cargo-deny-action":
        return ["cargo", "deny", *words("command", "check")]
    if action in ("rustsec/audit-check", "actions-rust-lang/audit", "actions-rs/audit-check"):
        ignored = re.split(r"[,\s]+", str(inputs.get("ignore", "")))
        return ["cargo", "audit", *(word for name in ignored if name for word in ("--ignore", name))]
    if action == "pypa/gh-action-pip-audit":
        return ["pip-audit", *(word for name in words("ignore-vulns") for word in ("--ignore-vuln", name))]
    if action == "jakebailey/pyright-action":
        return ["pyright"]
    return []


def other_ci(folder):
    """GitLab, CircleCI, Azure, Travis: every text below a key that holds commands."""
    for name in (".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", ".travis.yml", ".cirrus.yml"):
        config = project.yml(folder / name)
        variables = tasks.texts_of(project.table(config, "variables"))
        for script, may_fail in scripts(config):
            for call in started(script, folder, name, CI, variables):
                call.may_fail |= may_fail
                yield call


def read_the_docs(folder):
    """What Read the Docs starts instead of its own commands, or in addition."""
    for name in (".readthedocs.yaml", ".readthedocs.yml"):
        build = project.table(project.yml(folder / name), "build")
        jobs = project.table(build, "jobs")
        for lines in (build.get("commands"), *jobs.values(), *project.table(jobs, "build").values()):
            yield from started("\n".join(project.texts(lines)), folder, name, CI)


SCRIPTS = {"script", "before_script", "after_script", "run", "command", "bash", "install", "test_script"}


def scripts(value, inside=False, may_fail=False):
    """The commands of a YAML file below keys with these names, and whether they may fail."""
    if isinstance(value, str) and inside:
        yield value, may_fail
    elif isinstance(value, list):
        for item in value:
            yield from scripts(item, inside, may_fail)
    elif isinstance(value, dict):
        may_fail = may_fail or True in (value.get("allow_failure"), value.get("continueOnError"))
        for key, item in value.items():
            yield from scripts(item, key in SCRIPTS or (inside and key == "command"), may_fail)


def lefthook(folder):
    """The commands of lefthook's hooks."""
    names = [f"{dot}lefthook.{ending}" for dot in ("", ".") for ending in ("yml", "yaml", "toml")]
    if path := project.first_in(folder, *names):
        config = project.toml(path) if path.suffix == ".toml" else project.yml(path)
        for hook in (config if isinstance(config, dict) else {}).values():
            for job in jobs_of(hook):
                if isinstance(job.get("run"), str) and job.get("skip") is not True:
                    place = folder / str(job.get("root") or "")
                    yield from started(job["run"], place, given.shown(path), HOOK)


def jobs_of(hook):
    """The jobs of a hook of lefthook, those of groups too."""
    for kind in ("commands", "jobs"):
        known = project.table({"": hook}, "").get(kind)
        known = known.values() if isinstance(known, dict) else known if isinstance(known, list) else []
        for job in known:
            if isinstance(job, dict):
                yield job
                yield from jobs_of(job.get("group"))


def by_name(folder):
    """What the project gives names to, started by hand."""
    for task in tasks.of(folder):
        yield from of_task(task, task.source, OTHER, None, 0)


STARTS = {
    "ruff": ["ruff", "check"],
    "ruff-check": ["ruff", "check"],
    "ruff-format": ["ruff", "format"],
    "black-jupyter": ["black"],
    "fmt": ["cargo", "fmt"],
    "cargo-fmt": ["cargo", "fmt"],
    "rustfmt": ["cargo", "fmt"],
    "clippy": ["cargo", "clippy"],
    "cargo-clippy": ["cargo", "clippy"],
    "cargo-deny": ["cargo", "deny", "check"],
}
"""What hooks of public repositories start, where it is not their name."""


def pre_commit(skipped):
    """The hooks of pre-commit; `skipped`: for each run in CI, the hooks that must not fail it."""
    path, hooks = project.hooks()
    in_spite = set.intersection(*({name.strip() for name in text.split(",")} for text in skipped)) if skipped else set()
    for hook in hooks:
        if hook.manual:
            continue
        entry = shell.words_of(hook.entry) if hook.entry else STARTS.get(hook.id, [hook.id])
        found = []
        if script := entry and shell.inner(entry):
            found = list(started(script, path.parent, given.shown(path), HOOK))
        elif words := program(entry):
            variables = shell.assigned(entry[: len(entry) - len(unwrapped(entry))])
            found = [Call([*words, *hook.args], path.parent, given.shown(path), HOOK, hook, variables)]
        for call in found:
            call.may_fail |= hook.id in in_spite
            yield call
