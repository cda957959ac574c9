"""The sources of published projects: of an index of Python packages, or of a commit that git fetches.

Standard library only. The index is UV_DEFAULT_INDEX, else PIP_INDEX_URL, else PyPI (PEP 691).
"""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path

TIMEOUT = 60  # seconds without a byte from the index


class Failure(Exception):
    """What went wrong before cargo-pyx could start, for people."""


def index():
    for variable in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        value = os.environ.get(variable)
        if value:
            # uv lets an index have a name: `name=https://…`
            before = value.partition("://")[0]
            return value[before.rfind("=") + 1 :].rstrip("/")
    return "https://pypi.org/simple"


def get(url, accept="*/*"):
    """The final address and the body; a user and password in the address are sent as such."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "cargo-pyx-corpus"}
    if parts.username:
        pair = "{}:{}".format(parts.username, parts.password or "")
        token = base64.b64encode(urllib.parse.unquote(pair).encode()).decode()
        headers["Authorization"] = "Basic " + token
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(urllib.parse.urlunsplit(parts), headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return response.geturl(), response.read()


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def is_sdist(file, project):
    stem = file["filename"].removesuffix(".tar.gz")
    name, _, version = stem.rpartition("-")
    return stem != file["filename"] and version == project["version"] and normalized(name) == normalized(project["name"])


def download(project):
    page = "{}/{}/".format(index(), normalized(project["name"]))
    base, body = get(page, "application/vnd.pypi.simple.v1+json")
    try:
        files = json.loads(body)["files"]
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{base} does not speak the JSON API (PEP 691)") from None
    found = [file for file in files if is_sdist(file, project)]
    if not found:
        raise Failure(f"no source distribution of {project['version']} on the index")
    _, archive = get(urllib.parse.urljoin(base, found[0]["url"]))
    sha256 = hashlib.sha256(archive).hexdigest()
    if sha256 != project["sha256"]:
        raise Failure(f"SHA-256 is {sha256}, the list says {project['sha256']}")
    return archive


def unpack(archive, folder):
    """The one folder that a source distribution holds. Nothing is written outside `folder`."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            members = tar.getmembers()
            for member in members:
                path = Path(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise Failure(f"the archive holds `{member.name}`")
                if not (member.isreg() or member.isdir()):
                    raise Failure(f"the archive holds a link or device, `{member.name}`")
            tar.extractall(folder, members)
    tops = [path for path in folder.iterdir() if path.is_dir()]
    if len(tops) != 1:
        raise Failure(f"the archive holds {len(tops)} folders")
    return tops[0]


def check_out(project, folder):
    """The one commit, without the history before it."""
    tree = folder / project["name"]
    for words in (
        ["init", "--quiet", str(tree)],
        ["-C", str(tree), "fetch", "--quiet", "--depth", "1", project["git"], project["commit"]],
        ["-C", str(tree), "checkout", "--quiet", "--detach", "FETCH_HEAD"],
    ):
        done = subprocess.run(["git", *words], capture_output=True, text=True)
        if done.returncode:
            raise Failure((done.stderr.strip().splitlines() or [f"git {words[0]} failed"])[-1])
    return tree


def sources(project, folder):
    """Where people work on it: the top of what was published, or the folder that the table names."""
    top = check_out(project, folder) if "git" in project else unpack(download(project), folder)
    return top / project.get("folder", ".")


def origin(project):
    """What says that two runs were of the same sources."""
    return project["commit"] if "git" in project else project["sha256"]


def label(project):
    """A name for files and folders."""
    return f"{project['name']}-{project['version']}"
