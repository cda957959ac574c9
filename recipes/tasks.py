"""What a project gives names to: just recipes, make targets, sessions, environments, scripts and tasks."""

import functools
import itertools
import json
import math
import re
import shlex
from collections import namedtuple

import given
import project
import shell

Task = namedtuple("Task", "runner name scripts folder source names variables weak", defaults=({}, {}, ()))
"""`runner` starts it by its `name`; each of its `scripts` begins in its folder, the first ones are those that start
what it needs; `names`: values of the variables in them, `weak`: those of which the environment has a better one;
`variables`: what is set for the programs that it starts."""


@functools.lru_cache(maxsize=None)
def of(folder):
    """All tasks that stand in a folder."""
    return [task for read in READERS for task in read(folder)]


def asked(words, folder):
    """The tasks that a command starts, from the nearest file to where it is started."""
    runner, rest = started_by(words)
    if runner is None:
        return []
    if runner == "make" and (told := [place for option, place in zip(rest, rest[1:]) if option in ("-C", "--directory")]):
        folder = (folder / told[0]).resolve()
    told = shell.assigned(rest) if runner in ("make", "just", "task") else {}
    wanted = [name for word in rest if not shell.ASSIGNMENT.match(word) for name in word.split(",")]
    for place in project.folders(folder):
        known = {task.name: task for task in of(place) if task.runner == runner}
        if found := [task for name in dict.fromkeys(joined(wanted, known)) if (task := named(name, known, place))]:
            return [changed(task, told) for task in found]
    return []


def joined(names, known):
    """Names with those of just modules in one: `a b` is `a::b`."""
    found = []
    for name in names:
        if found and any(one.startswith(f"{found[-1]}::") for one in known):
            found[-1] = f"{found[-1]}::{name}"
        else:
            found.append(name)
    return found


def named(name, known, folder):
    """The task with a name; for make also by the rule for any name that is not a file."""
    task = known.get(name)
    if task or "%" not in known or name.startswith("-") or (folder / name).is_file():
        return task
    rule = known["%"]
    return rule._replace(name=name, names={**rule.names, "@": name})


def changed(task, told):
    """A task with the variables that its caller sets."""
    names = {(f".{name}" if task.runner == "task" else name): value for name, value in told.items()}
    given_on = told if task.runner == "make" else {name: told[name] for name in told if name in task.variables}
    weak = [name for name in task.weak if name not in names]
    return task._replace(names={**task.names, **names}, variables={**task.variables, **given_on}, weak=weak)


def started_by(words):
    """What starts tasks in a command, and the words after it; None if nothing does."""
    first = words[0].rpartition("/")[2] if words else ""
    for start, runner in RUNNERS.items():
        names = start.split()
        if [first, *words[1 : len(names)]] == names:
            return runner, words[len(names) :]
    return None, []


RUNNERS = {
    "make": "make",
    "gmake": "make",
    "just": "just",
    "task": "task",
    "go-task": "task",
    "poe": "poe",
    "poetry poe": "poe",
    "pdm": "pdm",
    "rye": "rye",
    "pixi": "pixi",
    "hatch": "hatch",
    "mise": "mise",
    "nox": "nox",
    "tox": "tox",
    "npm": "npm",
    "pnpm": "npm",
    "yarn": "npm",
    "cargo make": "cargo make",
}
"""By the words that start it, what starts tasks by their names."""


def before(runner, needed, name):
    """What starts those that a task with this name needs."""
    return [f"{runner} {shlex.quote(one)}" for one in needed if one != name]


# files of their own


def justfile(folder):
    """Recipes of just, including those that a justfile imports and those of its modules."""
    path = project.first_in(folder, "justfile", "Justfile", ".justfile")
    if path:
        yield from of_justfile(path, folder, "")


