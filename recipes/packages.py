"""What the current project lists for its developers: requirements, and where they are."""

import re
from collections import namedtuple

import given
import poetry
import tasks
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from project import folders, ini, nox_calls, pyprojects, table, text, texts, toml, yml

Listed = namedtuple("Listed", "place requirements choice")
"""Requirements that stand in one place: its name for people, the texts, and how a lock calls them,
as `("group", name, pyproject)` or `("extra", …)`, else None."""


def name_of(requirement):
    """The normalised name of what a requirement asks for."""
    found = re.match(r"[\w.-]*", requirement.strip())
    return str(canonicalize_name(found.group()))


def parsed(requirement):
    """A requirement as PEP 508 reads it; None if it is not one."""
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def own_names():
    """The names of the project's own distributions."""
    return {str(canonicalize_name(m["name"])) for m in given.MEMBERS if m.get("name")}


def brings(listed, tool_name):
    """Whether requirements contain a tool, or something that is made for it and named after it."""
    names = [name_of(requirement) for requirement in listed.requirements]
    return any(name == tool_name or name.startswith(f"{tool_name}-") for name in names)


def holds(listed, tool_name):
    """Whether requirements contain a tool itself."""
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
    """A requirement; if it is the project itself with extras, what these ask for."""
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
    """What was written before dependency groups: uv's, PDM's and Poetry's."""
    tools = table(toml(path), "tool")
    if found := texts(table(tools, "uv").get("dev-dependencies")):
        yield Listed(f"`[tool.uv] dev-dependencies` of {given.shown(path)}", found, None)
    for name, entries in table(tools, "pdm", "dev-dependencies").items():
        yield Listed(f"`[tool.pdm.dev-dependencies] {name}` of {given.shown(path)}", texts(entries), None)
    for name, entries in poetry.groups(path):
        found = [text for entry in entries for text in expanded(entry, path)]
        yield Listed(f"`[tool.poetry.{name}]` of {given.shown(path)}", found, None)


def hatch(folder):
    """The packages of hatch's environments, from hatch.toml if that has any."""
    known = table(toml(folder / "hatch.toml"), "envs") or table(toml(folder / "pyproject.toml"), "tool", "hatch", "envs")
    for name in known:
        found = [text for key in ("dependencies", "extra-dependencies") for text in hatch_says(known, name, key)]
        if found:
            yield Listed(f"hatch's environment `{name}`", found, None)


def hatch_says(known, name, key):
    """The value of a key in a hatch environment, else in its template; hatch's own environments have no template."""
    for _ in range(8):
        env = table(known, name)
        if key in env:
            return texts(env[key])
        bare = env.get("detached") is True or name.startswith("hatch-") or name == "default"
        template = env.get("template", None if bare else "default")
        if not isinstance(template, str) or template == name:
            break
        name = template
    return []


def requirement_files(folder):
    """Requirements files by their usual names, and those that Read the Docs uses."""
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
    if path in seen or not path.is_file():  # `/dev/stdin` would be waited for
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
        parser, seen = ini(folder / name), []
        for env, lines in tasks.tox_environments(folder / name):
            deps = lines("deps")
            for _ in range(3):  # a value may name others
                deps = re.sub(r"\{\[([^\]]+)\](\w+)\}", lambda at, parser=parser: parser.get(at.group(1), at.group(2), fallback=""), deps)
            deps = [line.split("#")[0].strip() for line in deps.splitlines()]
            found = [line for line in deps if line[:1].isalnum() and "{" not in line]
            if found and found not in seen:
                seen.append(found)
                yield Listed(f"tox's environment `{env or 'py'}` of {given.shown(folder / name)}", found, None)
    shared = table(toml(folder / "pyproject.toml"), "tool", "tox")
    for known in (toml(folder / "tox.toml"), shared):
        for name, env in {"env_run_base": known.get("env_run_base"), **table(known, "env")}.items():
            deps = table({"env": env}, "env").get("deps", table(known, "env_run_base").get("deps"))
            found = [line for line in texts(deps) if line[:1].isalnum()]
            if found:
                yield Listed(f"tox's environment `{name}`", found, None)


PIP_VALUED = {
    "-C", "-P", "-b", "-c", "-d", "-e", "-f", "-i", "-p", "-r", "-t", "--abi", "--allow-insecure-host",
    "--build-constraint", "--build-constraints", "--build-option", "--cache-dir", "--cert", "--client-cert",
    "--color", "--config-file", "--config-setting", "--config-settings", "--config-settings-package",
    "--constraint", "--constraints", "--default-index", "--directory", "--editable", "--exclude-newer",
    "--exclude-newer-package", "--excludes", "--exists-action", "--extra", "--extra-index-url", "--find-links",
    "--fork-strategy", "--global-option", "--group", "--implementation", "--index", "--index-strategy",
    "--index-url", "--keyring-provider", "--link-mode", "--log", "--no-binary", "--no-build-isolation-package",
    "--no-sources-package", "--only-binary", "--override", "--overrides", "--platform", "--prefix",
    "--prerelease", "--progress-bar", "--project", "--proxy", "--python", "--python-platform",
    "--python-version", "--refresh-package", "--reinstall-package", "--report", "--requirement",
    "--requirements", "--resolution", "--retries", "--root", "--root-user-action", "--src", "--target",
    "--timeout", "--torch-backend", "--trusted-host", "--upgrade-package", "--upgrade-strategy",
    "--use-deprecated", "--use-feature",
}  # fmt: skip
"""Options of `pip install`, of uv's as well, that have a value."""


def of_pip(words, folder):
    """What `pip install` with these words takes by name, directly or from files."""
    found, words = [], list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            found += [word] if parsed(word) else []
            continue
        name, value = option(word)
        if name in PIP_VALUED and not value:
            value = words.pop(0) if words else ""
        if name in ("-r", "--requirement", "--requirements") and value:
            found += in_file(folder / value, set())
    return found


def option(word):
    """An option's name, and the value in the same word: `--index=x`, `-rx`, `-qrx`."""
    if word.startswith("--"):
        name, _, value = word.partition("=")
        return name, value
    at = next((at for at, letter in enumerate(word) if at and f"-{letter}" in PIP_VALUED), len(word))
    return f"-{word[at : at + 1]}", word[at + 1 :]


def nox(folder):
    """What the sessions of a noxfile install, as far as it is literal."""
    for session, call, _ in nox_calls(folder, "install"):
        if found := of_pip(call, folder):
            yield Listed(f"nox's session `{session}`", found, None)
