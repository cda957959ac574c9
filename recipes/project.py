"""What the files of the project at hand say."""

import configparser
import functools
import json
import os
import re
from collections import namedtuple
from pathlib import Path

import given
import yaml
from noxfile import Noxfile
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

try:
    import tomllib
except ImportError:  # before CPython 3.11
    import tomli as tomllib

ROOT = given.ROOT

Listed = namedtuple("Listed", "place requirements choice")
"""Requirements that stand in one place: its name for people, the texts, and how a lock calls them,
as `("group", name, pyproject)` or `("extra", …)`, else None."""


def folders(start=None):
    """The project's folder and those above it, up to the repository's."""
    start = start or ROOT
    here = [start, *start.parents]
    end = here.index(given.CHECKOUT) if given.CHECKOUT in here else 0
    return here[: end + 1]


@functools.lru_cache(maxsize=None)
def text(path):
    """The text of a file; empty where there is none or none that can be read."""
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


@functools.lru_cache(maxsize=None)
def toml(path):
    """A TOML file; empty where there is none that can be read."""
    try:
        return tomllib.loads(text(ROOT / path))
    except tomllib.TOMLDecodeError:
        return {}


class Loader(yaml.SafeLoader):
    """Reads what it does not know, as `!reference` of GitLab, as what it is made of."""


Loader.add_multi_constructor("", lambda loader, _, node: unknown(loader, node))


def unknown(loader, node):
    """The value of a node with a tag that nobody explained."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


@functools.lru_cache(maxsize=None)
def yml(path):
    """A YAML file; None where there is none that can be read."""
    try:
        return yaml.load(text(ROOT / path), Loader)
    except (yaml.YAMLError, ValueError):
        return None


def table(value, *keys):
    """What stands below these keys, where everything on the way is a table; else an empty one."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def texts(value):
    """The texts of a list; those of a single text too."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def pyprojects():
    """Every pyproject.toml of the project: of its packages, then of the folders above."""
    members = [Path(m["pyproject"]) for m in given.MEMBERS if m.get("pyproject")]
    above = [folder / "pyproject.toml" for folder in folders()]
    return [path for path in dict.fromkeys([*members, *above]) if path.is_file()]


def tool(name):
    """A table below `[tool]` of pyproject.toml, the nearest that there is; else None."""
    for path in pyprojects():
        found = table(toml(path), "tool").get(name)
        if isinstance(found, dict):
            return found
    return None


def first(*names):
    """The first of these files that there is, from the project's folder upward; else None."""
    for folder in folders():
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return None


def section(name, *files):
    """The section `[name]` of the first of these INI files that has it, else None."""
    for folder in folders():
        for file in files:
            parsed = ini(folder / file)
            if parsed.has_section(name):
                return dict(parsed[name])
    return None


@functools.lru_cache(maxsize=None)
def ini(path):
    """An INI file; empty where there is none that can be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text(path))
    except configparser.Error:
        return configparser.ConfigParser(interpolation=None)
    return parser


def python_source():
    """The folder that holds the Python packages: `[tool.maturin] python-source`."""
    source = (tool("maturin") or {}).get("python-source", ".")
    return ROOT / source if isinstance(source, str) else ROOT


# requirements


def name_of(requirement):
    """The normalised name of what a requirement asks for."""
    found = re.match(r"[\w.-]*", requirement.strip())
    return str(canonicalize_name(found.group()))


def parsed(requirement):
    """A requirement as PEP 508 reads it; None where it is none."""
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def own_names():
    """The names of the project's own distributions."""
    return {str(canonicalize_name(m["name"])) for m in given.MEMBERS if m.get("name")}


def brings(listed, tool_name):
    """Whether requirements hold a tool, or something that is made for it and named after it."""
    names = [name_of(requirement) for requirement in listed.requirements]
    return any(name == tool_name or name.startswith(f"{tool_name}-") for name in names)


def holds(listed, tool_name):
    """Whether requirements hold a tool itself."""
    return any(name_of(requirement) == tool_name for requirement in listed.requirements)


def lists():
    """All places where the project lists packages for its developers, the nearest first."""
    found = []
    for path in pyprojects():
        found += [*groups(path), *extras(path), *older(path), *hatch(path.parent)]
    for folder in folders():
        found += [*requirement_files(folder), *tox(folder), *nox(folder)]
    return found


def groups(path):
    """The dependency groups of a pyproject.toml (PEP 735)."""
    known = table(toml(path), "dependency-groups")
    for name in known:
        requirements = in_group(known, name, path, set())
        yield Listed(f"the group `{name}` of {given.shown(path)}", requirements, ("group", name, path))


