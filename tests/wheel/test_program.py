"""The program as a wheel installs it."""

import shutil
import subprocess
import sysconfig


def said(*arguments):
    program = shutil.which("cargo-pyx", path=sysconfig.get_path("scripts"))
    assert program, "the wheel has installed no cargo-pyx"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_cargo_and_people_call_it():
    version = said("--version")
    assert version.startswith("cargo-pyx ") or version.startswith("cargo pyx ")
    assert said("pyx", "--version") == version


def test_every_command_has_its_help():
    for command in "dev", "test", "run", "just", "release", "new", "init", "doctor":
        assert f"cargo pyx {command}" in said(command, "--help")
