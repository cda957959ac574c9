"""The Python tools that recipes start: the versions that the project wants, and the commands."""

import hashlib
import os
import re
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import automation
import given
import packages
import programs
import project
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from steps import Trouble, warn

PINNED = {
    "basedpyright": {"3.0": "1.40.2"},
    "black": {"3.10": "26.10.1", "3.9": "25.11.0", "3.0": "24.8.0"},
    "codespell": {"3.0": "2.4.1"},
    "flake8": {"3.9": "7.3.0", "3.0": "7.1.2"},
    "isort": {"3.10": "9.0.2", "3.9": "6.1.0", "3.0": "5.13.2"},
    "maturin": {"3.0": "1.16.0"},
    "mkdocs": {"3.0": "1.6.1"},
    "mypy": {"3.10": "2.4.1", "3.9": "1.19.1", "3.0": "1.14.1"},
    "pdoc": {"3.10": "16.0.0", "3.9": "15.0.4", "3.0": "14.7.0"},
    "pip-audit": {"3.10": "2.10.1", "3.9": "2.9.0", "3.0": "2.7.3"},
    "pylint": {"3.10": "4.0.4", "3.9": "3.3.9", "3.0": "3.2.7"},
    "pyrefly": {"3.0": "1.5.0"},
    "pyright": {"3.0": "1.1.414"},
    "ruff": {"3.0": "0.17.6"},
    "sphinx": {"3.13": "9.2.0", "3.10": "8.1.3", "3.0": "7.1.2"},
    "ty": {"3.0": "0.0.108"},
    "zensical": {"3.0": "0.0.73"},
}
"""What is used where the project names no version: by the lowest Python of its own to use it on."""

Wanted = namedtuple("Wanted", "requirements place")
"""Requirements that bring a tool, and where they stand."""


# versions


def wanted(tool):
    """What provides a tool, the project's own choice before pyx's: each is tried until one is available. A list
    that leaves the version open does not override one that states it."""
    listed = [Wanted(resolved(one), one.place) for one in packages.lists() if packages.holds(one, tool)]
    exact = [want for want in listed if "==" in str(specifier(tool, want))]
    yield from exact
    is_open = [want for want in listed if want not in exact]
    said = [*by_hook(tool, told=bool(listed)), *by_call(tool), *by_file(tool)]
    fitting = [want for want in said if all(allows(specifier(tool, other), specifier(tool, want)) for other in is_open)]
    yield from [*fitting, *is_open, *(want for want in said if want not in fitting)]
    yield Wanted([f"{tool}=={pinned(tool)}"], None)


def specifier(tool, want):
    """The versions of a tool that requirements allow."""
    own = (packages.parsed(text) for text in want.requirements if packages.name_of(text) == tool)
    return next((one.specifier for one in own if one), SpecifierSet())


def allows(versions, exact):
    """Whether versions contain the one that others name; true if these name none."""
    return all(versions.contains(one.version, prereleases=True) for one in exact if "*" not in one.version)


def by_file(tool):
    """What mise, asdf and the tool's own configuration say about its version."""
    version, place = project.version_files().get(tool, (None, None))
    if version and (text := as_requirement(tool, version)):
        yield Wanted([text], place)
    settings = {"ruff": project.ruff, "black": lambda: project.tool("black")}.get(tool, dict)() or {}
    if text := settings.get("required-version"):
        # black takes a whole release for any of its year
        if requirement := as_requirement(tool, str(text), exact=tool == "ruff" or "." in str(text)):
            yield Wanted([requirement], "`required-version`")


def as_requirement(tool, version, exact=False):
    """A mise or asdf version as a requirement: `0.4` is any of 0.4; None if it is a word."""
    if version[:1] in "=<>~!":
        try:
            return f"{tool}{SpecifierSet(version)}"
        except InvalidSpecifier:
            return None
    try:
        release = Version(version).release
    except InvalidVersion:
        return None
    return f"{tool}=={version}" if exact or len(release) > 2 else f"{tool}=={version}.*"


