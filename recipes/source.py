"""Text files of the project: edits keep the line endings."""


def write(path, text):
    """Writes a text, whose lines end with a line feed, with the line endings of the existing file."""
    first = path.read_bytes().split(b"\n", 1)[0] if path.is_file() else b""
    ends = "\r\n" if first.endswith(b"\r") else "\n"
    with open(path, "w", encoding="utf-8", newline=ends) as file:
        file.write(text)