def in_group(known, name, path, seen):
    """The requirements of a group and of those that it includes."""
    found = []
    if name in seen:
        return found
    seen.add(name)
    for entry in known.get(name) or []:
        if isinstance(entry, str):
            found += expanded(entry, path)
        elif isinstance(entry, dict):
            found += in_group(known, str(entry.get("include-group")), path, seen)
    return found


def extras(path):
    """The extras of a pyproject.toml."""
    known = table(toml(path), "project", "optional-dependencies")
    for name, entries in known.items():
        requirements = [text for entry in texts(entries) for text in expanded(entry, path, name)]
        yield Listed(f"the extra `{name}` of {given.shown(path)}", requirements, ("extra", name, path))


def expanded(requirement, path, *seen):
    """A requirement; where it is the project itself with extras, what these ask for."""
    own = table(toml(path), "project").get("name")
    if not isinstance(own, str) or name_of(requirement) != canonicalize_name(own):
        return [requirement]
    known = table(toml(path), "project", "optional-dependencies")
    asked = parsed(requirement)
    names = [name for name in (asked.extras if asked else ()) if name not in seen]
    return [
        text for name in sorted(names) for entry in texts(known.get(name)) for text in expanded(entry, path, *seen, name)
    ]  # fmt: skip


def older(path):
    """What was written before there were groups: of uv, PDM and Poetry."""
    tools = table(toml(path), "tool")
    if found := texts(table(tools, "uv").get("dev-dependencies")):
        yield Listed(f"`[tool.uv] dev-dependencies` of {given.shown(path)}", found, None)
    for name, entries in table(tools, "pdm", "dev-dependencies").items():
        yield Listed(f"`[tool.pdm.dev-dependencies] {name}` of {given.shown(path)}", texts(entries), None)
    for name in table(tools, "poetry", "group"):
        entries = table(tools, "poetry", "group", name, "dependencies")
        found = [poetry(package, version) for package, version in entries.items()]
        yield Listed(f"`[tool.poetry.group.{name}]` of {given.shown(path)}", found, None)


def poetry(package, version):
    """A requirement as Poetry writes it; its `^1.2` is left to the resolver as `>=1.2`."""
    version = version.get("version", "*") if isinstance(version, dict) else str(version)
    if version in ("*", ""):
        return package
    if version[0] in "^~":
        return f"{package}>={version[1:]}"
    return f"{package}{version}" if version[0] in "<>=!" else f"{package}=={version}"


def hatch(folder):
    """The packages of hatch's environments, with what they take from their templates."""
    own = table(toml(folder / "hatch.toml"), "envs")
    shared = table(toml(folder / "pyproject.toml"), "tool", "hatch", "envs")
    known = {**shared, **own}
    for name in known:
        env = table(known, name)
        found, seen = [], set()
        while True:
            found += texts(env.get("dependencies")) + texts(env.get("extra-dependencies"))
            template = env.get("template")
            if not isinstance(template, str) or template in seen:
                break
            seen.add(template)
            env = table(known, template)
        if found:
            yield Listed(f"hatch's environment `{name}`", found, None)


def requirement_files(folder):
    """Requirements files by the names that projects give them, and those that Read the Docs is told."""
    found = []
    for sub in ("", "requirements", "docs", "doc", "test", "tests", "benchmarks", "bench"):
        for path in sorted((folder / sub).glob("*.txt")):
            if "requirements" in path.name or sub == "requirements":
                found.append(path)
    for name in (".readthedocs.yaml", ".readthedocs.yml"):
        for step in table(yml(folder / name), "python").get("install") or []:
            path = step.get("requirements") if isinstance(step, dict) else None
            if isinstance(path, str) and (folder / path).is_file():
                found.append(folder / path)
    for path in dict.fromkeys(found):
        yield Listed(given.shown(path), in_file(path, set()), None)


def in_file(path, seen):
    """The requirements of a file and of those that it includes with `-r`."""
    found = []
    if path in seen:
        return found
    seen.add(path)
    for line in re.sub(r"\\\r?\n", " ", text(path)).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if include := re.match(r"(?:-r|--requirement)[ =]*(.+)", line):
            found += in_file(path.parent / include.group(1).strip(), seen)
        elif line[:1].isalnum():
            found.append(re.sub(r"\s--(hash|config-settings).*", "", line).strip())
    return found


def tox(folder):
    """What tox's environments install."""
    for name in ("tox.ini", "setup.cfg"):
        parser = ini(folder / name)
        for part in parser.sections():
            deps = parser[part].get("deps", "") if part.startswith("testenv") else ""
            lines = [line.split("#")[0].strip() for line in deps.splitlines()]
            lines = [line.partition(": ")[2] or line for line in lines]
            found = [line for line in lines if line[:1].isalnum() and "{" not in line]
            if found:
                yield Listed(f"`[{part}]` of {given.shown(folder / name)}", found, None)
    shared = table(toml(folder / "pyproject.toml"), "tool", "tox")
    for known in (toml(folder / "tox.toml"), shared):
        for name, env in {"env_run_base": known.get("env_run_base"), **table(known, "env")}.items():
            found = [line for line in texts(table({"env": env}, "env").get("deps")) if line[:1].isalnum()]
            if found:
                yield Listed(f"tox's environment `{name}`", found, None)