def by_hook(tool, told=False):
    """What pre-commit's configuration says about a tool's version; `told`: something else also limits it."""
    path, hooks = project.hooks()
    for hook in hooks:
        own = [text for text in hook.packages if packages.name_of(text) == tool]
        is_named = hook.id in (tool, f"{tool}-check", f"{tool}-format", f"{tool}-jupyter")
        if not (own if hook.is_local() else is_named):
            continue
        place = given.shown(path)
        if own:
            yield Wanted(own + [text for text in hook.packages if text not in own], place)
        elif version := tag_version(tool, hook):
            yield Wanted([f"{tool}=={version}", *hook.packages], place)
        elif not told:
            what = f"`{place}` has {hook.repository} at `{hook.revision}`"
            note(f"{what}, which says no version of {tool}: it may be another than pre-commit's")
        return


SAID = set()


def note(sentence):
    """A warning, once."""
    if sentence not in SAID:
        SAID.add(sentence)
        warn(sentence)


def tag_version(tool, hook):
    """The version that a hook's revision means; None if it is a branch or an unexplained hash, or a tag of a
    repository that is neither the tool's own nor a mirror of it."""
    name = canonicalize_name(hook.repository.rstrip("/").rpartition("/")[2].removesuffix(".git"))
    parts = re.split(r"\W", f"{name}-{tool}")
    if tool not in (name, name.removeprefix("mirrors-")) and tool not in parts[: -len(re.split(r"\W", tool))]:
        return None
    for text in (hook.frozen, hook.revision):
        text = (text or "").removeprefix("v")
        # a hash may be all digits
        if re.match(r"\d+\.\d", text):
            try:
                return str(Version(text))
            except InvalidVersion:
                pass
    return None


def by_call(tool):
    """The version at the tool's name in a command: `uvx ruff@0.4.1`, `pip install ruff==0.4.1`; for ruff also the
    option of uv: `uv format --version 0.4.1`."""
    pattern = re.compile(rf"(?<![\w/.-]){re.escape(tool)}(?:@|==)(\d[\w.]*)(?![\w*])")
    for call in automation.calls():
        if tool == "ruff" and call.written[:2] == ["uv", "format"]:
            told = [text for version in automation.values_in(call.written, "--version") if (text := as_requirement(tool, version, exact=True))]
            yield from (Wanted([text], call.source) for text in told)
        if {call.words[0], call.written[0]}.intersection(("pip", "pip3", "uv", "pipx", "uvx", "install")):
            for word in call.written:
                if found := pattern.match(word):
                    yield Wanted([f"{tool}=={found.group(1)}"], call.source)
                    return


def pinned(tool):
    """The version of a tool that supports the project's Python."""
    versions = PINNED[tool]
    minor = python_minor() if len(versions) > 1 else 0
    return next(versions[low] for low in versions if minor >= int(low.split(".")[1]))


def python_minor():
    """The minor version of the project's Python, else of the one that runs this."""
    version = given.FACTS.get("python_version") or ""
    found = re.match(r"3\.(\d+)", version)
    return int(found.group(1)) if found else sys.version_info[1]


def resolved(listed):
    """The requirements of a list as in uv.lock, if it has the list; else as written."""
    own = packages.own_names()
    plain = [text for text in listed.requirements if packages.name_of(text) not in own]
    if not (given.LOCK and listed.choice):
        return [as_locked(text) for text in plain]
    kind, name, path = listed.choice
    if Path(given.LOCK).parent not in (path.parent, *path.parents):
        return plain
    words = [given.UV, "export", "--quiet", "--frozen", "--no-hashes", "--no-annotate", "--no-header"]
    words += ["--no-emit-workspace", "--no-default-groups"]  # `--no-emit-local` is newer than the oldest uv
    package = project.table(project.toml(path), "project").get("name")
    words += ["--package", package] if isinstance(package, str) else []
    words += ["--only-group", name] if kind == "group" else ["--extra", name]
    done = programs.read(words, Path(given.LOCK).parent)
    lines = [line.strip() for line in done.out.splitlines()]
    lines = [line for line in lines if line[:1].isalnum() and packages.name_of(line) not in own]
    return lines if done and lines else plain