def of_justfile(path, folder, prefix):
    """Recipes and aliases, with the variables that are plain texts; `prefix`: the module's name, with `::`."""
    files = imported(path, [])
    text = "\n".join(project.text(file) for file in files)
    texts = re.findall(r"^(export\s+)?(\w[\w-]*)\s*:=\s*['\"]([^'\"]*)['\"]\s*$", text, re.M)
    names = {name: value for _, name, value in texts}
    exports = re.search(r"^set\s+export\s*(:=\s*true\s*)?$", text, re.M)
    variables = {name: value for sign, name, value in texts if sign or exports}
    shared = re.search(rf"^set\s+working-directory\s*:=\s*{PLACE}", text, re.M)
    for file in reversed(files):  # what is imported gives way
        for attributes, line, body in RECIPE.findall(project.text(file)):
            name, needed = header(line)
            if not name:
                continue
            needs = before("just", [f"{prefix}{one}" for one in needed], f"{prefix}{name}")
            scripts = [body] if body.lstrip().startswith("#!") else re.sub(r"\\\r?\n\s*", " ", body).splitlines()
            told = re.search(rf"working-directory\s*[:(]\s*{PLACE}", attributes) or shared
            place = (folder / told.group(1)).resolve() if told else folder
            yield Task("just", f"{prefix}{name}", needs + scripts, place, given.shown(file), names, variables)
    for name, meant in re.findall(r"^alias\s+([\w-]+)\s*:=\s*([\w:-]+)", text, re.M):
        yield Task("just", f"{prefix}{name}", [f"just {prefix}{meant}"], folder, given.shown(path))
    for name, told in re.findall(rf"^mod\??\s+([\w-]+)(?:[ \t]+{PLACE})?[ \t\r]*(?:#.*)?$", text, re.M):
        module = module_file(path.parent, name, told)
        if module and prefix.count("::") < DEEPEST:
            yield from of_justfile(module, module.parent, f"{prefix}{name}::")


RECIPE = re.compile(r"^((?:\[[^\n]*\][ \t]*\n)*)@?([a-zA-Z_][^\n]*?:(?!=)[^\n]*)\n((?:[ \t]+[^\n]*(?:\n|$)|[ \t]*\n)*)", re.M)
"""The attributes, the first line and the body of what may be a recipe of just."""

DEEPEST = 3
"""How deep modules of just are looked for."""


def header(line):
    """The name of a just recipe and those that it needs, from its first line; None if it is not a recipe's."""
    quoted = r"\"(?:\\.|[^\"\\])*\"|'[^']*'|`[^`]*`"
    pieces = [piece for piece in re.findall(rf"{quoted}|#.*|:=|[\w-]+(?:::[\w-]+)*|\S", line) if not piece.startswith("#")]
    if ":" not in pieces or ":=" in pieces[: pieces.index(":")]:
        return None, []
    needed, depth = [], 0
    rest = pieces[pieces.index(":") :]
    for previous, piece in zip(rest, rest[1:]):
        depth += (piece == "(") - (piece == ")")
        if re.match(r"[a-zA-Z_]", piece) and (depth == 0 or (depth == 1 and previous == "(")):
            needed.append(piece)
    return pieces[0], needed


def imported(path, seen):
    """A justfile and those that it imports, each once."""
    seen.append(path)
    for told in re.findall(rf"^import\??\s+{PLACE}", project.text(path), re.M):
        other = (path.parent / told).resolve()
        if other.is_file() and other not in seen:
            imported(other, seen)
    return seen


def module_file(folder, name, told):
    """The file of a just module; None if there is none."""
    names = ("mod.just", "justfile", "Justfile", ".justfile")
    place = folder / (told or name)
    if told and place.is_file():
        return place
    beside = None if told else project.first_in(folder, f"{name}.just")
    return beside or project.first_in(place, *names)


PLACE = r"['\"]([^'\"{]+)['\"]"
"""A folder in the words of just."""


def makefile(folder):
    """Targets, with the variables that consist of literal text."""
    path = project.first_in(folder, "GNUmakefile", "makefile", "Makefile")
    text = re.sub(r"\\\r?\n\s*", " ", project.text(path)) if path else ""
    texts = re.findall(r"^(export[ \t]+)?(\w+)\s*(::?|\?)?=[ \t]*([^#\n]*?)[ \t\r]*(?:#.*)?$", text, re.M)
    names = {name: value for _, name, _, value in texts}
    listed = re.findall(r"^export\b[ \t]*([^=\n#]*?)[ \t\r]*(?:#.*)?$", text, re.M)
    exported = {name for line in listed for name in line.split()} | {name for sign, name, _, _ in texts if sign}
    variables = {name: shell.replaced(value, names, folder) for name, value in names.items() if name in exported or "" in listed}
    weak = [name for _, name, sign, _ in texts if sign == "?"]
    for targets, needed, body in re.findall(
        r"^([^\s#:=][^\n:=]*?)\s*::?(?!=)([^\n=;]*)[^\n]*\n((?:(?:\t|#|(?:ifn?eq|ifn?def|else|endif)\b)[^\n]*(?:\n|$)|[ \t]*\n)*)", text, re.M
    ):
        lines = [line for line in body.replace("$$", "$").replace("$(shell ", "$(").splitlines() if line.startswith("\t")]
        for name in targets.split():
            needs = before("make", needed.partition("#")[0].replace("|", " ").split(), name)
            own = names if name == "%" else {**names, "@": name}
            yield Task("make", name, needs + lines, folder, given.shown(path), own, variables, weak)


