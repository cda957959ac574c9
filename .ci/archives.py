"""The program of each wheel as an archive for `cargo binstall`, and their hashes.

    archives.py SETS OUT

SETS has a folder `set-TARGET` for each target triple, with the wheel in it. OUT gets
`cargo-pyx-VERSION-TARGET.tar.gz`, as Cargo.toml's `[package.metadata.binstall]` names it.
"""

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path


def program(wheel: Path) -> tuple[str, bytes]:
    """The file that installers put on PATH: its name and content."""
    with zipfile.ZipFile(wheel) as members:
        [member] = [name for name in members.namelist() if ".data/scripts/" in name]
        return member.rsplit("/", 1)[1], members.read(member)


def archive(wheel: Path, target: str, out: Path) -> Path:
    version = wheel.name.split("-")[1]
    name = f"cargo-pyx-{version}-{target}"
    program_name, content = program(wheel)
    path = out / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(f"{name}/{program_name}")
        member.size = len(content)
        member.mode = 0o755
        tar.addfile(member, io.BytesIO(content))
    return path


def main() -> None:
    sets, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    sums = []
    for wheel in sorted(sets.glob("set-*/*.whl")):
        path = archive(wheel, wheel.parent.name.removeprefix("set-"), out)
        sums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    (out / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
