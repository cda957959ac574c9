"""The commands of a shell script, as far as they are literal."""

import re
import shlex
from collections import namedtuple

import programs

Command = namedtuple("Command", "words folder may_fail variables")
"""`may_fail`: what follows takes its failure for none; `variables`: what is set for it, and what was exported before."""

SEPARATORS = re.compile(r"[;&|()]+")
REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*")
BEFORE = {"if", "then", "elif", "else", "while", "until", "do", "!", "{", "}", "fi", "done"}
"""Words that stand before a command."""

SHELLS = ("sh", "bash", "dash", "zsh")

HARMLESS = {"true", ":", "echo", "printf"}

VALUED = {
    "-p", "--package", "--exclude", "-F", "--features", "--manifest-path", "--target", "--target-dir", "--profile", "-j",
    "--jobs", "--bin", "--example", "--test", "--bench", "--config", "--color", "-Z", "-D", "-W", "-A", "--message-format",
    "--select", "--extend-select", "--ignore", "--extend-ignore", "--extend-exclude", "--target-version", "-t", "--line-length",
    "-l", "--output-format", "--cache-dir", "--config-file", "--python-version", "--python-executable", "--pythonpath", "--python",
    "-m", "-M", "--module", "--rcfile", "--disable", "--enable", "--max-line-length", "--max-complexity", "--fail-under", "--settings-path",
    "--pythonversion", "--project", "--skip", "-S", "-L", "--allowlist", "--file", "-f", "-r", "--requirement", "--ignore-vuln",
}  # fmt: skip
"""Options of what projects check their code with that have a value."""


def commands(script, folder, names=None):
    """The commands of a script that is started in a folder; `names`: values of variables."""
    exported = {}
    for line in re.sub(r"\\\r?\n\s*", " ", script).splitlines():
        known = {name: value for name, value in {**(names or {}), **exported}.items() if "$" not in exported.get(name, "")}
        folder = yield from of_line(replaced(line, known, folder), folder, exported)


def of_line(line, folder, exported):
    """The commands of a line; returns the folder of the next line. `exported`: variables, which are added to."""
    prefix = re.match(r"\s*([@+-]*)", line)  # make's and just's
    outer, parts, may_fail = [], split_up(words_of(line[prefix.end() :])), "-" in prefix.group(1)
    for number, (words, sign) in enumerate(parts):
        if words[:1] == ["xargs"] and number and parts[number - 1][1] == "|":
            words = [*words, *piped(parts[number - 1][0], folder)]
        while words and words[0] in BEFORE:
            words = words[1:]
        if words[:1] in (["cd"], ["pushd"]) and len(words) == 2:
            folder = (folder / words[1]).resolve()
        elif words[:1] == ["export"]:
            exported.update(assigned(words))
        elif own := words[leading(words) :]:
            goes_on = may_fail or (sign == "||" and ends_well(parts[number + 1 :]))
            yield Command(own, folder, goes_on, {**exported, **assigned(words[: len(words) - len(own)])})
        for letter in sign:
            if letter == "(":
                outer.append(folder)
            elif letter == ")" and outer:
                folder = outer.pop()
    return folder


ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(?!=)(.*)", re.DOTALL)


def leading(words):
    """How many words set variables before a command begins."""
    return next((at for at, word in enumerate(words) if not ASSIGNMENT.match(word)), len(words))


def assigned(words):
    """The variables that words set."""
    return dict(found.groups() for found in map(ASSIGNMENT.match, words) if found)


def ends_well(parts):
    """Whether what follows a failure is harmless, up to the end of the line."""
    found = [words for words, _ in parts if words]
    return bool(found) and all(words[0] in HARMLESS or words == ["exit", "0"] for words in found)


def words_of(text):
    """The words of a command, with the operators between commands as separate words; empty if a shell would not
    parse it."""
    # a comment begins where a word would
    lexer = shlex.shlex(re.sub(r"(?<=[^\s;&|()])#", "\0", text), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    try:
        return [word.replace("\0", "#") for word in lexer]
    except ValueError:
        return []


def split_up(words):
    """Pairs: the words of one command without redirections, and the operator after it."""
    found, current, words = [], [], list(words)
    while words:
        word = words.pop(0)
        if REDIRECTION.fullmatch(word):
            current = current[:-1] if current and current[-1].isdigit() else current
            words = words[1:]
        elif SEPARATORS.fullmatch(word):
            found.append((current, word))
            current = []
        else:
            current.append(word)
    return [*found, (current, "")]


def replaced(text, names, folder):
    """A text with known variables replaced, and `$x` in place of all others."""
    for _ in range(9):  # a value may name others
        before = text
        for name, value in names.items() if "$" in text or "{{" in text else ():
            if name not in text:
                continue
            sign = re.escape(name)
            pattern = rf"\$?\{{\{{\s*{sign}\s*\}}\}}|\$\({sign}\)|\$\{{{sign}\}}|\${sign}(?![\w.])"
            text = re.sub(pattern, lambda _, value=value: value, text)
        if text == before:
            break
    text = re.sub(r"\$\(git ls-files([^()]*)\)", lambda found: listed(found.group(1), folder), text)
    # expressions may have spaces in them
    text = re.sub(r"\$\{\{.*?\}\}|\{\{.*?\}\}", "$x", text)
    return re.sub(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`", "$x", text)


def piped(words, folder):
    """What a command passes to the next one to check: files that git names; otherwise unknown."""
    found = words_of(listed(shlex.join(words[2:]), folder)) if words[:2] == ["git", "ls-files"] else ["$x"]
    return [word for word in found if word != "-z"]


def listed(words, folder):
    """The files that git names, as a shell takes them."""
    done = programs.read(["git", "ls-files", "-z", *words_of(words)], folder)
    return " ".join(shlex.quote(name) for name in done.out.split("\0") if name) if done else "$x"


def known(words):
    """The words without unknown ones, and without options whose value is unknown."""
    found = []
    for word in words:
        if "$" not in word and "{" not in word:
            found.append(word)
        elif found and found[-1] in VALUED:
            found.pop()
    return found


def has_paths(words):
    """Whether a command says what to check: with a word that is neither an option nor the value of one."""
    return any(word[:1] != "-" and before not in VALUED for before, word in zip(["", *words], words))


def inner(words):
    """The script that a shell is given in words, else None."""
    first = words[0].rpartition("/")[2]
    sign = r"-[a-z]*c" if first in SHELLS else r"--run|--command" if first == "nix-shell" else None
    at = next((at for at, word in enumerate(words) if sign and re.fullmatch(sign, word)), len(words))
    return words[at + 1] if at + 1 < len(words) else None