def taskfile(folder):
    """Tasks of Task, and of what it includes."""
    stems = ("Taskfile", "taskfile", "Taskfile.dist", "taskfile.dist")
    path = project.first_in(folder, *(f"{stem}.{ending}" for stem in stems for ending in ("yml", "yaml")))
    if path:
        yield from of_taskfile(path, folder, "")


def of_taskfile(path, folder, prefix):
    """The tasks of one Taskfile; `prefix`: the name that it is included by, with a colon."""
    config = project.yml(path)
    shared = texts_of(project.table(config, "vars"))
    general = texts_of(project.table(config, "env"))
    for name, task in project.table(config, "tasks").items():
        known = task if isinstance(task, dict) else {"cmds": task}
        lines = list(task_lines([known.get("deps"), known.get("cmds") or known.get("cmd")], prefix))
        place = folder / known["dir"] if isinstance(known.get("dir"), str) and "{" not in known["dir"] else folder
        names = {f".{key}": value for key, value in {**shared, **texts_of(project.table(known, "vars"))}.items()}
        variables = {**general, **texts_of(project.table(known, "env"))}
        yield Task("task", f"{prefix}{name}", lines, place, given.shown(path), names, variables)
    for name, included in project.table(config, "includes").items():
        known = included if isinstance(included, dict) else {"taskfile": included}
        inner = folder / str(known.get("taskfile") or "?")
        if not prefix and (inner := project.first_in(inner, "Taskfile.yml", "Taskfile.yaml") if inner.is_dir() else inner):
            place = folder / known["dir"] if isinstance(known.get("dir"), str) else folder
            yield from of_taskfile(inner, place, f"{name}:")


def task_lines(parts, prefix):
    """The commands of a task: what it needs, then what it does."""
    needed, does = ([part] if isinstance(part, (str, dict)) else part if isinstance(part, list) else [] for part in parts)
    for item in needed:
        item = item.get("task") if isinstance(item, dict) else item
        yield f"task {prefix}{item}"
    for item in does:
        if isinstance(item, dict) and isinstance(item.get("task"), str):
            yield f"task {prefix}{item['task']}"
        for line in project.texts(item.get("cmd") if isinstance(item, dict) else item):
            sign = "-" if isinstance(item, dict) and item.get("ignore_error") is True else ""
            yield f"{sign}{line}"


def texts_of(values):
    """Of variables, those that are texts."""
    return {str(name): value for name, value in values.items() if isinstance(value, str)}


def tox(folder):
    """tox's environments."""
    for name in ("tox.ini", "setup.cfg"):
        yield from of_tox_ini(folder / name, folder)
    for path, known in (
        (folder / "tox.toml", project.toml(folder / "tox.toml")),
        (folder / "pyproject.toml", project.table(project.toml(folder / "pyproject.toml"), "tool", "tox")),
    ):
        for name, env in {"py": known.get("env_run_base"), **project.table(known, "env")}.items():
            commands = project.table({"env": env}, "env").get("commands")
            parts = [command for command in commands if isinstance(command, list)] if isinstance(commands, list) else []
            written = [[word for part in command for word in of_tox_toml(part, folder)] for command in parts]
            variables = texts_of(project.table({"env": env}, "env", "set_env"))
            yield Task("tox", name, [shlex.join(words) for words in written], folder, given.shown(path), {}, variables)


