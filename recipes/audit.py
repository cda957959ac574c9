"""Looks for known vulnerabilities; what could not be looked at is never a pass.

usage: cargo pyx just audit [--yes]

cargo-audit and cargo-deny are built once, into the user cache, where a person agrees: their crates are
what their makers publish, and the advisories are read by the library that RustSec keeps for them.
"""

import re
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

import automation
import consent
import given
import packages
import programs
import project
import steps
import style
import tools

SCRATCH = given.STATE / "audit"


def rust(run, yes):
    """The crates, with cargo-deny if the project configures it, else with cargo-audit."""
    denies = project.first("deny.toml", ".deny.toml", ".cargo/deny.toml")
    if denies or (automation.uses("deny") and not automation.uses("audit")):
        for call in automation.of("deny") or [None]:
            run.judged("cargo deny", lambda call=call: steps.weighed(deny(call, yes), call))
        return
    for call in style.different(automation.of("audit"), lambda call: options(call, *LOCKS, *TOLD)) or [None]:
        for lock in locks(call):
            run.judged("cargo audit", lambda lock=lock, call=call: steps.weighed(audit(lock, call, yes), call))


LOCKS = ("--file", "-f")
TOLD = ("--ignore", "--deny", "-D", "--target-arch", "--target-os")
"""Options of cargo-audit: what it looks at, and what it finds there."""


def locks(call):
    """The Cargo.lock that a call checks, else those of all workspaces."""
    if named := automation.values_in(call.words, *LOCKS) if call else []:
        return [call.folder / named[0]]
    own = [Path(folder, "Cargo.lock") for folder in dict.fromkeys(member.get("workspace") or given.ROOT for member in given.crates())]
    return [call.folder / "Cargo.lock"] if call and call.folder / "Cargo.lock" in own else own


def options(call, *names):
    """The options of a call with one of these names, with their values."""
    words, found = list(call.arguments) if call else [], []
    while words:
        word = words.pop(0)
        if word in names:
            found += [word, *words[:1]]
        elif word.startswith(tuple(f"{name}=" for name in names)):
            found.append(word)
    return found


def deny(call, yes):
    """What cargo-deny is configured to deny, within what the project has it check."""
    start = cargo_tool("cargo-deny", yes)
    words, folder = list(call.arguments) if call else [], call.folder if call else given.ROOT
    words = words if "check" in words else [*words, "check"]
    if not any(word.startswith("--manifest-path") for word in words) and not (folder / "Cargo.toml").is_file():
        words = [f"--manifest-path={given.crates()[0]['manifest']}", *words]
    done = programs.combined([*start, "deny", *words], folder)
    print(done.out, end="", file=sys.stderr)
    if not done and re.search(r"failed to (fetch|open|load|query).*(advisor|database|db)", done.out):
        return steps.ABSENT, "the advisories cannot be fetched"
    return done


def audit(lock, call, yes):
    """What RustSec knows about the crates in a Cargo.lock."""
    if not lock.is_file():
        return steps.ABSENT, f"there is no `{given.shown(lock)}`"
    # which reads its configuration where it is started
    words = [*cargo_tool("cargo-audit", yes), "audit", "--json", "--file", lock, *options(call, *TOLD)]
    done = programs.read(words, call.folder if call else given.ROOT)
    answer = done.json()
    found = project.table(answer, "vulnerabilities").get("list")
    if done.trouble:
        return done
    if not isinstance(found, list):
        steps.error(f"cargo-audit could not look: {done.last()}")
        return steps.ABSENT, "no answer"
    for entry in found:
        package, advisory = project.table(entry, "package"), project.table(entry, "advisory")
        fixed = ", ".join(project.texts(project.table(entry, "versions").get("patched"))) or "no version"
        name = f"{package.get('name')} {package.get('version')}"
        print(f"error: {name}: {advisory.get('id')} {advisory.get('title')}, fixed in {fixed}", file=sys.stderr)
    others = [entry for kind in project.table(answer, "warnings").values() for entry in kind or []]
    for entry in others:
        package, advisory = project.table(entry, "package"), project.table(entry, "advisory")
        name = f"{package.get('name')} {package.get('version')}"
        print(f"warning: {name}: {entry.get('kind')}, {advisory.get('id')} {advisory.get('title')}", file=sys.stderr)
    if found or done.code not in (0, 1):
        return steps.BAD, f"{len(found)} vulnerable" if found else done.how()
    if not done:  # of what the project denies beside vulnerabilities
        return steps.BAD, f"{len(others)} warnings"
    return (steps.NOTED, f"{len(others)} warnings") if others else (steps.OK, "")


def cargo_tool(name, yes):
    """The start of a command of a third-party cargo subcommand."""
    if shutil.which(name):
        return ["cargo"]
    root = Path(given.FACTS.get("cache") or given.STATE) / "tools" / name
    program = root / "bin" / programs.file_name(name)
    if not program.is_file():
        install = ["cargo", "install", name, "--locked", "--quiet", "--root", root]
        if not consent.given_for(f"build {name}, once, for all projects; it takes some minutes", yes):
            hint = f"cargo pyx just audit --yes\n      or: cargo install {name} --locked"
            raise steps.Trouble(f"`{name}` is not installed", hint)
        # outside the project, whose toolchain and cargo configuration are not for other projects
        root.mkdir(parents=True, exist_ok=True)
        done = programs.run(install, root, unset=["RUSTUP_TOOLCHAIN"])
        if not done:
            raise steps.Trouble(f"`{name}` cannot be built: cargo {done.how()}", f"cargo install {name} --locked")
    return [str(program)]


