"""Runs a program of this machine for one of Windows: neither knows the paths of the other."""

import glob
import os
import re
import shutil
import subprocess
import sys

DRIVE = os.environ["WINEPREFIX"] + "/drive_c"
SHARED = ("CARGO_", "GIT_")  # the variables that reach it
TARGET = "x86_64-pc-windows-gnu"
# for a build script that PyO3 has compiled for this machine, and knows no Python here
CROSS = {"CARGO_BUILD_TARGET": TARGET, "PYO3_CROSS_PYTHON_VERSION": "3.11"}


def unix(text):
    if not re.match(r"[CZ]:[\\/]", text):
        return text
    return {"C": DRIVE, "Z": ""}[text[0]] + text[2:].replace("\\", "/")


def windows(path, slash="\\"):
    drive, below = ("C:", path.removeprefix(DRIVE)) if path.startswith(DRIVE) else ("Z:", path)
    return drive + below.replace("/", slash)


def told(name, output):
    if name == "cargo":  # the paths in its JSON
        return re.sub(r'"(/[^"]*)"', lambda found: '"%s"' % windows(found[1], r"\\"), output)
    if name == "rustc":
        return re.sub(r"(?m)^host: .*", "host: " + TARGET, output)
    return output.replace(DRIVE, "C:")


def as_for_the_host(target):
    """Puts what was built where a cargo of Windows would have left it."""
    for built in glob.glob(f"{target}/{TARGET}/*/*"):
        if not os.path.isfile(built):
            continue
        place = built.replace(f"/{TARGET}/", "/", 1)
        shutil.copy2(built, place)
        if place.endswith(".d"):
            text = open(built).read()
            with open(place, "w") as own:
                own.write(re.sub(r"(?m)(?:^|(?<= ))/[^ :\n]*", lambda found: windows(found[0]), text))


def run(call):
    words, variables = open(call, encoding="utf-8").read().split("\0\1\0")
    program, folder, *words = words.split("\0")
    name = re.split(r"[\\/]", program)[-1].removesuffix(".exe")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(SHARED)}
    for variable in variables.split("\0"):
        key, _, value = variable.partition("=")
        if key.startswith(SHARED):
            environment[key] = unix(value)
    if name == "cargo":
        environment.update(CROSS)
    done = subprocess.run(
        [name, *map(unix, words)],
        cwd=unix(folder),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if name == "cargo" and "--target-dir" in words:
        as_for_the_host(unix(words[words.index("--target-dir") + 1]))
    for ending, output in (("out", done.stdout), ("err", done.stderr)):
        with open(call + "." + ending, "wb") as said:
            said.write(told(name, output.decode(errors="surrogateescape")).encode(errors="surrogateescape"))
    return done.returncode


code = 127
try:
    code = run(sys.argv[1])
finally:
    with open(sys.argv[1] + ".new", "w") as answer:
        answer.write(str(code))
    os.rename(sys.argv[1] + ".new", sys.argv[1] + ".code")
