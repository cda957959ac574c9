#!/usr/bin/env python3
"""Measure what cargo-pyx itself costs as a project grows: in members, and in files of one package.

Generated workspaces of programs without dependencies, each with a hundred Rust files and 25 Python tests;
and the smallest fixture with more and more files in its crate's folder. Medians of hyperfine, the most
memory and the most open files of the process, printed as tables.

Nothing else may run meanwhile. Standard library only; Linux.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RUST_FILES = 100
PYTHON_TESTS = 25

PYPROJECT = """[build-system]
requires = ["maturin>=1.9,<2"]
build-backend = "maturin"

[project]
name = "{name}"
version = "1.0"
requires-python = ">=3.9"

[tool.maturin]
bindings = "bin"
"""

UV_WORKSPACE = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def workspace(folder, members):
    """Members that compile within a fraction of a second."""
    write(folder / "Cargo.toml", '[workspace]\nresolver = "2"\nmembers = ["packages/*"]\n')
    write(folder / "pyproject.toml", UV_WORKSPACE)
    write(folder / ".gitignore", "target/\n.venv/\n")
    for number in range(members):
        name = f"part{number:03}"
        home = folder / "packages" / name
        write(home / "pyproject.toml", PYPROJECT.format(name=name))
        write(home / "Cargo.toml", f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n')
        modules = "".join(f"mod m{file};\n" for file in range(RUST_FILES))
        write(home / "src" / "main.rs", f"{modules}fn main() {{}}\n")
        for file in range(RUST_FILES):
            write(home / "src" / f"m{file}.rs", f"#![allow(dead_code)]\npub fn f() -> u32 {{ {file} }}\n")
        tests = "".join(f"def test_{test}():\n    pass\n\n\n" for test in range(PYTHON_TESTS))
        write(home / "tests" / f"test_{name}.py", tests)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def median(command, folder, runs):
    """Milliseconds."""
    with tempfile.NamedTemporaryFile() as file:
        call = ["hyperfine", "--style", "none", "-N", "--warmup", "2", "--runs", str(runs)]
        call += ["--ignore-failure", "--export-json", file.name, shlex.join(command)]
        subprocess.run(call, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return json.load(open(file.name))["results"][0]["median"] * 1000


def peak(command, folder):
    """The most memory in MiB and the most open files of the process itself."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = files = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            files = max(files, len(list(Path(f"/proc/{process.pid}/fd").iterdir())))
        except OSError:
            break
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                memory = max(memory, int(line.split()[1]))
        time.sleep(0.0002)
    return memory / 1024, files


def members_table(program, counts):
    rows = ["| members | files | cold `dev` | `dev`, nothing to do | `dev --dry-run` | `doctor` | `test --py --shard 1/100` | memory | open files |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for count in counts:
        with tempfile.TemporaryDirectory() as temp:
            folder = Path(temp)
            workspace(folder, count)
            pyx = [program, "pyx"]
            begun = time.monotonic()
            made = subprocess.run([*pyx, "dev", "-q", "--workspace"], cwd=folder, capture_output=True, text=True)
            if made.returncode:
                sys.exit(made.stderr)
            cold = time.monotonic() - begun
            dev = [*pyx, "dev", "--workspace"]
            again = median(dev, folder, 20)
            dry = median([*dev, "--dry-run"], folder, 20)
            doctor = median([*pyx, "doctor"], folder, 5)
            shard = [*pyx, "test", "-q", "--py", "--workspace", "--shard", "1/100"]
            begun = time.monotonic()
            done = subprocess.run(shard, cwd=folder, capture_output=True, text=True)
            tested = time.monotonic() - begun
            if done.returncode:
                sys.exit(done.stderr)
            memory, files = peak(dev, folder)
            rows.append(
                f"| {count} | {count * RUST_FILES} | {cold:.0f} s | {again:.1f} ms | {dry:.1f} ms | {doctor:.0f} ms"
                f" | {tested:.1f} s | {memory:.0f} MiB | {files} |"
            )
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def files_table(program, counts):
    rows = ["| files in the crate's folder | `dev`, nothing to do | `git status` |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp) / "hello"
        ignored = shutil.ignore_patterns("target", ".venv")
        shutil.copytree(ROOT / "fixtures" / "hello", folder, ignore=ignored)
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
        there = 0
        for count in counts:
            for number in range(there, count):
                write(folder / "data" / f"d{number // 1000}" / f"f{number}.txt", str(number))
            there = count
            dev = [program, "pyx", "dev"]
            made = subprocess.run([*dev, "-q"], cwd=folder, capture_output=True, text=True)
            if made.returncode:
                sys.exit(made.stderr)
            subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
            time.sleep(0.1)
            subprocess.run([*dev, "-q"], cwd=folder, check=True)
            runs = 50 if count < 50_000 else 20
            again = median(dev, folder, runs)
            status = median(["git", "status", "--porcelain"], folder, runs)
            rows.append(f"| {count} | {again:.1f} ms | {status:.1f} ms |")
            print(rows[-1], file=sys.stderr, flush=True)
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "cargo-pyx"))
    parser.add_argument("--members", type=int, nargs="*", default=[10, 50, 200])
    parser.add_argument("--files", type=int, nargs="*", default=[10, 1_000, 10_000, 100_000])
    options = parser.parse_args()
    program = str(Path(options.program).resolve())
    if options.members:
        print(members_table(program, options.members))
    if options.files:
        print(files_table(program, options.files))


if __name__ == "__main__":
    main()