def python(run):
    """The Python packages: all of uv.lock, with uv if it can and no other tool is named; else those in the
    environment."""
    if given.LOCK and not automation.uses("pip-audit") and programs.read([given.UV, "audit", "--help"], given.ROOT):
        call = next((call for call in automation.calls() if call.words[:2] == ["uv", "audit"]), None)
        run.judged("uv audit", lambda: steps.weighed(by_uv(call), call))
    else:
        call = next(iter(automation.of("pip-audit")), None)
        run.judged("pip-audit", lambda: steps.weighed(by_pip_audit(call), call))


def by_uv(call):
    """What uv's service knows about the packages in uv.lock."""
    words = [given.UV, "audit", "--frozen", "--output-format=json", "--preview-features=audit-command,json-output"]
    words += options(call, "--ignore", "--ignore-until-fixed")
    programs.say("Running", "uv audit")
    done = programs.read(words, Path(given.LOCK).parent)
    answer = done.json()
    looked, found = project.table(answer, "summary").get("audited_packages"), project.table(answer).get("vulnerabilities")
    if not isinstance(found, list) or not isinstance(looked, int):
        steps.error(f"uv audit could not look: {done.last()}")
        return steps.ABSENT, "no answer"
    for entry in found:
        package = project.table(entry, "dependency")
        fixed = ", ".join(project.texts(entry.get("fix_versions"))) or "no version"
        name = f"{package.get('name')} {package.get('version')}"
        print(f"error: {name}: {entry.get('display_id')} {entry.get('summary') or ''}, fixed in {fixed}", file=sys.stderr)
    names = {(project.table(entry, "dependency").get("name"), project.table(entry, "dependency").get("version")) for entry in found}
    if found or done.code not in (0, 1):
        return steps.BAD, f"{len(names)} of {looked} vulnerable" if found else done.how()
    return steps.OK, ""


def by_pip_audit(call):
    """What pip-audit's service knows about what is locked, else installed."""
    source = locked() if given.LOCK else ["--path", tools.asked(given.PYTHON, "purelib")]
    words = [*tools.standalone("pip-audit"), "--progress-spinner=off", "--format=json", *source]
    words += options(call, "--ignore-vuln")
    programs.say("Running", "pip-audit")
    done = programs.read(words, given.ROOT)
    found = done.json()
    found = found.get("dependencies") if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(package, dict) for package in found):
        steps.error(f"pip-audit could not look: {done.last()}")
        return steps.ABSENT, "no answer"
    return result(found)


def locked():
    """Arguments for everything in uv.lock except the project itself."""
    words = [given.UV, "export", "--quiet", "--frozen", "--all-packages", "--all-groups", "--all-extras", "--no-emit-workspace"]
    words += ["--no-hashes", "--no-annotate", "--no-header"]  # `--no-emit-local` is newer than the oldest uv
    done = programs.read(words, Path(given.LOCK).parent)
    if not done:
        raise steps.Trouble(f"uv cannot export `uv.lock`: {done.last()}", "uv lock")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path = SCRATCH / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in done.out.splitlines() if not is_local(line)), "utf-8")
    return ["--requirement", path, "--no-deps", "--disable-pip"]


def is_local(line):
    """Whether a line of a requirements file stands for a folder or a file, which no index has."""
    requirement = packages.parsed(line)
    return not requirement or str(requirement.url or "").startswith("file:")


def result(found):
    """The result in words, after every vulnerability was printed."""
    looked = [package for package in found if "skip_reason" not in package]
    vulnerable = [package for package in looked if package.get("vulns")]
    for package in vulnerable:
        for entry in package["vulns"]:
            fixed = ", ".join(project.texts(entry.get("fix_versions"))) or "no version"
            what = f"{package.get('name')} {package.get('version')}: {entry.get('id')}, fixed in {fixed}"
            print(f"error: {what}", file=sys.stderr)
    unknown = [str(package.get("name")) for package in found if package not in looked]
    return verdict(looked, vulnerable, [name for name in unknown if name not in own()])


def verdict(looked, vulnerable, unknown):
    """The state and its text; packages unknown to the index are reported."""
    if unknown and not looked:
        steps.error(f"pip-audit knows of none of the {len(unknown)} packages: pypi.org, or what stands for it, has no advisories")
        return steps.ABSENT, "no advisories"
    if unknown:
        steps.warn(f"not checked, because the index does not know them: {listed(unknown)}")
    if vulnerable:
        return steps.BAD, f"{len(vulnerable)} of {len(looked)} vulnerable"
    return steps.OK, ""


def listed(names, most=5):
    """Names in a sentence, of which there may be many."""
    text, more = ", ".join(names[:most]), len(names) - most
    return f"{text} and {more} more" if more > 0 else text


def own():
    """The names of what is installed from the project's own folders, and from no index."""
    site = [tools.asked(given.PYTHON, "purelib")]
    direct = (found for found in distributions(path=site) if found.read_text("direct_url.json"))
    return {packages.name_of(found.metadata["Name"]) for found in direct}


def main(arguments):
    """Checks both languages."""
    if unknown := [word for word in arguments if word != "--yes"]:
        sentence = f"`audit` has no argument `{unknown[0]}`"
        steps.misuse("audit", arguments, unknown[0], sentence, "cargo pyx just audit --yes")
    run = steps.Steps("audit")
    if given.crates():
        rust(run, "--yes" in arguments)
    python(run)
    run.finish()