def nox(folder):
    """What the sessions of a noxfile install, as far as it is written literally."""
    for session, call in nox_calls(folder, "install"):
        found = [word for word in call if word[:1].isalnum()]
        if found:
            yield Listed(f"nox's session `{session}`", found, None)


def nox_calls(folder, method):
    """The known words of each call of a method of a session: the function's name, the words."""
    path = folder / "noxfile.py"
    yield from Noxfile(path, text(path)).calls(method)


# hooks


class Hook:
    """A hook of pre-commit."""

    def __init__(self, entry, repository):
        self.id = str(entry.get("id", ""))
        self.repository = str(repository.get("repo", ""))
        self.revision = str(repository.get("rev", ""))
        self.frozen = repository.get("frozen")
        self.entry = entry.get("entry") if isinstance(entry.get("entry"), str) else ""
        self.args = [str(word) for word in entry.get("args") or [] if not isinstance(word, dict)]
        self.files, self.exclude = (value if isinstance(value := entry.get(key), str) else "" for key in ("files", "exclude"))
        self.types = texts(entry.get("types_or")) or texts(entry.get("types"))
        self.packages = texts(entry.get("additional_dependencies"))
        self.manual = entry.get("stages") == ["manual"]
        self.takes_files = entry.get("pass_filenames") is not False

    def is_local(self):
        """Whether it is a command of the project itself."""
        return self.repository in ("local", "meta")


def hook_config():
    """The file that configures pre-commit, or prek, and what it says."""
    path = first("prek.toml", ".pre-commit-config.yaml", ".pre-commit-config.yml")
    config = (toml(path) if path.suffix == ".toml" else yml(path)) if path else None
    return path, config if isinstance(config, dict) else {}


@functools.lru_cache(maxsize=None)
def hooks():
    """The hooks of pre-commit, and the file that they stand in."""
    path, config = hook_config()
    repositories = config.get("repos")
    found, frozen = [], comments(text(path)) if path else {}
    for repository in repositories if isinstance(repositories, list) else []:
        if not isinstance(repository, dict):
            continue
        repository = {**repository, "frozen": frozen.get(str(repository.get("rev")))}
        entries = repository.get("hooks")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                found.append(Hook(entry, repository))
    return path, found


def comments(config):
    """By revision: the tag that `pre-commit autoupdate --freeze` wrote behind it."""
    found = re.findall(r"^\s*-?\s*rev\s*[:=]\s*['\"]?(\S+?)['\"]?\s+#\s*(?:frozen:)?\s*(\S+)\s*$", config, re.M)
    return dict(found)


def general_exclude():
    """What pre-commit is not to look at, for all hooks."""
    exclude = hook_config()[1].get("exclude")
    return exclude if isinstance(exclude, str) else ""


# versions of tools


def version_files():
    """What mise and asdf are told: by tool, the version and the file's name."""
    found = {}
    for folder in reversed(folders()):
        for line in text(folder / ".tool-versions").splitlines():
            words = line.split("#")[0].split()
            if len(words) > 1:
                found[words[0]] = words[1], ".tool-versions"
        for name in ("mise.toml", ".mise.toml", ".config/mise.toml"):
            for key, value in table(toml(folder / name), "tools").items():
                value = value.get("version") if isinstance(value, dict) else value
                value = value[0] if isinstance(value, list) and value else value
                found[re.sub(r"^\w+:(?:.*/)?", "", key)] = str(value), name
    return found


# style


def ruff():
    """The configuration of ruff; None where there is none."""
    for folder in folders():
        for name in (".ruff.toml", "ruff.toml"):
            if (folder / name).is_file():
                return toml(folder / name)
    return tool("ruff")


def in_checkout():
    """Whether git looks after the project: tools then leave alone what git ignores."""
    return any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents))


def excluding(*names):
    """Arguments for ruff: not to look into these as well, nor, outside of a checkout, into builds."""
    folder = os.path.relpath(given.STATE.parent, ROOT)
    built = [] if in_checkout() or folder.startswith("..") else [folder]
    if not built and not names:
        return []
    excluded = list(dict.fromkeys([*texts((ruff() or {}).get("extend-exclude")), *built, *names]))
    return ["--config", f"extend-exclude = {json.dumps(excluded)}"]