def as_locked(text):
    """A requirement as in another manager's lock, if one has it."""
    requirement, versions = packages.parsed(text), project.locked_elsewhere()
    version = versions.get(packages.name_of(text))
    if not (requirement and version) or requirement.url or not requirement.specifier.contains(version, prereleases=True):
        return text
    requirement.specifier = SpecifierSet(f"=={version}")
    return str(requirement)


# environments


def standalone(tool, more=()):
    """The start of a command for a tool that needs none of the project's packages.

    `more`: requirements that it is to find as well."""
    if (found := given.program(tool)) and not missing(more):
        return [found]
    alone = [only(tool, want) for want in wanted(tool)]
    wants = [one for want in alone for one in ([with_more(want, more), want] if more else [want])]
    return [had(tool, tool, wants, None)]


def with_more(want, more):
    """The same with further requirements."""
    return want._replace(requirements=[*want.requirements, *more])


def plug_ins(tool, call):
    """What the project provides to a tool that a call starts: all of the hook's own environment, what `--with`
    brings, or what is made for the tool and is in one list with it."""
    if call and call.hook:
        return [text for text in call.hook.packages if packages.name_of(text) != tool]
    if call and call.written[0] in ("uvx", "pipx") or call and call.written[:3] == ["uv", "tool", "run"]:
        return brought_by(call)
    brought = brought_by(call) if call else []
    for one in lists():
        if packages.holds(one, tool) and any(is_for(tool, text) for text in one.requirements):
            brought += [text for text in resolved(one) if is_for(tool, text)]
    return list(dict.fromkeys(brought))


def brought_by(call):
    """The requirements that a call has by `--with`, each of which may be several; a folder is none."""
    found = [text for value in automation.values_in(call.written, "--with") for text in re.split(r",(?![^\[]*\])(?=\s*[\w./])", value)]
    return [text.strip() for text in found if packages.parsed(text) or "://" in text]


PLUG_INS = {
    "flake8": ("pep8-naming", "wemake-python-styleguide", "dlint", "hacking", "pydoclint", "darglint", "mccabe", "pycodestyle", "pyflakes"),
    "pylint": ("astroid",),
    "isort": (),
}
"""By tool that takes plug-ins, what decides what it finds without being named after it."""


def is_for(tool, requirement):
    """Whether a requirement is one of a tool's plug-ins."""
    name = packages.name_of(requirement)
    return tool in PLUG_INS and (name.startswith(f"{tool}-") or name in PLUG_INS[tool])


def only(tool, want):
    """Of what provides a tool, only the tool."""
    own = [text for text in want.requirements if packages.name_of(text) == tool]
    if len(own) > 1 and any(";" in text for text in own):  # each for its own Pythons or systems
        return want._replace(requirements=own)
    return want._replace(requirements=[text.split(";")[0].strip() for text in own[:1]])


def beside(tool, program=None, more=()):
    """The start of a command for a tool that looks at the project's packages.

    `more`: requirements that it is to find as well."""
    program = program or tool
    if (found := given.program(program)) and not missing(more):
        return [found]
    wants = [one for want in wanted(tool) for one in dict.fromkeys([whole(want), whole(only(tool, want))])]
    return [had(tool, program, [one._replace(requirements=[*one.requirements, *more]) for one in wants], given.PYTHON)]


def whole(want):
    """The same, as a comparable value."""
    return want._replace(requirements=tuple(want.requirements))


def missing(requirements):
    """Those that the project's environment does not contain."""
    site = given.FACTS.get("site_packages")
    names = {path.name.split("-")[0] for path in Path(site).glob("*.dist-info")} if site else set()
    names = {str(canonicalize_name(name)) for name in names}
    return [text for text in requirements if packages.name_of(text) not in names]


