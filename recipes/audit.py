# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Looks for known vulnerabilities; what could not be looked at is never a pass."""

import json
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import distributions

import project
import steps
import tools

SCRATCH = project.STATE / "audit"


def rust(run):
    """The crates, by cargo-deny where the project configures it, else by cargo-audit."""
    denies = project.first("deny.toml", ".deny.toml", ".cargo/deny.toml")
    manifest = project.manifest()
    if denies and shutil.which("cargo-deny"):
        run.run("cargo deny", ["cargo", "deny", f"--manifest-path={manifest}", "check"])
    elif shutil.which("cargo-audit"):
        run.run("cargo audit", ["cargo", "audit", "--file", lock(manifest)])
    else:
        tool = "cargo-deny" if denies else "cargo-audit"
        hint = f"cargo install {tool} --locked"
        print(f"error: `{tool}` is not installed\n\nhint: {hint}\n", file=sys.stderr)
        run.add(tool.replace("-", " "), "not checked (not installed)")


def lock(manifest):
    """The crate's Cargo.lock, at the root of its cargo workspace."""
    command = ["cargo", "locate-project", "--workspace", "--message-format=plain"]
    run = subprocess.run([*command, f"--manifest-path={manifest}"], capture_output=True, text=True)
    return run.stdout.strip().replace("Cargo.toml", "Cargo.lock")


def python(run):
    """The Python packages: all of uv.lock, else those in the environment."""
    source = locked() if project.first("uv.lock") else ["--path", tools.ask(SITE)]
    command = [*tools.standalone("pip-audit"), "--progress-spinner=off", "--format=json", *source]
    steps.say("Running", shlex.join(command))
    audit = subprocess.run(command, capture_output=True)
    try:
        found = json.loads(audit.stdout)["dependencies"]
    except ValueError:
        last = audit.stderr.decode(errors="replace").strip().splitlines()[-1:]
        print("error: pip-audit could not look:", *last, file=sys.stderr)
        return run.add("pip-audit", "not checked (no answer)")
    return run.add("pip-audit", result(found))


SITE = "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"


def locked():
    """Arguments for what uv.lock holds but the project itself."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path = str(SCRATCH / "requirements.txt")
    command = [tools.UV, "export", "--quiet", "--frozen", "--all-packages", "--all-groups"]
    command += ["--all-extras", "--no-emit-workspace", "--no-emit-local", "--no-hashes"]
    if steps.call([*command, "--output-file", path]):
        steps.fail("uv cannot export `uv.lock`, so nothing was checked", "uv lock")
    return ["--requirement", path, "--no-deps", "--disable-pip"]


def result(found):
    """What came out, in words, after every vulnerability was printed."""
    looked = [package for package in found if "skip_reason" not in package]
    vulnerable = [package for package in looked if package["vulns"]]
    for package in vulnerable:
        for entry in package["vulns"]:
            fixed = ", ".join(entry["fix_versions"]) or "no version"
            what = f"{package['name']} {package['version']}: {entry['id']}, fixed in {fixed}"
            print(f"error: {what}", file=sys.stderr)
    unknown = [package["name"] for package in found if package not in looked]
    return verdict(looked, vulnerable, [name for name in unknown if name not in own()])


def verdict(looked, vulnerable, unknown):
    """`ok`, or why not; packages that the index does not know are named."""
    if unknown:
        names = ", ".join(unknown)
        print(f"warning: not looked at, as the index does not know them: {names}", file=sys.stderr)
    if vulnerable:
        return f"failed ({len(vulnerable)} of {len(looked)} vulnerable)"
    return "not checked (unknown to the index)" if unknown and not looked else "ok"


def own():
    """The names of what is installed from the project's own folders, and of no index."""
    site = [tools.ask(SITE)]
    direct = (found for found in distributions(path=site) if found.read_text("direct_url.json"))
    return {tools.name_of(found.metadata["Name"]) for found in direct}


def main():
    """Looks at both languages."""
    run = steps.Steps()
    if project.manifest():
        rust(run)
    python(run)
    run.finish()


main()
