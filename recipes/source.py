"""Text files of the project: edits keep the line endings."""

import os
import shutil


def write(path, text):
    """Writes a text, whose lines end with a line feed, with the line endings of the existing file; follows links."""
    replace(path.resolve(), text)


def replace(path, text):
    """Like `write`, but replaces links: the file in an installer's cache stays as it was."""
    first = path.read_bytes().split(b"\n", 1)[0] if path.is_file() else b""
    ends = "\r\n" if first.endswith(b"\r") else "\n"
    # atomic: after a crash the file has the old text or the new one
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "x", encoding="utf-8", newline=ends) as file:
            file.write(text)
        if path.is_file():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