def had(tool, program, wants, below):
    """A program of an environment with the first available one of what is wanted."""
    trouble = None
    for want in wants:
        if not want.requirements:
            continue
        try:
            folder = environment(tool, want.requirements, below)
        except Trouble as error:
            trouble = trouble or error
            if want.place and len(want.requirements) > 1:
                note(f"{want.place} lists beside {tool} what cannot be installed: {error.sentence}")
            elif want.place:
                note(f"{want.place} asks for {tool} as it cannot be installed: {error.sentence}")
            continue
        path = scripts(folder) / programs.file_name(program)
        if path.is_file():
            return str(path)
        trouble = trouble or Trouble(f"`{want.requirements[0]}` brings no program `{program}`")
    raise trouble or Trouble(f"there is no `{program}`")


def scripts(folder):
    """Where an environment has its programs."""
    return Path(folder) / ("Scripts" if os.name == "nt" else "bin")


def environment(name, requirements, below=None):
    """The folder of an environment that holds packages, made once.

    `below`: an interpreter whose environment's packages are seen there as well."""
    python = below or getattr(sys, "_base_executable", None) or sys.executable
    identity = "\n".join([str(python), str(below and interpreter(below)), *requirements])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    folder = given.STATE / "tools" / f"{name}-{digest}"
    if (folder / "ready").is_file():
        return folder
    programs.say("Installing", ", ".join(requirements[:3]) + (", …" if len(requirements) > 3 else ""))
    making = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    listed = making / "requirements.txt"
    listed.write_text("".join(f"{text}\n" for text in requirements), "utf-8")
    try:
        fill(making, listed, python)
        if below:
            overlay(making, below)
        (making / "ready").write_text(identity, "utf-8")
        os.replace(making, folder)
    except OSError:
        if not (folder / "ready").is_file():  # else another process was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def fill(folder, listed, python):
    """Creates an environment and installs what a file lists."""
    made = [given.UV, "venv", "--quiet", "--allow-existing", "--relocatable", "--no-project", "--no-config"]
    installed = [given.UV, "pip", "install", "--quiet", "--python", scripts(folder) / "python", "-r", listed]
    for words in ([*made, "--python", python, folder], installed):
        done = programs.read(words, given.HOME if words is installed else given.ROOT)
        if not done:
            raise Trouble(f"uv cannot install it: {shortened(done)}")


def shortened(done):
    """uv's message about a failure, in one line."""
    text = " ".join((done.err or done.how()).split())
    text = re.sub(r"^(error:|×)\s*", "", text)
    return text if len(text) <= 300 else f"{text[:299]}…"


def interpreter(python):
    """The file of an environment's Python, links resolved."""
    return os.path.realpath(python)


def overlay(folder, python):
    """Makes the packages of another environment visible after an environment's own."""
    site = given.FACTS.get("site_packages") or asked(python, "purelib")
    own = asked(scripts(folder) / "python", "purelib")
    Path(own, "_below.pth").write_text(f"import site; site.addsitedir({str(site)!r})\n", "utf-8")


def asked(python, name):
    """A folder of an interpreter, as it reports it."""
    done = programs.read([python, "-c", f"import sysconfig; print(sysconfig.get_path({name!r}))"], given.ROOT)
    found = done.out.strip()
    if not done or "\0" in found or not Path(found or "?").is_dir():
        raise Trouble(f"`{given.shown(python)}` does not say where its packages are: it {done.how()}")
    return found


def lists():
    """All that the project lists or installs, the nearest first."""
    return [*packages.lists(), *automation.installed()]


def for_task(*tools):
    """What the project lists or installs for a task, by the tools for it: the nearest lists that contain one of
    them, else those that contain what is named after one; and where that is."""
    every = lists()
    for test in (packages.holds, packages.brings):
        found = [listed for listed in every if any(test(listed, tool) for tool in tools)]
        if found:
            requirements = [text for listed in found for text in resolved(listed)]
            return list(dict.fromkeys(requirements)), [listed.place for listed in found]
    return [], []


__all__ = ["beside", "environment", "for_task", "standalone", "wanted"]
