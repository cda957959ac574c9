# /// script
# requires-python = ">=3.9"
# dependencies = ["packaging==26.3", "pyyaml==6.0.3", "tomli==2.5.0; python_version < '3.11'"]
# ///
"""No recipe ends in a traceback: each program that it starts is replaced by one that fails, prints nothing,
prints rubbish, is not there, cannot be started or is killed, and what comes out is an exit code with a
sentence."""

import contextlib
import io
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import asking  # noqa: E402

RECIPES = {
    "lint": [[]],
    "fmt": [[]],
    "audit": [[], ["--yes"]],
    "docs": [[]],
    "ci": [[]],
    "stubs": [["--check"]],
    "stubtest": [["--fix"]],
    "clean": [[]],
    "bench": [[]],
    "cov": [[]],
    "pgo": [[]],
    "profiling": [[], ["python", "-c", "1"]],
}

FILES = {
    "pyproject.toml": asking.PROJECT + '[tool.mypy]\nstrict = true\n[dependency-groups]\ndocs = ["mkdocs"]\n',
    "Cargo.toml": '[package]\nname = "own"\n',
    "Cargo.lock": "",
    "tests/test_own.py": "def test_own(benchmark): pass\n",
    "Makefile": "l:\n\tcargo clippy\n\truff check\n\tflake8 .\n\tisort .\n",
    ".venv/bin/python": "",
}

OTHER_RECIPES = {"lint": [[]], "fmt": [[], ["rust", "python"]], "audit": [["--yes"]], "docs": [[]]}

HOOKS = "repos:\n- repo: https://github.com/x/ruff-pre-commit\n  rev: v0.16.1\n  hooks: [{id: ruff-check}, {id: ruff-format}]\n"

OTHER_FILES = {
    "pyproject.toml": asking.PROJECT + '[tool.pyright]\nstrict = true\n[dependency-groups]\ndocs = ["sphinx", "furo"]\n',
    "Cargo.toml": '[package]\nname = "own"\n',
    "Cargo.lock": "",
    "deny.toml": "",
    "docs/conf.py": "",
    "own.py": "",
    "uv.lock": "",
    ".pre-commit-config.yaml": HOOKS,
    ".codespellrc": "[codespell]\n",
    "noxfile.py": "def lint(s):\n    s.run('pylint', 'own.py')\n",
    ".venv/bin/python": "",
}
"""A project that does all of that in another way: with uv.lock, hooks, nox, cargo-deny, Sphinx and pyright."""

MODES = {
    "exits with 1": lambda: (1, "", "it is broken\n"),
    "exits with 1, silently": lambda: (1, "", ""),
    "exits with 255": lambda: (255, "x", "y"),
    "prints nothing": lambda: (0, "", ""),
    "prints rubbish": lambda: (0, "\x00\ufffd{]\n,,::\n DA:x\nSF", "\x1b[31m"),
    "prints other JSON": lambda: (0, "[1, null]\n", ""),
    "prints an object": lambda: (0, '{"type": "plan", "steps": [{}], "resolve": 1, "dependencies": 3}\n', ""),
    "fails with rubbish": lambda: (2, '{"vulnerabilities": []}', "\ufffd"),
    "is killed": lambda: (-9, "", ""),
    "is not there": None,
    "cannot be started": None,
}


