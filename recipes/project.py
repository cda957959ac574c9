"""What the files of the current project say."""

import codecs
import configparser
import functools
import io
import json
import os
import re
from pathlib import Path

import given
import yaml
from noxfile import Noxfile

try:
    import tomllib
except ImportError:  # before CPython 3.11
    import tomli as tomllib

ROOT = given.ROOT


def folders(start=None):
    """The project's folder and those above it, up to the repository's."""
    start = start or ROOT
    here = [start, *start.parents]
    end = here.index(given.CHECKOUT) if given.CHECKOUT in here else 0
    return here[: end + 1]


@functools.lru_cache(maxsize=None)
def text(path):
    """The text of a file; empty if there is none or it cannot be read."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return ""
    # as pip and uv decode lists of requirements
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return io.TextIOWrapper(io.BytesIO(data), encoding, "replace").read()


@functools.lru_cache(maxsize=None)
def toml(path):
    """A TOML file; empty if there is none that can be read."""
    try:
        return tomllib.loads(text(ROOT / path))
    except tomllib.TOMLDecodeError:
        return {}


class Loader(yaml.SafeLoader):
    """Reads unknown tags, such as GitLab's `!reference`, as the value they are applied to."""


Loader.add_multi_constructor("", lambda loader, _, node: unknown(loader, node))


def unknown(loader, node):
    """The value of a node with an unknown tag."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


@functools.lru_cache(maxsize=None)
def yml(path):
    """A YAML file; None if there is none that can be read, or if its aliases are recursive or expand without bound."""
    try:
        found = yaml.load(text(ROOT / path), Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return found if is_bounded(found) else None


MOST = 100_000
"""The number of values up to which a YAML file is read, with aliases expanded."""


def is_bounded(value):
    """Whether a value is not recursive and has at most `MOST` values inside, with aliases expanded."""
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        inside = one.values() if isinstance(one, dict) else one if isinstance(one, (list, tuple, set)) else ()
        count += len(inside)
        if count > MOST:
            return False
        waiting.extend(inside)
    return True


def table(value, *keys):
    """What is below these keys, if everything on the way is a table; else an empty one."""
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
    """A table below `[tool]` of pyproject.toml, from the nearest file that has it; else None."""
    for path in pyprojects():
        found = table(toml(path), "tool").get(name)
        if isinstance(found, dict):
            return found
    return None


def first(*names):
    """The first of these files that exists, from the project's folder upward; else None."""
    return next((path for folder in folders() if (path := first_in(folder, *names))), None)


def first_in(folder, *names):
    """The first of these files that exists in a folder; else None."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


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
    """An INI file; empty if there is none that can be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text(path))
    except configparser.Error:
        return configparser.ConfigParser(interpolation=None)
    return parser


def cargo_alias(name):
    """The words that an alias in cargo's configuration stands for; empty if it is not an alias."""
    for folder in folders():
        for file in ("config.toml", "config"):
            meant = table(toml(folder / ".cargo" / file), "alias").get(name)
            if meant:
                return meant.split() if isinstance(meant, str) else texts(meant)
    return []


def python_source():
    """The folder that holds the Python packages: `[tool.maturin] python-source`."""
    source = (tool("maturin") or {}).get("python-source", ".")
    return ROOT / source if isinstance(source, str) else ROOT


def nox_calls(folder, method):
    """What is known about each call of a session method: the function's name, the words, the variables."""
    path = folder / "noxfile.py"
    yield from Noxfile(path, text(path)).calls(method)


# hooks


DEFAULT_ARGS = {"mirrors-mypy": ["--ignore-missing-imports", "--scripts-are-modules"]}
"""What hooks of a repository are given where nobody says so, and that changes what they find."""


class Hook:
    """A hook of pre-commit."""

    def __init__(self, entry, repository):
        self.id = str(entry.get("id", ""))
        self.repository = str(repository.get("repo", ""))
        self.revision = str(repository.get("rev", ""))
        self.frozen = repository.get("frozen")
        self.entry = entry.get("entry") if isinstance(entry.get("entry"), str) else ""
        args = entry.get("args", DEFAULT_ARGS.get(self.repository.rpartition("/")[2].removesuffix(".git"))) or []
        self.args = [str(word) for word in args if not isinstance(word, dict)]
        self.files, self.exclude = (value if isinstance(value := entry.get(key), str) else "" for key in ("files", "exclude"))
        self.types = texts(entry.get("types_or")) or texts(entry.get("types"))
        self.exclude_types = texts(entry.get("exclude_types"))
        self.packages = texts(entry.get("additional_dependencies"))
        self.manual = entry.get("stages") == ["manual"]
        self.takes_files = entry.get("pass_filenames") is not False

    def is_local(self):
        """Whether it is a command of the project itself."""
        return self.repository in ("local", "meta")


def hook_config():
    """The file that configures pre-commit, or prek, and its content."""
    path = first("prek.toml", ".pre-commit-config.yaml", ".pre-commit-config.yml")
    config = (toml(path) if path.suffix == ".toml" else yml(path)) if path else None
    return path, config if isinstance(config, dict) else {}


@functools.lru_cache(maxsize=None)
def hooks():
    """The hooks of pre-commit, and the file that they are in."""
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
    """By revision: the tag that `pre-commit autoupdate --freeze` wrote after it."""
    found = re.findall(r"^\s*-?\s*rev\s*[:=]\s*['\"]?(\S+?)['\"]?\s+#\s*(?:frozen:)?\s*(\S+)\s*$", config, re.M)
    return dict(found)


def general(key):
    """What pre-commit checks or skips for all hooks: its `files` or `exclude`."""
    pattern = hook_config()[1].get(key)
    return pattern if isinstance(pattern, str) else ""


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


@functools.lru_cache(maxsize=None)
def locked_elsewhere():
    """By package, the version in the lock of Poetry or PDM, or in a `pylock.toml`; none if it has several."""
    path = first("poetry.lock", "pdm.lock", "pylock.toml")
    known = toml(path) if path else {}
    entries = known.get("package") or known.get("packages") or []
    found = {}
    for entry in entries if isinstance(entries, list) else []:
        name, version = table({"": entry}, "").get("name"), table({"": entry}, "").get("version")
        if isinstance(name, str) and isinstance(version, str):
            found.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return {name: versions.pop() for name, versions in found.items() if len(versions) == 1}


# style


def ruff():
    """The configuration of ruff; None if there is none."""
    for folder in folders():
        for name in (".ruff.toml", "ruff.toml"):
            if (folder / name).is_file():
                return toml(folder / name)
    return tool("ruff")


def in_checkout():
    """Whether the project is under git: tools then skip what git ignores."""
    return any((folder / ".git").exists() for folder in (ROOT, *ROOT.parents))


def excluding(*names):
    """Arguments for ruff to exclude these too and, outside a checkout, builds."""
    folder = os.path.relpath(given.STATE.parent, ROOT)
    built = [] if in_checkout() or folder.startswith("..") else [folder]
    if not built and not names:
        return []
    excluded = list(dict.fromkeys([*texts((ruff() or {}).get("extend-exclude")), *built, *names]))
    return ["--config", f"extend-exclude = {json.dumps(excluded)}"]
