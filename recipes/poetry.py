"""What Poetry's groups ask for, as PEP 508 writes it (Poetry's documentation, "Dependency specification")."""

import re

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from project import table, texts, toml


def groups(path):
    """By the name of a group of a pyproject.toml, its requirements and those of the groups that it includes."""
    tools = table(toml(path), "tool", "poetry")
    known = table(tools, "group")
    for name in known:
        yield f"group.{name}", with_included(path, known, name, set())
    if old := in_group(path, table(tools, "dev-dependencies")):
        yield "dev-dependencies", old


def with_included(path, known, name, seen):
    """The requirements of a group and of those that it includes."""
    if name in seen:
        return []
    seen.add(name)
    found = in_group(path, table(known, name, "dependencies"))
    for other in texts(table(known, name).get("include-groups")):
        found += with_included(path, known, other, seen)
    return found


def in_group(path, entries):
    """The requirements of a table, without those in an unknown form."""
    found = []
    for name, said in entries.items():
        # the same package for other Pythons or systems
        several = said if isinstance(said, list) else [said]
        found += [text for one in several if name != "python" and (text := requirement(path, name, one))]
    return found


def requirement(path, name, said):
    """A requirement in PEP 508 form; None if that is not known."""
    if isinstance(said, str):
        versions = specifiers(said)
        return None if versions is None else f"{name}{versions}"
    if not isinstance(said, dict) or (condition := marker(said)) is None:
        return None
    extras = f"[{','.join(texts(said['extras']))}]" if texts(said.get("extras")) else ""
    local = said.get("path", said.get("file"))
    if isinstance(local, str) and (path.parent / local).resolve() == path.parent.resolve():
        own = table(toml(path), "project").get("name")
        return f"{own}{extras}" if isinstance(own, str) else None
    source = of_folder(path.parent / local) if isinstance(local, str) else of_table(said)
    if source is None:
        return None
    return f"{name}{extras}{source}" + (f" ; {condition}" if condition else "")


def of_folder(place):
    """What follows the name of a package from a folder or a file; None if that does not exist."""
    return f" @ {place.resolve().as_uri()}" if place.exists() else None


def of_table(said):
    """What follows a name: versions or an address; None if nothing is stated."""
    version, url, git = (said.get(key) if isinstance(said.get(key), str) else None for key in ("version", "url", "git"))
    if version is not None:
        return specifiers(version)
    if url or not git:
        return f" @ {url}" if url else None
    revision = next((f"@{said[key]}" for key in ("rev", "tag", "branch") if isinstance(said.get(key), str)), "")
    folder = said.get("subdirectory")
    below = f"#subdirectory={folder}" if isinstance(folder, str) else ""
    git = re.sub(r"^([\w.-]+@[\w.-]+):(?!//)", r"ssh://\1/", git)  # as git and scp write it
    return f" @ git+{git}{revision}{below}"


def marker(said):
    """The Pythons and systems it is installed on: empty for all, None if not known."""
    found = [f"({said['markers']})"] if isinstance(said.get("markers"), str) else []
    if isinstance(said.get("python"), str):
        versions = specifiers(said["python"])
        if versions is None:
            return None
        parts = [Specifier(part) for part in versions.split(",") if part]
        found += [f"python_full_version {part.operator} '{part.version}'" for part in parts]
    return " and ".join(found)


def specifiers(constraint):
    """The PEP 440 specifiers that a constraint means: `^1.2` is `>=1.2,<2`; None for alternatives (`||`), and for
    what is not a constraint."""
    found = []
    for part in (part.strip() for part in re.split(r",|\s+(?=[<>=!~^])", constraint)):
        if "|" in part or (" " in part and part[0] not in "<>=!~^"):
            return None
        part = part.replace(" ", "")
        if part in ("", "*"):
            continue
        if part[0] == "^" or (part[0] == "~" and part[1:2] != "="):
            if not (meant := between(part[1:], part[0])):
                return None
            found += meant
        elif part[0] in "<>!~" or part.startswith("=="):
            found.append(part)
        else:
            found.append(f"=={part.lstrip('=')}")
    try:
        SpecifierSet(",".join(found))
    except InvalidSpecifier:
        return None
    return ",".join(found)


def between(version, sign):
    """From a version up to the next change of its first part that is not 0 (`^`), or of its second one (`~`);
    None if it is not a version."""
    try:
        release = Version(version).release
    except InvalidVersion:
        return None
    first = next((at for at, part in enumerate(release) if part), len(release) - 1)
    at = first if sign == "^" else min(1, len(release) - 1)
    end = [*release[:at], release[at] + 1]
    return [f">={version}", f"<{'.'.join(map(str, end))}"]