class Programs:
    """Programs as they should be, but for one of them."""

    def __init__(self, root, broken=None, mode=None):
        self.root, self.broken, self.mode, self.seen = root, broken, mode, set()

    def start(self, words, folder, variables, unset, out, err, given_text=None):
        """In the place of `programs.start`."""
        programs = sys.modules["programs"]
        name = self.name(words)
        self.seen.add(name)
        if name == self.broken:
            if self.mode == "is not there":
                return programs.Outcome(words, programs.NOT_FOUND, trouble="is not there")
            if self.mode == "cannot be started":
                return programs.Outcome(words, programs.NOT_RUN, trouble="cannot be started: Exec format error")
            return programs.Outcome(words, *MODES[self.mode]())
        return programs.Outcome(words, *self.well(name, words))

    @staticmethod
    def name(words):
        """A program, with the word that says what it is to do."""
        name = Path(words[0]).name
        if name == "python" and words[1:2] == ["-m"]:
            return f"python -m {words[2]}"
        if name == "python":
            return "python -c" if "-c" in words else "python"
        word = next((word for word in words[1:] if not word.startswith(("-", "+"))), "")
        return f"{name} {word}" if name in ("cargo", "git", "uv", "pyx", "rustup") else name

    def well(self, name, words):
        """What a program does that works: its exit code and what it prints."""
        if name == "rustc":
            return 0, f"{self.root}/sysroot\n" if "--print" in words else "host: here\n", ""
        if name == "uv pip":
            python = words[words.index("--python") + 1]
            for tool in TOOLS:
                Path(python).parent.mkdir(parents=True, exist_ok=True)
                (Path(python).parent / tool).write_text("")
        if name == "python -c":
            return 0, self.asked(words), ""
        if name == "maturin":
            path = Path(words[words.index("--out") + 1]) / "own_name" / "_own.pyi"
            path.parent.mkdir(parents=True)
            path.write_text("x: int\n")
        if name == "python -m pytest":
            found = [word.partition("=")[2] for word in words if word.startswith("--benchmark-json=")]
            results = [{"fullname": "t.py::test_own", "group": None, "stats": {"median": 1.0}}]
            for path in found:
                Path(path).write_text(json.dumps({"benchmarks": results}))
            profiles = self.root / "target/pyx/pgo/profiles"
            profiles.mkdir(parents=True, exist_ok=True)
            (profiles / "1.profraw").write_text("")
            (self.root / "target/pyx/bench/plugin/imported").write_text(f"{self.module()}\n")
        if name == "pyx test":
            return 0, self.plan(words), ""
        if name == "uv tool" and "--output" in words:
            Path(words[words.index("--output") + 1]).write_text("a (test_own.py);_own::f (lib.rs) 3\n")
        if name == "cargo metadata":
            packages = {"packages": [{"name": "pyo3", "id": "p"}]}
            nodes = {"resolve": {"nodes": [{"id": "p", "features": ["experimental-inspect"]}]}}
            return 0, json.dumps({**packages, **nodes}), ""
        if name == "cargo test":
            return 0, json.dumps({"executable": "/x"}) + "\n", ""
        return 0, ANSWERS.get(name, ""), ""

    def asked(self, words):
        """What Python prints for a script."""
        script = words[words.index("-c") + 1]
        if "find_spec(sys.argv[1])" in script:
            return json.dumps([str(self.root / "python/own_name")])
        if "purelib" in script or "platlib" in script:
            (self.root / ".venv/lib").mkdir(exist_ok=True)
            return f"{self.root}/.venv/lib\n"
        if "loaded()" in script:
            return f"{self.module()}\n"
        if "distributions" in script and "files" in script:
            return f"{self.module()}\n"
        return "1.0\n" if "version" in script else ""

    def module(self):
        """The installed module."""
        return self.root / "target/pyx/envs/wheel/lib/_own.so"

    def plan(self, words):
        """What pyx would do."""
        if "--dry-run" not in words:
            return ""
        process = {"directory": str(self.root), "unset": []}
        env = {"VIRTUAL_ENV": str(self.root / "target/pyx/envs/wheel")}
        cargo = {"program": "cargo", "arguments": ["test", "--target-dir", "t"], "set": {}, **process}
        pytest = {"program": "pytest", "arguments": [], "set": env, **process}
        steps = [
            {"name": "Rust tests /p", "verb": "Testing", "subject": "x", **cargo},
            {"name": "wheel test: Python tests /p", "verb": "Testing", "subject": "x", **pytest},
        ]
        return json.dumps({"type": "plan", "steps": steps}) + "\n"