def of_tox_ini(path, folder):
    """The environments of an INI file of tox's."""
    for name, lines in tox_environments(path):

        def words(*keys, lines=lines):
            return of_tox(lines(*keys), project.ini(path), folder).splitlines()

        variables = {key: value for key, value in (re.split(r"\s*=\s*", line.strip(), maxsplit=1) for line in words("setenv", "set_env") if "=" in line)}
        yield Task("tox", name or "py", words("commands"), folder, given.shown(path), {}, variables)


def tox_environments(path):
    """The environments of a tox INI file, those with a section, in its list, or that lines are for: the name, and
    a function that returns the text of the first of some keys, its own or the base's, without lines for
    others."""
    parser = project.ini(path)
    parts = {name: parser[part] for part in parser.sections() if part.startswith("testenv") for name in alternatives(part[8:]) or [""]}
    base = parts.get("", {})
    lists = [parser.get("tox", key, fallback="") for key in ("envlist", "env_list")]
    factors = [name for found in FACTORS.finditer(base.get("commands", "")) for name in alternatives(found.group(1)) if "!" not in name]
    for name in dict.fromkeys([*parts, *(name for text in lists for name in alternatives(text)), *factors]):
        own = parts.get(name, base)

        def lines(*keys, own=own, name=name):
            text = next((settings[key] for settings in (own, base) for key in keys if key in settings), "")
            return FACTORS.sub(lambda found: found.group(2) if holds(found.group(1), name) else "", text)

        yield name, lines


FACTORS = re.compile(r"^[ \t]*([\w!{},.-]+):[ \t]+(.*)$", re.M)
"""A line of tox's that is for some environments only."""


MOST = 1000
"""The number of environments up to which a name with braces is expanded; names with more are ignored."""


def alternatives(text):
    """The names that tox's `py{39,310}-lint, docs` stands for."""
    found = []
    for name in re.findall(r"(?:\{[^{}]*\}|[^\s,{}])+", text):
        parts = [part.split(",") if at % 2 else [part] for at, part in enumerate(re.split(r"\{([^{}]*)\}", name))]
        if math.prod(map(len, parts)) > MOST:
            continue
        found += ["".join(words).replace(" ", "") for words in itertools.product(*parts)]
    return found


def holds(factors, name):
    """Whether a line for environments with these factors applies to the one with a name."""
    own = {*name.split("-"), "py3"}  # there is no other here
    return any(all((one[1:] not in own) if one[:1] == "!" else one in own for one in part.split("-")) for part in alternatives(factors))


def of_tox(lines, parser, folder):
    """Commands with tox's substitutions for `{…}`."""

    def value(found):
        section, key = found.groups()
        return parser.get(section, key, fallback="").replace("\n", " ").strip()

    for _ in range(3):  # a value may name others
        lines = re.sub(r"\{\[([^\]]+)\](\w+)\}", value, lines)
    lines = re.sub(r"\{(?:tox_root|toxinidir)\}", lambda _: str(folder), lines).replace("{/}", "/")
    lines = re.sub(r"\{posargs:?([^{}]*)\}|\{env:\w+:([^{}]*)\}", lambda found: found.group(1) or found.group(2) or "", lines)
    return re.sub(r"^(\s*)-\s+", r"\1-", lines, flags=re.M)


def of_tox_toml(part, folder):
    """The words that a part of a command stands for: a string, or a table with known values."""
    default = part.get("default", []) if isinstance(part, dict) else part
    return [of_tox(text, project.ini(""), folder) for text in project.texts(default)] or ["$x"]


def nox(folder):
    """The known words of `session.run`."""
    for name, words, variables in project.nox_calls(folder, "run"):
        yield Task("nox", name, [shlex.join(words)], folder, given.shown(folder / "noxfile.py"), {}, variables)


def cargo_make(folder):
    """Tasks of cargo-make."""
    path = folder / "Makefile.toml"
    for name, task in project.table(project.toml(path), "tasks").items():
        known = task if isinstance(task, dict) else {}
        words = [known["command"], *project.texts(known.get("args"))] if isinstance(known.get("command"), str) else []
        needs = before("cargo make", project.texts(known.get("dependencies")), name)
        script = "\n".join(project.texts(known.get("script")))
        variables = {**texts_of(project.table(project.toml(path), "env")), **texts_of(project.table(known, "env"))}
        yield Task("cargo make", name, [*needs, shlex.join(words), script], folder, given.shown(path), {}, variables)


