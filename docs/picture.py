#!/usr/bin/env python3
"""Record docs/dev.svg: a terminal in which `cargo pyx dev` really runs.

A copy of fixtures/hello becomes a fresh git checkout; each of COMMANDS runs there in a
pseudo-terminal with an empty tool cache. What the terminal shows at the end is drawn as SVG:
progress bars that were wiped are gone, as they are on a screen; nothing else is left out. Only
the prompts are drawn by this script.

usage: picture.py [PROGRAM]            (default: target/release/cargo-pyx)

Standard library only; Linux (`sed -i`).
"""

import fcntl
import html
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "dev.svg"
COMMANDS = [
    "cargo pyx dev",
    "cargo pyx dev",
    "sed -i 's/Hello from Rust!/Hello, Ferris!/' src/lib.rs",
    "cargo pyx dev",
    ".venv/bin/python -c 'import hello; print(hello.greeting())'",
    "git status --short",
]
COLUMNS = 102

# ------------------------------------------------------------------ a terminal


class Screen:
    """As much of a terminal as cargo, rustc and progress bars use; it scrolls for ever."""

    def __init__(self):
        self.rows = [[]]  # of (character, style)
        self.line = self.column = 0
        self.style = ()

    PIECE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|(.)", re.S)

    def feed(self, text):
        for match in self.PIECE.finditer(text):
            numbers, final, character = match.groups()
            if final:
                self.control(numbers, final)
            elif character:
                self.put(character)

    def put(self, character):
        if character == "\n":
            self.line += 1
            self.column = 0
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            if self.column == COLUMNS:
                self.line, self.column = self.line + 1, 0
            row = self.row()
            row.extend([(" ", ())] * (self.column + 1 - len(row)))
            row[self.column] = (character, self.style)
            self.column += 1

    def row(self):
        self.rows.extend([] for _ in range(self.line + 1 - len(self.rows)))
        return self.rows[self.line]

    def control(self, numbers, final):
        first = int(re.match(r"\d*", numbers).group() or 0)
        if final == "m":
            self.select(numbers)
        elif final == "K":
            row = self.row()
            if first == 0:
                del row[self.column :]
            else:
                row[:] = [] if first == 2 else [(" ", ())] * self.column + row[self.column :]
        elif final == "A":
            self.line = max(0, self.line - max(1, first))
        elif final == "B":
            self.line += max(1, first)
        elif final == "C":
            self.column = min(COLUMNS - 1, self.column + max(1, first))
        elif final == "D":
            self.column = max(0, self.column - max(1, first))
        elif final == "G":
            self.column = max(1, first) - 1
        elif final == "J" and first == 0:
            del self.row()[self.column :]
            del self.rows[self.line + 1 :]

    def select(self, numbers):
        for number in map(int, re.findall(r"\d+", numbers) or ["0"]):
            if number == 0:
                self.style = ()
            elif number == 1:
                self.style = self.style + ("b",)
            elif 30 <= number <= 37 or 90 <= number <= 97:
                self.style = tuple(s for s in self.style if s == "b") + (f"c{number % 10}",)
            elif number == 39:
                self.style = tuple(s for s in self.style if s == "b")


# --------------------------------------------------------------- the recording


def run(command, folder, environment, screen):
    screen.style = ("p",)
    screen.feed("$ ")
    screen.style = ("b",)
    screen.feed(command)
    screen.style = ()
    screen.feed("\r\n")
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        close_fds=True,
    )
    os.close(child)
    data = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # Linux says EIO where others say end of file
            break
        if not piece:
            break
        data += piece
    os.close(parent)
    screen.feed(data.decode("utf-8", "replace"))
    if process.wait() != 0:
        sys.exit("`{}` failed:\n{}".format(command, data.decode("utf-8", "replace")))


def record(program):
    work = Path(tempfile.mkdtemp())
    folder = Path(tempfile.gettempdir()) / "hello"
    try:
        folder.mkdir()
    except FileExistsError:
        folder = work / "hello"
        folder.mkdir()
    try:
        ignore = shutil.ignore_patterns("target", ".venv", "__pycache__")
        shutil.copytree(ROOT / "fixtures" / "hello", folder, ignore=ignore, dirs_exist_ok=True)
        (work / "bin").mkdir()
        shutil.copy2(program, work / "bin" / "cargo-pyx")
        environment = dict(os.environ, TERM="xterm-256color", CARGO_PYX_CACHE_DIR=str(work / "cache"))
        environment["PATH"] = "{}:{}".format(work / "bin", os.environ["PATH"])
        for name in ("CI", "NO_COLOR", "COLUMNS", "LINES", "VIRTUAL_ENV", "CONDA_PREFIX"):
            environment.pop(name, None)
        git = ["git", "-c", "user.name=hello", "-c", "user.email=hello@localhost"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hello"]):
            subprocess.run(git + words, cwd=folder, check=True)
        screen = Screen()
        for command in COMMANDS:
            if screen.column or screen.line:
                screen.feed("\r\n")
            run(command, folder, environment, screen)
        return screen.rows
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


# ----------------------------------------------------------------- the drawing

SIZE, ADVANCE, LEADING = 14, 8.43, 20
MARGIN, BAR = 18, 34
STYLE = """
text { font: 14px ui-monospace, SFMono-Regular, "SF Mono", Menlo, "DejaVu Sans Mono",
  "Liberation Mono", Consolas, monospace; fill: #d7dbe2; white-space: pre; }
.b { font-weight: 700; } .p { fill: #8b93a3; }
.c1 { fill: #ff7b72; } .c2 { fill: #56d364; } .c3 { fill: #e3b341; }
.c4 { fill: #79c0ff; } .c5 { fill: #d2a8ff; } .c6 { fill: #56d4dd; }
""".strip()


def words(row):
    """Runs of one style without blanks: where they begin, their text, their style."""
    start = 0
    while start < len(row):
        character, style = row[start]
        end = start + 1
        while end < len(row) and row[end][0] != " " and row[end][1] == style:
            end += 1
        if character != " ":
            yield start, "".join(character for character, _ in row[start:end]), style
            start = end
        else:
            start += 1


def draw(rows):
    while rows and not any(character != " " for character, _ in rows[-1]):
        rows = rows[:-1]
    width = round(2 * MARGIN + COLUMNS * ADVANCE)
    height = BAR + MARGIN + len(rows) * LEADING
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title">',
        '<title id="title">A terminal: cargo pyx dev, cold, again, and after an edit</title>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="9" fill="#15181e" stroke="#3d444d"/>',
    ]
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        out.append(f'<circle cx="{20 + 19 * number}" cy="18" r="5.5" fill="{colour}"/>')
    for number, row in enumerate(rows):
        y = BAR + SIZE + number * LEADING
        for start, text, style in words(row):
            name = f' class="{" ".join(style)}"' if style else ""
            length = len(text) * ADVANCE
            out.append(
                f'<text x="{MARGIN + start * ADVANCE:.2f}" y="{y}"{name} '
                f'textLength="{length:.2f}" lengthAdjust="spacingAndGlyphs">'
                f"{html.escape(text, quote=False)}</text>"
            )
    return "\n".join([*out, "</svg>", ""])


def main():
    program = Path(sys.argv[1] if sys.argv[1:] else ROOT / "target/release/cargo-pyx")
    if not program.is_file():
        sys.exit(f"error: no `{program}`\n\nhint: cargo build --release")
    rows = record(program)
    PICTURE.write_text(draw(rows), encoding="utf-8")
    for row in rows:
        print("".join(character for character, _ in row).rstrip())


if __name__ == "__main__":
    main()