TOOLS = (
    "ruff", "mypy", "stubtest", "mkdocs", "flake8", "isort", "maturin", "pip-audit", "pdoc", "sphinx-build", "pyright",
    "codespell", "pylint",
)  # fmt: skip

ANSWERS = {
    "git rev-parse": "0123456789abcdef0123\n",
    "git ls-files": "tests/test_own.py\0own.py\0",
    "uv export": "furo==1.0\n",
    "rustup toolchain": "stable-x (default)\n",
    "cargo audit": '{"vulnerabilities": {"list": []}, "warnings": {}}',
    "cargo-audit": '{"vulnerabilities": {"list": []}, "warnings": {}}',
    "pip-audit": '{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}',
    "llvm-cov": "SF:src/lib.rs\nDA:1,1\nend_of_record\n",
}


class Failing(asking.Case):
    def recipe(self, files, name, arguments, broken=None, mode=None):
        """Runs a recipe; its exit code, what it said, and the programs that it started."""
        load = self.project(files, crate=True, lock="uv.lock" if "uv.lock" in files else None)
        for path in ("python/own_name/_own.pyi", "target/pyx/envs/wheel/lib/_own.so"):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text("__llvm_prf")
        for tool in ("llvm-profdata", "llvm-cov"):
            path = self.root / "sysroot/lib/rustlib/here/bin" / tool
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        for folder in ("bench", "pgo/use"):
            path = self.root / "target/pyx" / folder / "target/pyx/ext/release/lib_own.so"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("__llvm_prf")
        (self.root / "target/pyx/pgo/profiles").mkdir(parents=True, exist_ok=True)
        programs = Programs(self.root, broken, mode)
        load("programs").start = programs.start
        said, code = io.StringIO(), 0
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                load(name).main(list(arguments))
            except SystemExit as end:
                code = end.code or 0
        return int(code), said.getvalue(), programs.seen

    def each(self, files, recipes):
        """Breaks each program of each recipe in each way; how often."""
        tried = 0
        for name, calls in recipes.items():
            for arguments in calls:
                _, _, seen = self.recipe(files, name, arguments)
                self.assertTrue(seen, name)
                for broken in sorted(seen):
                    for mode in MODES:
                        with self.subTest(recipe=name, arguments=arguments, program=broken, mode=mode):
                            code, said, _ = self.recipe(files, name, arguments, broken, mode)
                            self.assertIn(code, range(256))
                            self.assertNotIn("Traceback", said)
                            if code:
                                self.assertRegex(said, r"error|Failing|failed", (name, broken, mode, code, said))
                            tried += 1
        return tried

    def test_each_program_of_each_recipe(self):
        self.assertGreater(self.each(FILES, RECIPES), 400)

    def test_each_program_where_a_project_uses_others(self):
        self.assertGreater(self.each(OTHER_FILES, OTHER_RECIPES), 150)


class Started(asking.Case):
    """Real programs, as they may end."""

    def setUp(self):
        self.programs = self.project({"plain.txt": "", "empty": "", "kill": "kill -9 $$", "rubbish": "printf '\\377\\000{'; exit 3"})("programs")

    def test_whatever_a_program_does_is_an_outcome(self):
        for words, code, how in (
            (["sh", "kill"], -9, "was killed by SIGKILL"), (["sh", "rubbish"], 3, "ended with 3"),
            (["no-such-program"], 127, "is not there"), (["./plain.txt"], 126, "cannot be started: Permission denied"),
            (["sh", "a\0b"], 126, "cannot be started: embedded null byte"),
        ):  # fmt: skip
            for start in self.programs.read, self.programs.combined:
                done = start(words, self.root)
                self.assertEqual((done.code, done.how(), done.json(), bool(done)), (code, how, None, False), words)
                self.assertTrue(done.last())

    def test_a_folder_that_is_gone_is_said(self):
        done = self.programs.read(["sh", "empty"], self.root / "gone")
        self.assertEqual((done.code, "has no folder" in done.how()), (127, True))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(sys.argv[1:] or ["Failing", "Started"])])