def npm(folder):
    """The scripts of a package.json."""
    path = folder / "package.json"
    try:
        known = json.loads(project.text(path) or "{}")
    except ValueError:
        known = {}
    for name, script in texts_of(project.table(known, "scripts")).items():
        yield Task("npm", name, [script], folder, given.shown(path))


# tables of other files


def hatch(folder):
    """The scripts of hatch's environments."""
    own = project.table(project.toml(folder / "hatch.toml"), "envs")
    shared = project.table(project.toml(folder / "pyproject.toml"), "tool", "hatch", "envs")
    for env, settings in {**shared, **own}.items():
        scripts = project.table({"env": settings}, "env", "scripts")
        variables = texts_of(project.table({"env": settings}, "env", "env-vars"))
        for name, lines in scripts.items():
            found = [hatch_line(line, env, [one for one in scripts if one != name]) for line in project.texts(lines)]
            found = [re.sub(r"\{args:?([^}]*)\}", r"\1", line) for line in found]
            for known_as in {f"{env}:{name}", name} if env == "default" else {f"{env}:{name}"}:
                yield Task("hatch", known_as, found, folder, "hatch's scripts", {}, variables)


def hatch_line(line, env, scripts):
    """A line of a hatch script, which may begin with the name of another one."""
    first, space, rest = line.partition(" ")
    return f"hatch run {env}:{first}{space}{rest}" if first in scripts else line


def tables(folder):
    """The tasks of PDM, Poe, taskipy, Rye, pixi and mise."""
    path = folder / "pyproject.toml"
    tools = project.table(project.toml(path), "tool")
    pixi = project.toml(folder / "pixi.toml")
    poe = project.toml(folder / "poe_tasks.toml")
    for runner, place, known in (
        ("pdm", path, project.table(tools, "pdm", "scripts")),
        ("poe", path, project.table(tools, "poe", "tasks")),
        ("poe", folder / "poe_tasks.toml", project.table(poe, "tool", "poe", "tasks") or project.table(poe, "tasks")),
        ("task", path, project.table(tools, "taskipy", "tasks")),
        ("rye", path, project.table(tools, "rye", "scripts")),
        *(("pixi", path, table) for table in pixi_tables(project.table(tools, "pixi"))),
        *(("pixi", folder / "pixi.toml", table) for table in pixi_tables(pixi)),
        *(("mise", folder / name, project.table(project.toml(folder / name), "tasks")) for name in ("mise.toml", ".mise.toml")),
    ):
        for name, task in known.items():
            lines = list(lines_of(task, runner, () if isinstance(task, str) else [one for one in known if one != name]))
            variables = texts_of(project.table({"": task}, "", "env"))
            yield Task(runner, name, lines, folder_of(task, folder), given.shown(place), {}, variables)


def pixi_tables(known):
    """The tables of tasks in pixi's configuration: its own, and those of features."""
    return [project.table(known, "tasks"), *(project.table(feature, "tasks") for feature in project.table(known, "feature").values())]


def folder_of(task, folder):
    """Where a task runs."""
    told = next((task[key] for key in ("cwd", "dir", "working_dir") if isinstance(task.get(key), str)), "") if isinstance(task, dict) else ""
    return folder if "$" in told or "{" in told else (folder / told).resolve()


def lines_of(task, runner, others=()):
    """The commands of a task; `others`: the names of tasks that its parts may be."""
    if isinstance(task, str):
        yield f"{runner} {task}" if task.split(" ")[0] in others else task
    elif isinstance(task, list):
        for item in task:
            yield from lines_of(item, runner, others)
    elif isinstance(task, dict):
        for key in ("depends", "depends-on", "depends_on", "deps"):
            needed = task.get(key) if isinstance(task.get(key), list) else project.texts(task.get(key))
            needed = [item.get("task") if isinstance(item, dict) else item for item in needed]
            yield from before(runner, [item for item in needed if isinstance(item, str)], None)
        for key in ("composite", "sequence", "parallel", "chain", "ref"):
            yield from lines_of(task.get(key), runner, others)
        for key in ("cmd", "shell", "run"):
            words = task.get(key)
            is_one = key == "cmd" and isinstance(words, list) and all(isinstance(word, str) for word in words)
            yield from lines_of(shlex.join(words) if is_one else words, runner)


READERS = (justfile, makefile, taskfile, tox, nox, tables, hatch, cargo_make, npm)
