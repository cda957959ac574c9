# /// script
# requires-python = ">=3.9"
# dependencies = ["packaging==26.3", "pyyaml==6.0.3", "tomli==2.5.0; python_version < '3.11'"]
# ///
"""What recipes read of a project, by cases: small projects of a few files, and what is made of them."""

import argparse
import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock
from pathlib import Path

RECIPES = Path(__file__).resolve().parents[3] / "recipes"
sys.path.insert(0, str(RECIPES))
# each case imports all of them anew: compiled once, and not beside the sources
BYTECODE = tempfile.TemporaryDirectory()
sys.pycache_prefix = BYTECODE.name
sys.dont_write_bytecode = False
MODULES = [
    path.stem
    for path in RECIPES.glob("*.py")
    if path.stem not in ("adopt", "compatibility", "corpus", "published", "recipe", "policies", "trial", "trial_page")
]
PROJECT = '[project]\nname = "own-name"\n'
# what whoever starts the tests has set stays as it is where recipes run: no case is about that unless it sets it itself
for set_outside in filter(importlib.import_module("machine").DECIDING.fullmatch, list(os.environ)):
    del os.environ[set_outside]


class Case(unittest.TestCase):
    """A project in a temporary folder."""

    def project(self, files, crate=False, **facts):
        """Writes files, and gives the recipes' modules as they are for this project."""
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        root = Path(temp.name).resolve()
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        member = {"name": "own-name", "dir": str(root), "features": [], "module": "own_name._own"}
        if crate:
            member.update(manifest=str(root / "Cargo.toml"), workspace=str(root))
        if (root / "pyproject.toml").is_file():
            member["pyproject"] = str(root / "pyproject.toml")
        told = {"checkout": str(root), "home": str(root), "members": [member], **facts}
        os.environ.update(
            CARGO_PYX="pyx", CARGO_PYX_UV="uv", CARGO_PYX_PROJECT=str(root), CARGO_PYX_STATE=str(root / "target/pyx"), CARGO_PYX_MODULE="own_name._own",
            CARGO_PYX_PYTHON=str(root / ".venv/bin/python"), CARGO_PYX_FACTS=json.dumps(told), CARGO_PYX_PROFILE="dev",
        )  # fmt: skip
        for name in MODULES:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        self.root = root
        return importlib.import_module

    def wanted(self, files, tool, **facts):
        """The first requirements that are tried for a tool."""
        module = self.project(files, **facts)("tools")
        return next(iter(module.wanted(tool))).requirements

    def calls(self, files, tool):
        """The words with which a tool is started."""
        module = self.project(files)("automation")
        return [call.words for call in module.of(tool)]


class Versions(Case):
    def pre_commit(self, repo, rev, hook, more=""):
        text = f"repos:\n- repo: {repo}\n  rev: {rev}\n  hooks:\n  - id: {hook}\n{more}"
        return {".pre-commit-config.yaml": text}

    def test_a_frozen_hash_is_the_version_behind_it(self):
        files = self.pre_commit("https://github.com/x/ruff-pre-commit", "39d9ac5aaaa  # frozen: v0.16.1", "ruff-check")
        self.assertEqual(self.wanted(files, "ruff"), ["ruff==0.16.1"])

    def test_a_tag_is_a_version_in_the_tools_own_repository_and_in_mirrors_of_it(self):
        for repo, tool in ("x/mirrors-mypy", "mypy"), ("psf/black", "black"), ("x/black-pre-commit-mirror", "black"):
            files = self.pre_commit(f"https://github.com/{repo}", "v1.2.3", tool)
            self.assertEqual(self.wanted(files, tool), [f"{tool}==1.2.3"])

    def test_what_tells_no_version_is_said_and_ours_is_used(self):
        for repo, rev in ("x/ruff-pre-commit", "39d9ac5"), ("x/ruff-pre-commit", "main"), ("x/hooks", "v2.3.0"):
            files = self.pre_commit(f"https://github.com/{repo}", rev, "ruff")
            module = self.project(files)("tools")
            self.assertEqual(next(iter(module.wanted("ruff"))).place, None)
            self.assertIn(rev, next(iter(module.SAID)))

    def test_hooks_may_stand_in_the_file_of_prek(self):
        hook = '[[repos]]\nrepo = "https://github.com/psf/black"\nrev = "24.1.0"\nhooks = [{ id = "black" }]\n'
        self.assertEqual(self.wanted({"prek.toml": hook}, "black"), ["black==24.1.0"])
        self.assertEqual(self.calls({"prek.toml": hook}, "black"), [["black"]])
        frozen = hook.replace('"24.1.0"', '"39d9ac5aaaa"  # frozen: v24.2.0')
        self.assertEqual(self.wanted({"prek.toml": frozen}, "black"), ["black==24.2.0"])
        module = self.project({"prek.toml": 'exclude = "^gen/"\n' + hook})("project")
        self.assertEqual(module.general("exclude"), "^gen/")
        module = self.project({"prek.toml": 'exclude = { glob = "gen/**" }\nrepos = 1\n'})("project")
        self.assertEqual((module.general("exclude"), module.hooks()[1]), ("", []))

    def test_a_hook_may_say_its_tools_version_among_what_it_installs(self):
        files = self.pre_commit("https://github.com/x/hooks", "v2", "black", "    additional_dependencies: [black==24.1.0]\n")
        self.assertEqual(self.wanted(files, "black"), ["black==24.1.0"])

    def test_a_hook_of_the_project_itself_has_no_version(self):
        files = {".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - {id: ruff, entry: ruff check}\n"}
        module = self.project(files)("tools")
        self.assertEqual((next(iter(module.wanted("ruff"))).place, module.SAID), (None, set()))

    def test_versions_stand_in_many_files(self):
        group = PROJECT + '[dependency-groups]\nlint = [{include-group = "a"}]\na = ["ruff==0.5.1"]\n'
        extra = PROJECT + '[project.optional-dependencies]\ndev = ["own-name[a]"]\na = ["ruff==0.5.1"]\n'
        hatch = PROJECT + '[tool.hatch.envs.lint]\ndependencies = ["ruff==0.5.1"]\n'
        for files in (
            {"pyproject.toml": group},
            {"pyproject.toml": extra},
            {"pyproject.toml": hatch},
            {"pyproject.toml": PROJECT + '[tool.uv]\ndev-dependencies = ["ruff==0.5.1"]\n'},
            {"requirements-dev.txt": "-r base.txt # why\n", "base.txt": "ruff==0.5.1  # here\n"},
            {"requirements/lint.txt": "ruff==0.5.1 \\\n    --hash=sha256:00\n"},
            {"tox.ini": "[testenv:lint]\ndeps =\n    py3: ruff==0.5.1\n    -r x.txt\n"},
            {"tox.toml": '[env.lint]\ndeps = ["ruff==0.5.1"]\n'},
            {"noxfile.py": "def lint(session):\n    session.install('-U', 'ruff==0.5.1')\n"},
            {"mise.toml": '[tools]\n"pipx:ruff" = "0.5.1"\n'},
            {".tool-versions": "ruff 0.5.1 # x\n"},
            {".github/workflows/ci.yml": "jobs: {a: {steps: [{run: 'pip install ruff==0.5.1'}]}}\n"},
            {".github/workflows/ci.yml": "jobs: {a: {steps: [{run: 'uvx ruff@0.5.1 check'}]}}\n"},
            {".github/workflows/ci.yml": "jobs: {a: {steps: [{run: 'pipx run --spec ruff==0.5.1 ruff check'}]}}\n"},
            {".github/workflows/ci.yml": "jobs: {a: {steps: [{uses: astral-sh/ruff-action@v3, with: {version: 0.5.1}}]}}\n"},
        ):
            self.assertEqual(self.wanted(files, "ruff"), ["ruff==0.5.1"], files)

    def test_a_list_that_leaves_the_version_open_is_no_word_against_one_that_says_it(self):
        hook = self.pre_commit("https://github.com/x/ruff-pre-commit", "v0.4.1", "ruff")
        group = PROJECT + '[dependency-groups]\nlint = ["ruff{}"]\n'
        for version, wanted in ("", "ruff==0.4.1"), (">=0.4", "ruff==0.4.1"), (">=0.5", "ruff>=0.5"), ("==0.5.2", "ruff==0.5.2"):
            self.assertEqual(self.wanted({**hook, "pyproject.toml": group.format(version)}, "ruff"), [wanted])
        self.assertEqual(self.wanted({"pyproject.toml": group.format("")}, "ruff"), ["ruff"])

    def test_the_locks_of_other_managers_say_versions(self):
        text = PROJECT + '[dependency-groups]\nlint = ["ruff>=0.4; python_version > \'3.8\'", "Other_One"]\n'
        for name, key in ("poetry.lock", "package"), ("pdm.lock", "package"), ("pylock.toml", "packages"):
            lock = "".join(
                f'[[{key}]]\nname = "{package}"\nversion = "{version}"\n' for package, version in (("ruff", "0.4.1"), ("other-one", "1"), ("o", "2"))
            )
            self.assertEqual(self.wanted({"pyproject.toml": text, name: lock}, "ruff"), ['ruff==0.4.1; python_version > "3.8"', "Other_One==1"])
        self.assertEqual(self.wanted({"pyproject.toml": text, "pdm.lock": "package = 1\n"}, "ruff")[1], "Other_One")

    def test_a_tool_that_asks_for_its_version_gets_it(self):
        for version, wanted in ("24", "black==24.*"), ("24.1.0", "black==24.1.0"):
            self.assertEqual(self.wanted({"pyproject.toml": PROJECT + f'[tool.black]\nrequired-version = "{version}"\n'}, "black"), [wanted])

    def test_a_hook_of_the_project_itself_may_install_the_tool(self):
        local = "repos:\n- repo: local\n  hooks:\n  - {id: types, entry: mypy, additional_dependencies: [mypy==1.9.0, attrs]}\n"
        self.assertEqual(self.wanted({".pre-commit-config.yaml": local}, "mypy"), ["mypy==1.9.0", "attrs"])

    def test_a_part_of_a_version_is_any_of_it(self):
        self.assertEqual(self.wanted({".tool-versions": "ruff 0.5\n"}, "ruff"), ["ruff==0.5.*"])
        self.assertEqual(self.wanted({".tool-versions": "ruff latest\n"}, "ruff"), ["ruff==0.17.6"])
        required = {"ruff.toml": 'required-version = ">=0.5"\n'}
        self.assertEqual(self.wanted(required, "ruff"), ["ruff>=0.5"])

    def test_files_that_cannot_be_read_say_nothing(self):
        files = {
            "pyproject.toml": "[", "tox.ini": "x\n[", "noxfile.py": "def", ".pre-commit-config.yaml": "a: [",
            "mise.toml": "=", ".readthedocs.yaml": "- 1", ".github/workflows/ci.yml": "\t",
        }  # fmt: skip
        self.assertEqual(self.wanted(files, "ruff"), ["ruff==0.17.6"])
        odd = {".pre-commit-config.yaml": "repos: {a: 1}", ".github/workflows/ci.yml": "jobs: [1]"}
        self.assertEqual(self.wanted(odd, "ruff"), ["ruff==0.17.6"])


class Packages(Case):
    def for_docs(self, files):
        module = self.project(files)("tools")
        return module.for_task("mkdocs")[0]

    def test_what_a_task_needs_is_listed_anywhere(self):
        group = '[dependency-groups]\ndocs = ["mkdocs-material"]\nlint = ["ruff"]\n'
        extra = '[project.optional-dependencies]\ndocs = ["mkdocs-material"]\n'
        hatch = '[tool.hatch.envs.docs]\ndependencies = ["mkdocs-material"]\n'
        for files in (
            {"pyproject.toml": PROJECT + group},
            {"pyproject.toml": PROJECT + extra},
            {"pyproject.toml": PROJECT + hatch},
            {"docs/requirements.txt": "mkdocs-material\n"},
            {"d/x.txt": "mkdocs-material\n", ".readthedocs.yaml": "python:\n  install:\n  - requirements: d/x.txt\n"},
            {"tox.ini": "[testenv:docs]\ndeps = mkdocs-material\n"},
        ):
            self.assertEqual(self.for_docs(files), ["mkdocs-material"], files)

    def test_what_the_automation_installs_by_name_is_a_list_as_well(self):
        def ci(line):
            return {"pyproject.toml": PROJECT, ".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: '{line}'}}]}}}}\n"}

        for line in (
            "pip install -U mkdocs-material", ".venv/bin/pip install --index-url https://x/simple mkdocs-material -r x.txt",
            "python -m pip install mkdocs-material . own-name[x] ./other", "uv pip install --system mkdocs-material",
            "pip install -e . mkdocs-material $MORE",
        ):  # fmt: skip
            self.assertEqual(self.for_docs(ci(line)), ["mkdocs-material"], line)
        self.assertEqual(self.for_docs(ci("pip install --target x mkdocs-material==9.*")), ["mkdocs-material==9.*"])
        self.assertEqual(self.for_docs(ci("pip uninstall mkdocs-material")), [])

    def test_a_list_that_holds_the_tool_goes_before_one_with_something_named_after_it(self):
        text = PROJECT + '[dependency-groups]\na = ["mkdocs-material"]\nb = ["mkdocs", "theme"]\n'
        self.assertEqual(self.for_docs({"pyproject.toml": text}), ["mkdocs", "theme"])

    def listed(self, files):
        """All requirements of each list, by its place."""
        module = self.project(files)("packages")
        return {one.place: one.requirements for one in module.lists()}

    def test_what_poetry_takes_from_elsewhere_is_never_taken_by_its_name_alone(self):
        text = (
            PROJECT
            + """[project.optional-dependencies]
more = ["numpy"]
[tool.poetry.group.dev.dependencies]
python = "^3.9"
pytest = "^8"
zero = "~0.3"
local = { path = "local", extras = ["a"] }
gone = { path = "gone" }
own-name = { path = ".", extras = ["more"] }
forked = { git = "https://own.example/forked.git", tag = "1" }
private = { git = "git@own.example:a/b.git", subdirectory = "c" }
wheel = { url = "https://own.example/w.whl" }
marked = { version = "*", markers = "os_name == 'nt'", python = ">=3.9" }
unknown = { source = "own" }
either = "^1 || ^2"
n = [{ version = "<2", python = "<3.12" }, { version = ">=2", python = ">=3.12" }]
[tool.poetry.group.all]
include-groups = ["dev"]
[tool.poetry.dev-dependencies]
old = "1"
"""
        )
        found = self.listed({"pyproject.toml": text, "local/pyproject.toml": ""})
        expected = [
            "pytest>=8,<9", "zero>=0.3,<0.4", f"local[a] @ {(self.root / 'local').as_uri()}", "numpy", "forked @ git+https://own.example/forked.git@1",
            "private @ git+ssh://git@own.example/a/b.git#subdirectory=c", "wheel @ https://own.example/w.whl",
            "marked ; (os_name == 'nt') and python_full_version >= '3.9'", "n<2 ; python_full_version < '3.12'", "n>=2 ; python_full_version >= '3.12'",
        ]  # fmt: skip
        self.assertEqual(found["`[tool.poetry.group.dev]` of pyproject.toml"], expected)
        self.assertEqual(found["`[tool.poetry.group.all]` of pyproject.toml"], expected)
        self.assertEqual(found["`[tool.poetry.dev-dependencies]` of pyproject.toml"], ["old==1"])
        packages = self.project({})("packages")
        self.assertEqual([text for text in expected if not packages.parsed(text)], [])

    def test_what_options_of_pip_are_given_is_no_package_and_a_file_of_requirements_is_read(self):
        for words, found in (
            ('"mypy", "-r", "requirements/own.in"', ["mypy", "numpy"]), ('"-rrequirements/own.in", "--requirement=requirements/own.in"', ["numpy", "numpy"]),
            ('"-c", "limits", "--index-url", "https://own.example", "--group", "dev", "mypy"', ["mypy"]), ('"-qU", "-t", "place", "mypy>=1", "-e", "own"', ["mypy>=1"]),
            ('"-qc", where(), "mypy", "."', ["mypy"]), ('"--cache-dir=x", "mypy"', ["mypy"]),
        ):  # fmt: skip
            files = {"noxfile.py": f"def lint(session):\n    session.install({words})\n", "requirements/own.in": "numpy  # x\n"}
            self.assertEqual(self.listed(files), {"nox's session `lint`": found}, words)

    def test_environments_of_hatch_and_tox_inherit_as_these_tools_have_it(self):
        hatch = """[envs.default]
dependencies = ["pytest"]
[envs.docs]
dependencies = ["mkdocs"]
[envs.more]
template = "docs"
dependencies = ["sphinx"]
extra-dependencies = ["x"]
[envs.test]
extra-dependencies = ["y"]
[envs.alone]
detached = true
extra-dependencies = ["z"]
"""
        found = {
            name: [*self.listed({"pyproject.toml": PROJECT, "hatch.toml": hatch})[f"hatch's environment `{name}`"]]
            for name in ("docs", "more", "test", "alone")
        }
        self.assertEqual(found, {"docs": ["mkdocs"], "more": ["sphinx", "x"], "test": ["pytest", "y"], "alone": ["z"]})
        tox = "[base]\ndeps =\n  numpy\n  attrs\n[testenv]\ndeps =\n  pytest\n  lint: ruff\n[testenv:{a,b}-lint]\n[testenv:docs]\ndeps =\n  {[base]deps}\n  mkdocs\n"
        found = self.listed({"tox.ini": tox})
        places = {
            f"tox's environment `{name}` of tox.ini": found
            for name, found in (("py", ["pytest"]), ("a-lint", ["pytest", "ruff"]), ("docs", ["numpy", "attrs", "mkdocs"]))
        }
        self.assertEqual(found, places)
        toml = 'env_run_base.deps = ["pytest"]\nenv.a.commands = []\nenv.b.deps = ["ruff"]\n'
        found = self.listed({"tox.toml": toml})
        self.assertEqual([found[f"tox's environment `{name}`"] for name in "ab"], [["pytest"], ["ruff"]])

    def test_a_tool_that_has_a_version_for_each_python_keeps_all_of_them(self):
        module = self.project({})("tools")
        both = ["black<25 ; python_version < '3.10'", "black>=25 ; python_version >= '3.10'"]
        for listed, kept in ((["x", *both], both), (["x", both[0]], ["black<25"])):
            self.assertEqual(module.only("black", module.Wanted(listed, None)).requirements, kept)

    def test_the_project_itself_is_not_installed_again(self):
        text = PROJECT + '[project.optional-dependencies]\nx = ["numpy"]\n[dependency-groups]\ndocs = ["mkdocs", "own-name[x]", "Own_Name"]\n'
        self.assertEqual(self.for_docs({"pyproject.toml": text}), ["mkdocs", "numpy"])


class Automation(Case):
    CLIPPY = ["cargo", "clippy", "--all", "--", "-D", "warnings"]

    def test_a_command_is_found_in_whatever_starts_it(self):
        line = "cargo clippy --all -- -D warnings"
        for files in (
            {".github/workflows/ci.yml": f"jobs:\n  a:\n    steps:\n    - run: |\n        set -e\n        {line}\n"},
            {".gitlab-ci.yml": f"lint:\n  script:\n  - {line}\n"},
            {"justfile": "args := '--all'\nlint:\n    @cargo clippy {{args}} -- -D warnings\n"},
            {"Makefile": "FLAGS = --all\nlint:\n\t@cargo clippy $(FLAGS) -- \\\n\t  -D warnings\n"},
            {"noxfile.py": f"def lint(s):\n    s.run(*{line.split()!r})\n    s.run({str(line.split())[1:-1]})\n"},
            {"tox.ini": f"[testenv:lint]\ncommands =\n    {line}\n"},
            {"pyproject.toml": f"[tool.hatch.envs.x.scripts]\nlint = '{line}'\n"},
            {"pyproject.toml": f"[tool.poe.tasks]\nlint = '{line}'\n"},
            {".pre-commit-config.yaml": f"repos:\n- repo: local\n  hooks:\n  - {{id: c, entry: {line}, pass_filenames: false}}\n"},
            {"Taskfile.yml": "vars: {ARGS: --all}\ntasks:\n  lint:\n    cmds:\n    - cargo clippy {{.ARGS}} -- -D warnings\n"},
            {"Taskfile.yaml": f"tasks: {{lint: '{line}', other: [{{cmd: '{line}', silent: true}}]}}\n"},
            {"Taskfile.yml": "includes: {rust: {taskfile: ./rust.yml}}\n", "rust.yml": f"tasks: {{lint: '{line}'}}\n"},
            {"lefthook.yml": f"pre-commit:\n  commands:\n    clippy: {{glob: '*.rs', run: '{line}'}}\n"},
            {"lefthook.yml": f"pre-push:\n  jobs:\n  - group: {{jobs: [{{name: c, run: '{line}'}}]}}\n"},
            {"Makefile.toml": "[tasks.lint]\ncommand = 'cargo'\nargs = ['clippy', '--all', '--', '-D', 'warnings']\n"},
            {"Makefile.toml": f"[tasks.lint]\nscript = ['set -e', '{line}']\n"},
            {"package.json": f'{{"scripts": {{"lint": "{line}"}}}}'},
            {"poe_tasks.toml": f"[tool.poe.tasks.lint]\ncmd = '{line}'\n"},
        ):  # fmt: skip
            self.assertEqual(self.calls(files, "clippy"), [self.CLIPPY], files)

    def test_the_task_that_ci_starts_goes_before_others_of_the_project(self):
        ways = (
            ("make lint", {"Makefile": "ci: lint\nall:\n\tLINE\nlint:\n\truff check own\n"}),
            ("make -C . ci", {"Makefile": "ci: lint\nall:\n\tLINE\nlint:\n\truff check own\n"}),
            ("just lint", {"justfile": "all:\n  LINE\n\nlint *args: fmt\n  ruff check own\nfmt:\n  x\n"}),
            ("task lint", {"Taskfile.yml": "tasks: {all: LINE, lint: {deps: [own]}, own: ruff check own}\n"}),
            ("uv run poe lint", {"pyproject.toml": "[tool.poe.tasks]\nall = 'LINE'\nlint = ['own']\nown = 'ruff check own'\n"}),
            ("pdm run lint", {"pyproject.toml": "[tool.pdm.scripts]\nall = 'LINE'\nlint = {composite = ['own']}\nown = 'ruff check own'\n"}),
            ("pixi run -e dev lint", {"pixi.toml": "[tasks]\nall = 'LINE'\nlint = {depends-on = ['own']}\nown = 'ruff check own'\n"}),
            ("hatch run dev:lint", {"pyproject.toml": "[tool.hatch.envs.dev.scripts]\nall = 'LINE'\nlint = ['own']\nown = 'ruff check own'\n"}),
            ("rye run lint", {"pyproject.toml": "[tool.rye.scripts]\nall = 'LINE'\nlint = {cmd = 'ruff check own'}\n"}),
            ("mise run lint", {"mise.toml": "[tasks]\nall = 'LINE'\nlint = 'ruff check own'\n"}),
            ("nox -s lint", {"noxfile.py": "def all(s):\n  s.run(*'LINE'.split())\ndef lint(s):\n  s.run('ruff', 'check', 'own')\n"}),
            ("uvx tox -e py,lint", {"tox.ini": "[testenv:all]\ncommands = LINE\n[testenv:lint]\ncommands = ruff check own\n"}),
            ("npm run lint", {"package.json": '{"scripts": {"all": "LINE", "lint": "ruff check own"}}'}),
            ("cargo make lint", {"Makefile.toml": "[tasks.all]\nscript = 'LINE'\n[tasks.lint]\ndependencies = ['own']\n[tasks.own]\nscript = 'ruff check own'\n"}),
        )  # fmt: skip
        for line, files in ways:
            files = {name: text.replace("LINE", "ruff check other") for name, text in files.items()}
            files[".github/workflows/ci.yml"] = f"jobs: {{a: {{steps: [{{run: '{line} || true'}}]}}}}\n"
            (call,) = self.project(files)("automation").of("ruff")
            self.assertEqual((call.words, call.may_fail), (["ruff", "check", "own"], True), line)

    def test_a_task_that_bears_the_name_of_a_tool_is_the_task(self):
        files = {
            "pyproject.toml": "[tool.pdm.scripts]\nruff = 'ruff check own'\n",
            ".github/workflows/ci.yml": "jobs: {a: {steps: [{run: pdm run ruff}]}}\n",
        }
        self.assertEqual(self.calls(files, "ruff"), [["ruff", "check", "own"]])

    def test_a_recipe_of_just_is_known_wherever_just_finds_it(self):
        lint = "lint *args:\n    ruff check {{args}} src\n"
        ci = ".github/workflows/ci.yml"
        for files, start in (
            ({"justfile": f"check: lint  # CI: all checks\n{lint}"}, "check"), ({"justfile": f"ci: (lint \"--strict: #\")\n{lint}"}, "ci"),
            ({"justfile": f"alias l := lint\n{lint}"}, "l"), ({"justfile": "import 'more/own.just'\n", "more/own.just": lint}, "lint"),
            ({"justfile": "import? 'a.just'\n", "a.just": "import 'justfile'\nimport 'b.just'\nall: lint\n", "b.just": lint}, "all"),
            ({"justfile": "mod own\n", "own.just": f"all: lint\n{lint}"}, "own::all"), ({"justfile": "mod own  # ours\n", "own.just": lint}, "own lint"),
            ({"justfile": f"mod own '.'\nx at=\"#:\": lint\n{lint}"}, "x"), ({"justfile": f"text := \"a: b\"\nci: && lint\n{lint}"}, "ci"),
        ):  # fmt: skip
            files[ci] = f"jobs: {{a: {{steps: [{{run: 'just {start}'}}]}}}}\n"
            module = self.project(files)("automation")
            found = [call.words for call in module.calls() if call.tool == "ruff" and call.rank == module.CI]
            self.assertEqual([words[-1] for words in found], ["src"], files)

    def test_tasks_that_start_each_other_come_to_an_end(self):
        self.assertEqual(self.calls({"Makefile": "a: b\n\truff check\nb: a\n\tmake a b\n"}, "ruff"), [["ruff", "check"]])

    def test_other_programs_start_ruff_by_words_of_their_own(self):
        for line, check, form in (
            ("uv format --check -- own", None, ["ruff", "format", "--check", "own"]),
            ("rye lint -- own", ["ruff", "check", "own"], None),
            ("rye fmt --all --check", None, ["ruff", "format", "--check"]),
            ("hatch fmt --check own", ["ruff", "check", "own"], ["ruff", "format", "--check", "--line-length", "120", "own"]),
            ("hatch fmt -f --check", None, ["ruff", "format", "--check", "--line-length", "120"]),
            ("hatch fmt --linter", ["ruff", "check", "--fix"], None),
        ):  # fmt: skip
            files = {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: {line}}}]}}}}\n"}
            found = self.calls(files, "ruff")
            self.assertEqual(found, [words for words in (check, form) if words], line)
        config = {"pyproject.toml": "[tool.ruff]\nline-length = 99\n", "Makefile": "f:\n\thatch fmt -f\n"}
        self.assertEqual(self.calls(config, "ruff"), [["ruff", "format"]])

    def test_uv_is_told_which_ruff_formats(self):
        files = {"Makefile": "f:\n\tuv format --version 0.9.1 --check\n"}
        self.assertEqual(self.wanted(files, "ruff"), ["ruff==0.9.1"])

    def test_a_program_is_known_whatever_starts_it(self):
        for line in (
            "uv run ruff check src", "uv run --group lint -p 3.12 -- ruff check src", "uvx ruff@0.4.1 check src",
            "python -m ruff check src", ".venv/bin/ruff check src", "FOO=1 poetry run ruff check src",
            "hatch run lint:ruff check src", "true && ruff check src",
            "uv run --python ${{ matrix.x }} --with ruff ruff check src",
            "pipx run ruff==0.15.9 check src", "pipx run 'ruff[x]>=0.15,<1' check src", "nix develop .#ci -c ruff check src", "nix develop --command ruff check src",
            "nix-shell --run 'ruff check src'", "conda run -n dev --no-capture-output ruff check src", "mise exec -- ruff check src", "uv tool run ruff@latest check src",
            "timeout -k 5 60 ruff check src", "nice -n 5 ruff check src",
        ):  # fmt: skip
            self.assertEqual(self.calls({"Makefile": f"l:\n\t{line}\n"}, "ruff"), [["ruff", "check", "src"]], line)

    def test_what_ci_starts_goes_before_what_is_started_by_hand(self):
        files = {
            "Makefile": "l:\n\tcargo clippy\n",
            ".github/workflows/ci.yml": "jobs: {a: {steps: [{run: cargo clippy --all -- -D warnings}]}}\n",
        }
        self.assertEqual(self.calls(files, "clippy"), [self.CLIPPY])

    def test_a_folder_and_variables_come_along(self):
        text = "env: {RUSTFLAGS: -Dwarnings}\njobs:\n  a:\n    steps:\n    - {run: cargo clippy, working-directory: .}\n"
        call = self.project({".github/workflows/ci.yml": text})("automation").of("clippy")[0]
        self.assertEqual((call.folder, call.variables["RUSTFLAGS"]), (self.root, "-Dwarnings"))
        elsewhere = {"Makefile": "l:\n\tcd other && cargo clippy\n"}
        self.assertEqual(self.calls(elsewhere, "clippy"), [])

    def test_the_crate_and_the_sources_may_have_folders_of_their_own(self):
        crate = '[package]\nname = "own-name"\n'
        for files in (
            {".github/workflows/ci.yml": "jobs: {a: {steps: [{run: cargo clippy --all, working-directory: rust}]}}\n"},
            {".github/workflows/ci.yml": "jobs: {a: {defaults: {run: {working-directory: rust}}, steps: [{run: cargo clippy --all}]}}\n"},
            {"justfile": "lint:\n    cd rust && cargo clippy --all\n"},
            {"justfile": "[working-directory: 'rust']\n@lint:\n    cargo clippy --all\n"},
            {"justfile": "[private]\n[working-directory('rust'), no-exit-message]\nlint:\n    cargo clippy --all\n"},
            {"justfile": "set working-directory := 'rust'\nlint:\n    cargo clippy --all\n"},
        ):
            member = {"name": "own-name", "module": "own_name._own", "features": []}
            load = self.project({"rust/Cargo.toml": crate, "other/Cargo.toml": crate, **files}, members=[member])
            member.update(dir=str(self.root), manifest=str(self.root / "rust/Cargo.toml"), workspace=str(self.root / "rust"))
            load("given").MEMBERS[:] = [member]
            (call,) = load("automation").of("clippy")
            self.assertEqual((call.words, call.folder), (["cargo", "clippy", "--all"], self.root / "rust"), files)
        package = {"pyproject.toml": '[tool.maturin]\npython-source = "python"\n', "Makefile": "l:\n\tcd python && ruff check\n"}
        self.assertEqual(self.calls(package, "ruff"), [["ruff", "check"]])

    def settings(self, files, tool="clippy"):
        """The variables that each call of a tool is given."""
        return [call.settings for call in self.project(files)("automation").of(tool)]

    def test_what_a_program_is_given_in_variables_is_known_wherever_it_is_set(self):
        def ci(steps, more=""):
            return {".github/workflows/ci.yml": f"{more}jobs: {{a: {{steps: [{steps}]}}}}\n"}

        line, made, set_ = "cargo clippy", {"Makefile": "lint:\n\tcargo clippy\n"}, "{RUSTFLAGS: -D warnings}"
        for files in (
            ci("{run: 'RUSTFLAGS=\"-D warnings\" cargo clippy'}"), ci("{run: 'env RUSTFLAGS=\"-D warnings\" cargo clippy'}"),
            ci(f"{{run: cargo clippy, env: {set_}}}"), ci("{run: cargo clippy}", f"env: {set_}\n"),
            ci("{run: 'export RUSTFLAGS=\"-D warnings\"\n\n  cargo clippy'}"),
            ci("{run: 'echo \"RUSTFLAGS=-D warnings\" >> \"$GITHUB_ENV\"'}, {run: cargo clippy}"),
            ci("{run: 'echo RUSTFLAGS=\"-D warnings\" >>$GITHUB_ENV'}, {run: cargo clippy}"),
            {**ci(f"{{run: make lint, env: {set_}}}"), **made}, {**ci("{run: RUSTFLAGS=\"-D warnings\" make lint}"), **made},
            {**ci("{run: make lint RUSTFLAGS=\"-D warnings\"}"), **made},
            {"justfile": "export RUSTFLAGS := '-D warnings'\nlint:\n  cargo clippy\n"},
            {"justfile": "set export\nRUSTFLAGS := '-D warnings'\nlint:\n  cargo clippy\n"},
            {"justfile": "lint:\n  #!/bin/sh\n  export RUSTFLAGS='-D warnings'\n  cargo clippy\n"},
            {"Makefile": "export RUSTFLAGS = -D warnings\nlint:\n\tcargo clippy\n"},
            {"Makefile": "D = -D\nRUSTFLAGS := $(D) warnings\nexport RUSTFLAGS\nlint:\n\tcargo clippy\n"},
            {"Makefile": "RUSTFLAGS := -D warnings\nexport\nlint:\n\tcargo clippy\n"},
            {"tox.ini": "[testenv]\nsetenv =\n    RUSTFLAGS = -D warnings\n[testenv:lint]\ncommands = cargo clippy\n"},
            {"tox.toml": f"[env.lint]\nset_env.RUSTFLAGS = '-D warnings'\ncommands = [{line.split()!r}]\n"},
            {"noxfile.py": f"def lint(s):\n    s.run(*{line.split()!r}, env={{'RUSTFLAGS': '-D warnings'}})\n"},
            {"Taskfile.yml": f"env: {set_}\ntasks: {{lint: cargo clippy}}\n"}, {"Taskfile.yml": f"tasks: {{lint: {{cmds: [cargo clippy], env: {set_}}}}}\n"},
            {"hatch.toml": "[envs.x]\nenv-vars.RUSTFLAGS = '-D warnings'\nscripts.lint = 'cargo clippy'\n"},
            {"pyproject.toml": "[tool.poe.tasks.lint]\ncmd = 'cargo clippy'\nenv.RUSTFLAGS = '-D warnings'\n"},
            {"Makefile.toml": "[env]\nRUSTFLAGS = '-D warnings'\n[tasks.lint]\nscript = 'cargo clippy'\n"},
            {".gitlab-ci.yml": f"variables: {set_}\nlint: {{script: [cargo clippy]}}\n"},
            {".pre-commit-config.yaml": "repos: [{repo: local, hooks: [{id: a, entry: env RUSTFLAGS=\"-D warnings\" cargo clippy}]}]\n"},
        ):  # fmt: skip
            self.assertEqual(self.settings(files), [{"RUSTFLAGS": "-D warnings"}], files)

    def test_only_variables_that_decide_what_is_found_are_handed_on_where_they_are_known_and_the_user_has_set_none(self):
        machine = "LIBCLANG_PATH OPENSSL_DIR PYTHONPATH PYTHONSTARTUP GH_PAT DEPLOY_KEY PGPASS AWS_ACCESS_KEY_ID RUFF_OUTPUT_FORMAT RUSTC_WRAPPER CARGO_INCREMENTAL MYPY_CACHE_DIR"
        env = f"env: {{{', '.join(f'{name}: x' for name in machine.split())}, RUSTFLAGS: '${{{{ secrets.x }}}}', RUSTDOCFLAGS: '{{a}}', SQLX_OFFLINE: true, 1: x}}\n"
        job = "jobs: {a: {strategy: {matrix: {level: [high]}}, env: {CARGO_PROFILE_DEV_DEBUG: '${{ matrix.level }}'}, steps: [{run: 'PATH=x:$PATH cargo clippy'}]}}\n"
        files = {".github/workflows/ci.yml": env + job}
        self.assertEqual(self.settings(files), [{"SQLX_OFFLINE": "true", "CARGO_PROFILE_DEV_DEBUG": "high"}])
        with unittest.mock.patch.dict(os.environ, SQLX_OFFLINE="false"):
            self.assertEqual(self.settings(files), [{"CARGO_PROFILE_DEV_DEBUG": "high"}])
        self.assertEqual(
            self.settings({".gitlab-ci.yml": "variables: {1: x, SQLX_OFFLINE: 'true'}\nlint: {script: ['cargo clippy $y']}\n"}), [{"SQLX_OFFLINE": "true"}]
        )

    def test_variables_of_a_workflow_may_name_others_and_those_of_a_step_that_may_not_run_are_not_for_later(self):
        def ci(steps, more=""):
            return {".github/workflows/ci.yml": f"{more}jobs: {{a: {{steps: [{steps}]}}}}\n"}

        self.assertEqual(
            self.calls(ci("{run: 'ruff check $WHERE', env: {WHERE: '${{ env.SRC }}/in'}}", "env: {SRC: own}\n"), "ruff"), [["ruff", "check", "own/in"]]
        )
        self.assertEqual(
            self.calls(ci("{run: 'ruff check $SRC', env: {SRC: '${{ env.SRC }}/in'}}", "env: {SRC: own}\n"), "ruff"), [["ruff", "check", "own/in"]]
        )
        set_ = "run: 'echo RUSTFLAGS=-Dwarnings >> $GITHUB_ENV'"
        self.assertEqual(self.settings(ci(f"{{{set_}, if: matrix.x}}, {{run: cargo clippy}}")), [{}])
        self.assertEqual(self.settings(ci(f"{{{set_}}}, {{run: cargo clippy}}")), [{"RUSTFLAGS": "-Dwarnings"}])

    def test_what_begins_behind_the_words_of_a_wrapper_is_known(self):
        for line in "direnv exec . ruff check", "mise x python@3.12 -- ruff check", "mise exec -- ruff check", "mise x ruff check":
            self.assertEqual(self.calls({"Makefile": f"l:\n\t{line}\n"}, "ruff"), [["ruff", "check"]], line)

    def test_flags_that_only_nightly_takes_are_left_out_where_another_rust_runs(self):
        for line in (
            "RUSTDOCFLAGS='--cfg docsrs' cargo doc --all-features",
            "cargo +nightly doc --all-features",
            "cargo doc -Zrustdoc-map",
            "RUSTFLAGS=-Zx cargo doc",
        ):
            for version, left in ("rustc 1.90.0 (x)", [None]), ("rustc 1.92.0-nightly (x)", ["Makefile"]):
                load = self.project({"Cargo.toml": '[package]\nname = "own-name"\n', "Makefile": f"d:\n\t{line}\n"}, crate=True)
                load("style").toolchains = set
                load("programs").read = lambda words, *_, version=version, **__: load("programs").Outcome(words, 0, version)
                self.assertEqual([call and call.source for _, _, _, call in load("docs").doc_commands()], left, (line, version))

    def test_what_a_call_has_with_it_is_requirements(self):
        load = self.project({"Makefile": "l:\n\tuv run --with 'pep8-naming>=1,<2,flake8-bugbear[a,b]' --with . --with ./x flake8 own\n"})
        (call,) = load("automation").of("flake8")
        self.assertEqual(load("tools").plug_ins("flake8", call), ["pep8-naming>=1,<2", "flake8-bugbear[a,b]"])

    @unittest.skipIf(os.name == "nt", "a pipe")
    def test_requirements_that_are_no_file_are_not_read(self):
        load = self.project({})
        os.mkfifo(self.root / "pipe")
        self.assertEqual(load("packages").of_pip(["-r", "pipe", "x"], self.root), ["x"])

    def test_what_poetry_takes_for_versions_is_read_and_what_it_does_not_is_none(self):
        poetry = self.project({})("poetry")
        for said, meant in (">=1.2 <2", ">=1.2,<2"), (">= 1.2 , < 2", ">=1.2,<2"), ("^1.2", ">=1.2,<2"), (">", None), (">=x y", None), ("*", ""):
            self.assertEqual(poetry.specifiers(said), meant, said)
        self.assertEqual([poetry.marker({"python": said}) for said in (">", ">=3.9 <4")], [None, "python_full_version >= '3.9' and python_full_version < '4'"])
        groups = "".join(
            f'[tool.poetry.group.{name}]\ninclude-groups = ["{other}"]\n[tool.poetry.group.{name}.dependencies]\n{name}1 = "*"\n'
            for name, other in ("ab", "bc", "ca")
        )
        load = self.project({"pyproject.toml": groups})
        self.assertEqual(dict(load("poetry").groups(self.root / "pyproject.toml"))["group.a"], ["a1", "b1", "c1"])

    def test_the_least_coverage_is_of_reports_of_all(self):
        for line, least in (
            ("coverage report --fail-under=90", "90"),
            ("coverage report --include=a --fail-under=90", ""),
            ("coverage report --omit a --fail-under 90", ""),
        ):
            load = self.project({"Makefile": f"c:\n\t{line}\n", "pyproject.toml": "[tool.pytest.ini_options]\naddopts = 5\n"})
            self.assertEqual(load("coverage_of").told_least()[0], least, line)

    def test_a_variable_of_makes_that_gives_way_to_the_environment_does(self):
        make = {"Makefile": "FLAGS ?= --all\nOTHER = b\n%: Makefile\n\truff check --select $@ $(FLAGS) $(OTHER)\n"}
        for line, words in (
            ("make E", ["--select", "E", "--all", "b"]), ("FLAGS=a OTHER=x make E", ["--select", "E", "a", "b"]), ("make E OTHER=c", ["--select", "E", "--all", "c"]),
        ):  # fmt: skip
            ci = {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: {line}}}]}}}}\n"}
            self.assertEqual(self.calls({**make, **ci}, "ruff"), [["ruff", "check", *words]], line)

    def test_an_environment_of_tox_is_known_by_its_factors(self):
        files = {
            "tox.ini": "[tox]\nenvlist = py{39,310}-{lint,test}\n[testenv]\ncommands =\n    lint: ruff check own\n    !lint: ruff check tests\n[testenv:d{1,2}]\ncommands = ruff check d\n"
        }
        for name, path in ("lint", "own"), ("py39-lint", "own"), ("py310-test", "tests"), ("d2", "d"):
            ci = {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: tox -e {name}}}]}}}}\n"}
            self.assertEqual(self.calls({**files, **ci}, "ruff"), [["ruff", "check", path]], name)

    def test_a_step_that_decides_nothing_is_not_the_pipelines_word(self):
        ci = ".github/workflows/ci.yml"
        for text in (
            "jobs: {a: {if: false, steps: [{run: ruff check ci}]}}\n", "jobs: {a: {steps: [{run: ruff check ci, if: '${{ false }}'}]}}\n",
            "on: workflow_dispatch\njobs: {a: {steps: [{run: ruff check ci}]}}\n", "on: {workflow_dispatch: {inputs: {}}}\njobs: {a: {steps: [{run: ruff check ci}]}}\n",
        ):  # fmt: skip
            decides = {".github/workflows/z.yml": "on: [push, workflow_dispatch]\njobs: {a: {steps: [{run: ruff check own}]}}\n"}
            self.assertEqual(self.calls({ci: text, **decides}, "ruff"), [["ruff", "check", "own"]], text)

    def test_what_pre_commit_skips_in_ci_fails_nothing(self):
        hooks = {".pre-commit-config.yaml": "repos: [{repo: x/black, rev: v1, hooks: [{id: black}]}, {repo: x/ruff, rev: v1, hooks: [{id: ruff}]}]\n"}
        ci = {".github/workflows/ci.yml": "jobs: {a: {steps: [{run: pipx run pre-commit run -a, env: {SKIP: 'black, x'}}]}}\n"}
        automation = self.project({**hooks, **ci})("automation")
        self.assertEqual([call.may_fail for tool in ("black", "ruff") for call in automation.of(tool)], [True, False])

    def test_the_paths_of_a_noxfile_are_known(self):
        paths = "ROOT = Path(__file__).parent\nTESTS = ROOT / 'tests'\n"
        for words in "TESTS", "'tests'", "str(TESTS)", "f'{TESTS}'", "ROOT / 'tests'", "ROOT.joinpath('tests')", "*[TESTS]", "Path('tests')":
            run = f"def lint(s):\n    s.run('ruff', 'check', {words})\n"
            (call,) = self.calls({"noxfile.py": paths + run}, "ruff")
            self.assertEqual([self.root / word for word in call[2:]], [self.root / "tests"], words)

    def test_the_noxfile_itself_may_be_looked_at(self):
        text = "def lint(s):\n    s.run('ruff', 'check', __file__, *s.posargs, unknown())\n"
        (call,) = self.calls({"noxfile.py": text}, "ruff")
        self.assertEqual(call, ["ruff", "check", str(self.root / "noxfile.py")])

    def test_who_only_asks_for_a_version_checks_nothing(self):
        files = {"Makefile": "l:\n\tcargo clippy --version\n\tcargo clippy --all -- -D warnings\n\truff --version\n\truff check --help\n"}
        self.assertEqual(self.calls(files, "clippy"), [self.CLIPPY])
        self.assertEqual(self.calls(files, "ruff"), [])

    def test_expressions_that_nobody_can_know_are_left_out(self):
        text = "jobs: {a: {steps: [{run: 'ruff check ${{ matrix.x }} $(cat y) src'}]}}\n"
        self.assertEqual(self.calls({".github/workflows/ci.yml": text}, "ruff"), [["ruff", "check", "src"]])

    def test_an_option_goes_with_a_value_that_nobody_can_know(self):
        for line in (
            "cargo clippy --all --features ${{ github.event.x }} -- -D warnings", "cargo clippy --all --manifest-path $DIR/Cargo.toml -- -D warnings",
            "cargo clippy --all $(cat flags | tr a b) -- -D warnings",
        ):  # fmt: skip
            self.assertEqual(self.calls({".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: '{line}'}}]}}}}\n"}, "clippy"), [self.CLIPPY], line)

    def test_what_runs_on_windows_alone_has_its_paths(self):
        step = "{run: 'ruff check .\\src'%s}"
        for job in "runs-on: windows-latest, steps: [%s]" % (step % ""), "steps: [%s]" % (step % ", shell: pwsh"):
            self.assertEqual(self.calls({".github/workflows/ci.yml": f"jobs: {{a: {{{job}}}}}\n"}, "ruff"), [])

    def test_a_call_of_cargo_is_about_the_projects_own_crates(self):
        lines = "\tcargo clippy --manifest-path node/Cargo.toml\n\tcargo clippy -p other\n\tcargo clippy -p own-name --locked -- -D warnings\n"
        crate = '[package]\nname = "own-name"\n'
        module = self.project({"Makefile": "l:\n" + lines, "Cargo.toml": crate, "node/Cargo.toml": ""}, crate=True)("automation")
        self.assertEqual([call.arguments[:2] for call in module.of("clippy")], [["-p", "own-name"]])
        for line, arguments in (
            ("cargo fmt --manifest-path=node/Cargo.toml", []),
            ("cargo fmt --manifest-path ./Cargo.toml", [["--manifest-path", "./Cargo.toml"]]),
        ):
            module = self.project({"Makefile": f"l:\n\t{line}\n", "Cargo.toml": crate, "node/Cargo.toml": ""}, crate=True)("automation")
            self.assertEqual([call.arguments for call in module.of("fmt")], arguments)

    def test_a_part_of_a_command_in_tox_toml_may_have_a_default(self):
        text = "[env.l]\ncommands = [['ruff', 'check', '{tox_root}{/}a', {replace = 'posargs', default = ['src', 'tests'], extend = true}]]\n"
        (call,) = self.calls({"tox.toml": text}, "ruff")
        self.assertEqual(call, ["ruff", "check", f"{self.root}/a", "src", "tests"])

    def test_a_command_that_is_known_goes_before_one_that_is_not(self):
        files = {"Makefile": "f:\n\truff check $(shell git diff --name-only | grep py)\nl:\n\truff check src\n"}
        self.assertEqual(self.calls(files, "ruff"), [["ruff", "check", "src"]])

    def test_the_values_of_variables_are_known_where_they_are_written(self):
        matrix = "jobs:\n  a:\n    strategy: {matrix: {flags: [--all, --other], include: [{deny: -D warnings}]}}\n"
        nested = "FLAGS = --all\nCLIPPY := cargo clippy $(FLAGS) # here\nl:\n\t$(CLIPPY) -- -D warnings\n"
        tox = "[testenv:lint]\ncommands =\n    cargo clippy {[base]flags} {posargs:--} {env:X:-D} warnings\n[base]\nflags = --all\n"
        nox = "FLAGS = ('--all', '--')\ndef lint(s):\n    flags = s.posargs or FLAGS\n    s.run('cargo', 'clippy', *flags, '-D', 'warnings')\n"
        for files in (
            {".github/workflows/ci.yml": f"{matrix}    steps:\n    - run: cargo clippy ${{{{ matrix.flags }}}} -- ${{{{ matrix.deny }}}}\n"},
            {".github/workflows/ci.yml": "env: {ALL: --all}\njobs: {a: {steps: [{run: 'cargo clippy $ALL -- -D warnings'}]}}\n"},
            {"Makefile": nested}, {"tox.ini": tox}, {"noxfile.py": nox},
        ):  # fmt: skip
            self.assertEqual(self.calls(files, "clippy"), [self.CLIPPY], files)

    def test_a_shell_reads_signs_between_commands_and_not_in_quotes(self):
        for line, words in (
            ("ruff check src > out.txt 2>&1", ["src"]), ("ruff check src 2> err.txt & x", ["src"]), ("(cd . && ruff check src)", ["src"]),
            ("if ! ruff check src; then exit 1; fi", ["src"]), ("ruff check --select 'E;F' src", ["--select", "E;F", "src"]),
            ("bash -euc 'ruff check src'", ["src"]), ("git ls-files -z '*.py' | xargs -0 -n 9 ruff check", ["src/a.py"]), ("ruff check $$(git ls-files '*.py')", ["src/a.py"]),
        ):  # fmt: skip
            module = self.project({"Makefile": f"l:\n\t{line}\n", "src/a.py": ""})("automation")
            subprocess.run("git init --quiet . && git add .", cwd=self.root, shell=True, check=True)
            self.assertEqual([call.arguments[1:] for call in module.of("ruff")], [words], line)
        self.assertEqual(self.calls({"Makefile": "l:\n\techo 'x; cargo clippy'\n\t(cd y; x); cargo clippy\n"}, "clippy"), [["cargo", "clippy"]])

    def test_what_starts_a_command_may_be_a_script_a_hooks_shell_an_alias_or_a_task(self):
        line = "cargo clippy --all -- -D warnings"
        ci = ".github/workflows/ci.yml"
        for files in (
            {ci: "jobs: {a: {steps: [{run: ./ci/lint.sh x}]}}\n", "ci/lint.sh": f"set -e\n{line}\n./ci/lint.sh\n"},
            {ci: "jobs: {a: {steps: [{run: sh -x ci/lint}]}}\n", "ci/lint": f"#!/bin/sh\n{line}\n"},
            {".pre-commit-config.yaml": f"repos:\n- repo: local\n  hooks:\n  - {{id: c, entry: bash -c '{line}'}}\n"},
            {ci: "jobs: {a: {steps: [{run: cargo lint -D warnings}]}}\n", ".cargo/config.toml": "[alias]\nlint = 'clippy --all --'\n"},
            {"pyproject.toml": f"[tool.poe.tasks]\nlint = [{{cmd = '{line}'}}]\n"},
            {"pyproject.toml": f"[tool.pdm.scripts]\nlint = {{composite = ['{line}']}}\n"},
            {"pyproject.toml": f"[tool.pdm.scripts]\nlint.cmd = {line.split()!r}\n"},
            {"pixi.toml": f"[feature.x.tasks]\nlint = {{cmd = '{line}'}}\n"},
        ):  # fmt: skip
            self.assertEqual(self.calls(files, "clippy"), [self.CLIPPY], files)

    def test_a_command_may_fail_where_the_project_goes_on_in_spite_of_it(self):
        def job(more):
            return {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: ruff check{more}}}]}}}}\n"}

        def made(line):
            return {"Makefile": f"l:\n\t{line}\n"}

        def matrix(values):
            step = "{run: ruff check, continue-on-error: '${{ matrix.e }}'}"
            return {".github/workflows/ci.yml": f"jobs: {{a: {{strategy: {{matrix: {values}}}, steps: [{step}]}}}}\n"}

        for files, may_fail in (
            (made("-@ruff check"), True), (made("ruff check || true"), True), (made("ruff check || echo findings"), True), (made("ruff check --exit-zero"), True),
            (job(", continue-on-error: true"), True), ({".gitlab-ci.yml": "l: {script: [ruff check], allow_failure: true}\n"}, True),
            (matrix("{e: [true]}"), True), (matrix("{e: [true, false]}"), False), (matrix("{e: [true], include: [{e: false}]}"), False),
            (matrix("{v: [1], include: [{v: 2, e: true}]}"), False), (matrix("{include: [{v: 2, e: true}]}"), True), (matrix("{}"), False),
            ({"tox.ini": "[testenv]\ncommands =\n    - ruff check\n"}, True), (made("bash -c 'ruff check' || true"), True),
            (made("@ruff check"), False), (made("ruff check || (echo findings; exit 1)"), False), (made("ruff check || ruff check --fix"), False), (job(""), False),
        ):  # fmt: skip
            self.assertEqual(self.project(files)("automation").of("ruff")[0].may_fail, may_fail, files)


class Style(Case):
    def style(self, files, **more):
        return self.project(files, **more)("style")

    def test_a_formatter_is_the_one_that_the_project_runs_or_configures(self):
        self.assertEqual(self.style({"Makefile": "f:\n\tblack .\n"}).formatter(), "black")
        self.assertEqual(self.style({"ruff.toml": "[format]\n"}).formatter(), "ruff")
        self.assertEqual(self.style({"setup.cfg": "[flake8]\nmax-line-length = 9\n", "a.py": "x=1"}).formatter(), None)

    def test_what_is_formatted_is_all_that_the_formatter_looks_at(self):
        self.assertEqual(self.looked_at({"a.py": "", "b.pyi": "", "c.ipynb": "", "d.md": ""}, 1), (None, [["a.py", "b.pyi", "c.ipynb"]]))

    def test_what_is_formatted_is_asked_in_command_lines_that_every_system_takes(self):
        files = {f"{'a' * 200}/{'b' * 200}/{at:03}.py": "" for at in range(200)}
        formatter, asked = self.looked_at(files, 0)
        self.assertEqual((formatter, sum(asked, [])), ("ruff", sorted(Path(name).name for name in files)))
        self.assertLess(self.longest, 30_000)

    def looked_at(self, files, code):
        """What formats, where ruff ends with a code, and the files that each start of it looks at."""
        module = self.style(files)
        for words in ["init", "--quiet"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "x"]:
            subprocess.run(["git", *words], cwd=self.root, check=True)
        programs, real, asked = module.programs, module.programs.start, []

        def start(words, *others):
            if words[0] != "ruff":
                return real(words, *others)
            asked.append([Path(word).name for word in words if "/" in word])
            self.longest = max(self.longest, len(" ".join(words)))
            return programs.Outcome(words, code)

        programs.start, module.tools.standalone, self.longest = start, lambda tool: [tool], 0
        return module.formatter(), asked

    def test_ruff_lints_unless_another_linter_does(self):
        self.assertTrue(self.style({}).lints_by_ruff())
        self.assertFalse(self.style({".flake8": "[flake8]\n"}).lints_by_ruff())
        self.assertTrue(self.style({".flake8": "[flake8]\n", "ruff.toml": "line-length = 9\n"}).lints_by_ruff())

    def test_settings_of_what_ruff_is_run_in_place_of_are_left_over(self):
        left = {"setup.cfg": "[flake8]\n[isort]\n", ".pylintrc": ""}
        for name in "flake8", "isort", "pylint":
            self.assertTrue(self.style(left).is_used(name))
            self.assertFalse(self.style({**left, "Makefile": "l:\n\truff check\n"}).is_used(name))
            self.assertTrue(self.style({**left, "Makefile": f"l:\n\truff check\n\t{name} src\n"}).is_used(name))

    def test_a_hook_sees_what_pre_commit_would_give_it(self):
        config = "exclude: ^gen/\nrepos:\n- repo: https://github.com/x/ruff-pre-commit\n  rev: v0.16.1\n  hooks:\n  - {id: ruff-format, exclude: '\\.pyi$'}\n"
        names = ["a.py", "b.pyi", "c.md", "gen/d.py", "n.ipynb"]
        module = self.style({".pre-commit-config.yaml": config, **dict.fromkeys(names, "")})
        subprocess.run(["git", "init", "--quiet", "."], cwd=self.root, check=True)
        self.assertEqual(module.hooked(module.calls("ruff", "format")[0].hook), ["a.py", "n.ipynb"])

    def test_a_hook_leaves_out_what_it_is_told_to_by_type(self):
        config = "repos: [{repo: x/ruff, rev: v1, hooks: [{id: ruff-format, exclude_types: [pyi, jupyter]}]}]\n"
        module = self.style({".pre-commit-config.yaml": config, **dict.fromkeys(["a.py", "b.pyi", "n.ipynb"], "")})
        subprocess.run(["git", "init", "--quiet", "."], cwd=self.root, check=True)
        self.assertEqual(module.hooked(module.calls("ruff", "format")[0].hook), ["a.py"])

    def test_a_hook_sees_no_builds_and_what_all_hooks_see(self):
        config = "files: ^src/|^target/\nrepos:\n- repo: https://github.com/x/black\n  rev: v1.0\n  hooks:\n  - {id: black-jupyter}\n"
        names = ["a.py", "src/b.py", "src/c.ipynb", "target/pyx/lint/d.py", "target/e.py"]
        module = self.style({".pre-commit-config.yaml": config, **dict.fromkeys(names, "")})
        subprocess.run(["git", "init", "--quiet", "."], cwd=self.root, check=True)
        (call,) = module.automation.of("black")
        self.assertEqual(module.hooked(call.hook), ["src/b.py", "src/c.ipynb", "target/e.py"])

    def test_crates_are_formatted_as_the_project_formats_them(self):
        lines = "\tcargo fmt -p own-name -- --check --config max_width=99\n\tcargo fmt -p own-name -- --config max_width=99\n\tcargo fmt --all --check\n"
        files = {"Cargo.toml": '[package]\nname = "own-name"\n', "Makefile": "f:\n" + lines}
        style = self.project(files, crate=True)("style")
        for end, words in ("--check", ["--check"]), (None, []):
            found = [["cargo", "fmt", "-p", "own-name", *words, "--", "--config", "max_width=99"], ["cargo", "fmt", "--all", *words]]
            self.assertEqual([command for command, _ in style.rustfmt(end)], found)

    def test_another_nightly_formats_otherwise_and_so_none_does(self):
        load = self.project({"Cargo.toml": "", "Makefile": "f:\n\tcargo +nightly-2026-01-02 fmt --all\n"}, crate=True)
        style = load("style")
        style.toolchains = lambda: {"nightly-2026-01-02-x86_64-unknown-linux-gnu"}
        self.assertEqual(style.rustfmt()[0][0], ["cargo", "+nightly-2026-01-02", "fmt", "--all"])
        self.assertFalse(style.has_toolchain("nightly"))
        style.toolchains = lambda: {"stable-x86_64-unknown-linux-gnu", "nightly-x86_64-unknown-linux-gnu"}
        self.assertTrue(style.has_toolchain("nightly") and style.has_toolchain("stable"))
        with self.assertRaises(load("steps").Trouble) as error:
            style.rustfmt()
        self.assertIn("rustup toolchain install nightly-2026-01-02", error.exception.hint)

    def test_markdown_is_no_python_unless_the_project_says_so(self):
        self.assertIn("*.md", " ".join(self.style({}).no_markdown()))
        self.assertNotIn("*.md", " ".join(self.style({"ruff.toml": 'extend-include = ["*.md"]\n'}).no_markdown()))
        for files, is_left_out in ({}, True), ({"Makefile": "l:\n\truff format --check .\n"}, False):
            module = self.style(files)
            module.tools.standalone = lambda tool, more=(): [tool]
            ((words, _),) = module.format_commands("ruff", True, module.format_calls("ruff")[0])
            self.assertEqual("*.md" in " ".join(words), is_left_out)


class Checks(Case):
    def names(self, files, **more):
        return [check.name for check in [*self.project(files, **more)("lint").ruff()]]

    def test_what_fixes_is_no_further_check(self):
        lines = ["uv run ruff check src", "uv run ruff check --fix src", "ruff check --fix-only src", "ruff check -q src"]
        self.assertEqual(self.names({"Makefile": "".join(f"l:\n\t{line}\n" for line in lines)}), ["ruff check"])
        self.assertEqual(self.names({"Makefile": "l:\n\truff check --fix src\n"}), ["ruff check"])
        self.assertEqual(len(self.names({"Makefile": "l:\n\truff check src\n\truff check tests\n"})), 2)

    def test_a_hook_that_repairs_fails_where_it_does(self):
        hooks = "repos: [{repo: x/ruff, rev: v1, hooks: [{id: ruff-check, args: [--select, I, --fix]}, {id: ruff-check}]}]\n"
        self.assertEqual(len(self.names({".pre-commit-config.yaml": hooks})), 2)

    def test_each_call_of_a_tool_is_a_check(self):
        load = self.project({"Cargo.toml": "", "Cargo.lock": "", "Makefile": "".join(f"l:\n\t{tool} {path}\n" for path in ("a", "b", "a") for tool in (
            "ruff format --check", "ruff check", "flake8", "isort -c", "cargo audit --ignore",
        ))}, crate=True)  # fmt: skip
        load("tools").standalone = lambda tool, more=(): [tool]
        names = [check.name for check in load("lint").python()]
        self.assertEqual(sorted(names), sorted(2 * ["ruff check", "ruff format", "flake8", "isort"]))
        commands = [command for call in load("style").format_calls("ruff") for command, _ in load("style").format_commands("ruff", True, call)]
        self.assertEqual([words[-1] for words in commands], ["a", "b"])
        audit, run = load("audit"), load("steps").Steps("audit")
        audit.audit = lambda lock, call, yes: (lock, call.arguments[-1])
        audit.rust(run, True)
        self.assertEqual([(row.state, row.text) for row in run.rows], [(self.root / "Cargo.lock", "a"), (self.root / "Cargo.lock", "b")])

    def test_black_is_a_check_for_each_call_as_well(self):
        load = self.project({"Makefile": "l:\n\tblack --check a\n\tblack --check b\n\tblack a\n"})
        self.assertEqual([check.name for check in load("lint").python() if check.tool == "black"], ["black", "black"])

    def started(self, files, tool, **more):
        """The variables with which programs were started whose words hold a tool's name."""
        load, found = self.project(files, **more), []
        programs = load("programs")
        programs.start = lambda words, folder, variables, *_: found.append((words, variables or {})) or programs.Outcome(words, 0)
        for one in "standalone", "beside":
            setattr(load("tools"), one, lambda tool, *_, **__: [tool])
        load("style").toolchains = set
        run = load("steps").Steps("x")
        with contextlib.redirect_stderr(io.StringIO()):
            for check in (*load("lint").rust(), *load("lint").python()):
                check.work(False)
            load("docs").of_crates(run)
        return [(words, variables) for words, variables in found if tool in words]

    def test_a_tool_is_given_the_variables_that_the_project_gives_it(self):
        for tool, line in (
            ("clippy", "cargo clippy"), ("mypy", "mypy src"), ("pyright", "pyright"), ("ty", "ty check"), ("flake8", "flake8 ."), ("ruff", "ruff check"),
            ("ruff", "ruff format --check"), ("black", "black --check ."), ("isort", "isort -c ."), ("doc", "cargo doc --document-private-items"),
        ):  # fmt: skip
            found = self.started({"Cargo.toml": "", "Makefile": f"l:\n\tRUSTFLAGS=own {line}\n"}, tool, crate=True)
            found = [(words, variables) for words, variables in found if tool != "ruff" or line.split()[1] in words]
            self.assertTrue(found and all(variables.get("RUSTFLAGS") == "own" for _, variables in found), (line, found))

    def test_what_clippy_denies_is_what_the_variables_say(self):
        for flags in "-D warnings -A dead_code", "--deny warnings", "-Dwarnings":
            ((words, variables),) = self.started({"Cargo.toml": "", "Makefile": f"l:\n\tRUSTFLAGS='{flags}' cargo clippy\n"}, "clippy", crate=True)
            self.assertEqual((words[-1][:9], variables["RUSTFLAGS"]), ("--message", flags))

    def test_clippy_is_given_no_flags_that_only_nightly_takes_where_another_rust_runs(self):
        ((words, variables),) = self.started({"Cargo.toml": "", "Makefile": "l:\n\tRUSTFLAGS=-Zx cargo clippy --all\n"}, "clippy", crate=True)
        self.assertEqual(("--all" in words, "RUSTFLAGS" in variables), (False, False))

    def test_clippy_that_fixes_is_no_further_check(self):
        lines = [
            "cargo clippy --all",
            "cargo clippy --fix --allow-dirty --all",
            "cargo clippy --all --message-format=short",
            "cargo clippy --message-format short --all",
        ]
        load = self.project({"Cargo.toml": "", "Makefile": "".join(f"l:\n\t{line}\n" for line in lines)}, crate=True)
        load("style").toolchains = set
        names = [check.name for check in load("lint").rust() if check.tool == "clippy"]
        self.assertEqual(names, ["clippy"])

    def commands(self, files, name):
        """What a check of Python code would run."""
        load, found = self.project(files), []
        subprocess.run("git init --quiet . && git add .", cwd=self.root, shell=True, check=True)
        programs = load("programs")
        real = programs.start

        def start(words, *more):
            if words[0] == "git":
                return real(words, *more)
            found.append(words)
            return programs.Outcome(words, 1)

        programs.start = start
        for one in "standalone", "beside":
            setattr(load("tools"), one, lambda tool, *_, **__: [tool])
        lint, steps = load("lint"), load("steps")
        states = [steps.weighed(check.work(False), check.call)[0] for check in lint.python() if check.name == name]
        return [word for word in found[-1] if "cache" not in word and word != str(self.root / "target/pyx/lint/mypy")], states[0]

    HOOK = ".pre-commit-config.yaml", "repos:\n- repo: https://github.com/x/{}\n  rev: v1.0\n  hooks:\n  - {{id: {}, exclude: ^gen/}}\n"

    def test_a_hook_is_started_as_pre_commit_starts_it(self):
        name, text = self.HOOK
        for repository, tool, words in (
            ("isort", "isort", ["isort", "--skip-gitignore", "--check-only", "--diff", "--filter-files", "a.py"]),
            ("mirrors-mypy", "mypy", ["mypy", "--ignore-missing-imports", "--scripts-are-modules", "a.py"]),
        ):
            files = {name: text.format(repository, tool), "a.py": "", "gen/b.py": ""}
            self.assertEqual(self.commands(files, tool)[0], words)

    def test_linters_look_at_no_environment_and_no_build(self):
        (words, _) = self.commands({"Makefile": "l:\n\tflake8 .\n"}, "flake8")
        self.assertEqual(words, ["flake8", ".", f"--extend-exclude={self.root}/.venv,{self.root}/target"])
        (words, _) = self.commands({"Makefile": "l:\n\tcodespell\n"}, "codespell")
        self.assertEqual(words, ["codespell", "--skip=./.venv,./target"])

    def test_pylint_looks_at_what_git_has_of_the_folder(self):
        files = {"Makefile": "l:\n\tpylint --recursive=y .\n", "own_name/a/b.py": "", "c.py": "", "docs/d.md": ""}
        (words, _) = self.commands(files, "pylint")
        self.assertEqual(words, ["pylint", "--recursive=y", "c.py", "own_name"])

    def test_an_option_that_is_not_there_names_the_recipe_that_is_meant(self):
        for recipe, option, meant in ("fmt", "--check", "cargo pyx just lint"), ("lint", "--fix", "cargo pyx just fmt"):
            load, said = self.project({}), io.StringIO()
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit):
                load(recipe).main([option])
            self.assertIn(f"`{recipe}` has no option `{option}`", said.getvalue())
            self.assertIn(f"hint: `{meant}`", said.getvalue())

    def test_a_word_that_a_recipe_does_not_take_is_a_mistake_in_the_command_line(self):
        for recipe, words, hint in (
            ("lint", ["--dry-run"], "hint: cargo pyx just --dry-run lint\n"),
            ("lint", ["nope"], "hint: there are "),
            ("fmt", ["--message-format", "json"], "hint: cargo pyx just --message-format json fmt\n"),
            ("fmt", ["nope"], "hint: choose python or rust\n"),
            ("audit", ["--yes", "nope"], "hint: cargo pyx just audit --yes\n"),
            ("stubtest", ["--fix", "--offline"], "hint: cargo pyx just --offline types\n"),
            ("ci", ["nope"], "hint: cargo pyx just ci\n"),
            ("docs", ["--python=3.12"], "hint: cargo pyx just --python=3.12 docs\n"),
            ("bench", ["-k", "a", "--dry-run"], "hint: cargo pyx just --dry-run bench\n"),
            ("cov", ["--dry-run"], "hint: cargo pyx just --dry-run cov\n"),
            ("pgo", ["--locked"], "hint: cargo pyx just --locked pgo\n"),
        ):
            load, said = self.project({}), io.StringIO()
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
                load(recipe).main(words)
            self.assertEqual(ended.exception.code, 2, (recipe, words))
            self.assertIn(hint, said.getvalue())

    def test_ci_does_not_fail_for_tests_that_are_not_there(self):
        for code, state in (5, "noted"), (1, "failed"), (0, "ok"):
            load = self.project({})
            programs, steps = load("programs"), load("steps")
            programs.start = lambda words, *_: programs.Outcome(words, code)
            self.assertEqual(steps.weighed(load("ci").test(), None)[0], state)

    def test_a_linter_without_a_path_looks_at_the_packages(self):
        files = {"Makefile": "l:\n\tpylint --fail-under 9 $(X)\n\tmypy --strict $(X)\n", "own_name/__init__.py": ""}
        for name in "pylint", "mypy":
            (words, _) = self.commands(files, name)
            self.assertEqual(words[-1], f"{self.root}/own_name")

    def test_what_may_fail_fails_nothing(self):
        self.assertEqual(self.commands({"Makefile": "l:\n\tflake8 . || true\n"}, "flake8")[1], "noted")
        self.assertEqual(self.commands({"Makefile": "l:\n\tflake8 .\n"}, "flake8")[1], "failed")


class Advisories(Case):
    def asked(self, files, answer, name):
        """The command by which a tool looks, with what the project tells it, and the states of all steps."""
        load = self.project({"Cargo.lock": "", "Cargo.toml": "", **files}, crate=True)
        programs, audit, found = load("programs"), load("audit"), []

        def start(words, *_):
            found.append(words)
            return programs.Outcome(words, 0, answer)

        programs.start, audit.cargo_tool = start, lambda name, yes: ["cargo"]
        load("tools").standalone, load("tools").asked = lambda tool: [tool], lambda python, name: str(self.root)
        run = load("steps").Steps("audit")
        with contextlib.redirect_stderr(io.StringIO()):
            audit.rust(run, True)
            audit.python(run)
        return [words for words in found if name in words][-1], {row.name: row.state for row in run.rows}

    def test_what_the_project_ignores_is_ignored(self):
        answer = '{"vulnerabilities": {"list": []}, "warnings": {}, "dependencies": []}'

        def action(name, inputs):
            return {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{uses: {name}@v1, with: {{{inputs}}}}}]}}}}\n"}

        for files, program, words in (
            ({"Makefile": "a:\n\tcargo audit --ignore RUSTSEC-1 --deny warnings -q\n"}, "audit", ["--ignore", "RUSTSEC-1", "--deny", "warnings"]),
            (action("rustsec/audit-check", "ignore: 'RUSTSEC-1,RUSTSEC-2'"), "audit", ["--ignore", "RUSTSEC-1", "--ignore", "RUSTSEC-2"]),
            ({"Makefile": "a:\n\tpip-audit --ignore-vuln=A -r x.txt\n"}, "pip-audit", ["--ignore-vuln=A"]),
            ({"Makefile": "a:\n\tcargo deny check advisories bans\n"}, "deny", ["deny", "check", "advisories", "bans"]),
            (action("EmbarkStudios/cargo-deny-action", "command: 'check ${{ matrix.x }}'"), "deny", ["deny", "check"]),
            ({"deny.toml": ""}, "deny", ["deny", "check"]),
        ):  # fmt: skip
            asked, _ = self.asked(files, answer, program)
            self.assertEqual(asked[-len(words) :], words, files)

    def said(self, *arguments):
        module, said = self.project({})("audit"), io.StringIO()
        with contextlib.redirect_stderr(said):
            return module.verdict(*arguments), said.getvalue()

    def test_what_the_lock_has_of_folders_is_left_out_with_words_that_the_oldest_uv_knows(self):
        load = self.project({"uv.lock": ""}, lock="uv.lock")
        programs, asked = load("programs"), []

        def start(words, *_):
            asked.extend(words)
            lines = "-e ./one\n./two ; sys_platform == 'linux'\n/three/four\nfile:///five\nsix @ file:///six\n../seven\nnumpy==2.1 ; python_version > '3'\neight @ git+https://own.example/eight\n"
            return programs.Outcome(words, 0, lines)

        programs.start = start
        given = load("audit").locked()
        self.assertEqual(Path(given[1]).read_text().splitlines(), ["numpy==2.1 ; python_version > '3'", "eight @ git+https://own.example/eight"])
        self.assertNotIn("--no-emit-local", asked)

    def test_an_index_that_answers_for_nothing_is_named_and_not_each_package(self):
        (state, text), said = self.said([], [], [f"package-{n}" for n in range(40)])
        self.assertEqual((state, text), ("not checked", "no advisories"))
        self.assertIn("none of the 40 packages", said)
        self.assertNotIn("package-7", said)

    def test_of_many_packages_some_are_named(self):
        (state, _), said = self.said([{"name": "a"}], [], [f"package-{n}" for n in range(40)])
        self.assertEqual(state, "ok")
        self.assertIn("package-0, package-1, package-2, package-3, package-4 and 35 more", said)


class Pipeline(Case):
    def test_what_cannot_be_built_or_compared_is_not_said_to_be_a_finding(self):
        for dev, stubs, state, text in (
            (0, 0, "ok", ""), (0, 1, "ok", "findings that the project's own checks do not look for"),
            (0, 3, "ok", "not compared: it ended with 3"), (1, 1, "failed", "1"),
        ):  # fmt: skip
            load = self.project({})
            programs, steps = load("programs"), load("steps")
            programs.start = lambda words, *_: programs.Outcome(words, dev if words[1] == "dev" else stubs)
            run = steps.Steps("ci")
            with contextlib.redirect_stderr(io.StringIO()):
                run.judged("types", load("ci").beside)
            self.assertEqual((run.rows[0].cells()[1]), f"{state} ({text})" if text else state)


class Installing(Case):
    def test_a_tool_keeps_its_version_where_what_is_listed_beside_it_cannot_be_had(self):
        load, tried, said = self.project({"requirements.txt": "ty==0.0.55\nother @ git+https://own.example/gone\n"}), [], io.StringIO()
        tools = load("tools")

        def environment(name, requirements, below=None):
            tried.append(requirements)
            if len(requirements) > 1:
                raise load("steps").Trouble("uv cannot install it: no such host")
            (self.root / "made/bin").mkdir(parents=True)
            (self.root / "made/bin/ty").write_text("")
            return self.root / "made"

        tools.environment = environment
        with contextlib.redirect_stderr(said):
            self.assertEqual(tools.beside("ty"), [str(self.root / "made/bin/ty")])
        self.assertEqual(tried[1], ["ty==0.0.55"])
        self.assertIn("requirements.txt lists beside ty what cannot be installed: uv cannot install it: no such host", said.getvalue())

    def plug_ins(self, files, tool="flake8"):
        load = self.project(files)
        load("tools").note = lambda sentence: None
        calls = load("automation").of(tool)
        return [load("tools").plug_ins(tool, call) for call in calls or [None]]

    def test_a_linter_finds_the_plug_ins_that_the_project_gives_it(self):
        hook = "repos: [{repo: x/flake8, rev: 7.1.2, hooks: [{id: flake8, additional_dependencies: [other, flake8-own==1]}]}]\n"
        line = {"Makefile": "l:\n\tflake8 .\n"}
        for files, found in (
            ({".pre-commit-config.yaml": hook}, ["other", "flake8-own==1"]),
            ({"Makefile": "l:\n\tpip install flake8==7.1.2 flake8-own==1 pep8-naming numpy\n\tflake8 .\n"}, ["flake8-own==1", "pep8-naming"]),
            ({"Makefile": "l:\n\tuvx --with flake8-own==1,other flake8@7.1.2 tests\n"}, ["flake8-own==1", "other"]),
            ({**line, "pyproject.toml": PROJECT + "[dependency-groups]\na = ['flake8', 'flake8-own', 'numpy']\nb = ['flake8-of-none']\n"}, ["flake8-own"]),
            ({"Makefile": "l:\n\tuvx flake8@7.1.2 tests\n", "requirements.txt": "flake8\nflake8-own\n"}, []),
        ):  # fmt: skip
            self.assertEqual(self.plug_ins(files), [found], files)
        self.assertEqual(self.plug_ins({"Makefile": "l:\n\truff check\n", "requirements.txt": "ruff\nruff-lsp\n"}, "ruff"), [[]])

    def test_plug_ins_are_installed_beside_the_tool(self):
        load, asked = self.project({"requirements.txt": "flake8==7.1.2\nflake8-own\nnumpy\n"}), []
        load("tools").had = lambda tool, program, wants, below: asked.append(wants[0].requirements) or tool
        load("tools").standalone("flake8", load("tools").plug_ins("flake8", None))
        self.assertEqual(asked, [["flake8==7.1.2", "flake8-own"]])


class Encodings(Case):
    def test_a_list_of_requirements_is_decoded_by_its_byte_order_mark(self):
        for encoding in "utf-8", "utf-8-sig", "utf-16", "utf-16-be":
            module, text = self.project({})("project"), "ruff==0.5.1\r\n"
            mark = "\ufeff" if encoding.endswith("be") else ""
            (self.root / "requirements-dev.txt").write_bytes((mark + text).encode(encoding))
            self.assertEqual(module.text(self.root / "requirements-dev.txt"), "ruff==0.5.1\n", encoding)


class Endless(Case):
    def test_names_that_multiply_without_end_are_not_read(self):
        module = self.project({})("tasks")
        self.assertEqual(module.alternatives("{a,b}" * 40 + ", py{39,310}-lint"), ["py39-lint", "py310-lint"])

    def test_yaml_that_holds_itself_or_grows_without_end_is_not_read(self):
        grows = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        files = {"own.yml": "script: &a [*a]\n", "grows.yml": f"a0: &a0 x\n{grows}", "deep.yml": "[" * 9000, "plain.yml": "script: [a]\n"}
        module = self.project(files)("project")
        self.assertEqual([module.yml(self.root / name) for name in files], [None, None, None, {"script": ["a"]}])


class Training(Case):
    def test_a_lock_that_appears_during_the_training_is_kept_aside(self):
        load, said = self.project({"pyproject.toml": PROJECT}), io.StringIO()
        pgo = load("pgo")
        pgo.bench.optimised = lambda *_: (self.root / "uv.lock").write_text("of a person") and "built"
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(pgo.by_maturin(), "built")
        self.assertFalse((self.root / "uv.lock").exists())
        self.assertEqual((self.root / "target/pyx/pgo/uv-0.lock").read_text(), "of a person")
        self.assertIn("`uv.lock`, which was created during the training", said.getvalue())


class Told(Case):
    def test_how_a_tool_tells_its_findings_goes_with_its_value(self):
        for told in "--output-format github", "--output-format=github", "--output-file out.txt", "-o out.txt":
            load = self.project({"Makefile": f"l:\n\truff check {told} src\n\truff check src --no-fix\n"})
            style = load("style")
            first = style.arguments(style.calls("ruff", "check")[0], style.RUFF_CHECK)
            self.assertEqual(first, ["src"], told)


class Cleaning(Case):
    def test_what_is_installed_and_what_others_compiled_is_no_leftover(self):
        module = "PyInit_x rustc 1.90"
        kept = (
            "vendor/orjson/orjson.cpython-312-x86_64-linux-gnu.so", "env/lib/_own.abi3.so", "__pypackages__/3.12/lib/own_name/_own.abi3.so",
            "python/lib/python3.12/site-packages/own_name/_own.abi3.so", ".venv/lib/_own.so",
        )  # fmt: skip
        gone = ("own_name/_own.abi3.so", "src/_own.cpython-312-x86_64-linux-gnu.so", "old/own_crate.so")
        files = {"env/conda-meta/history": "", "Cargo.toml": '[package]\nname = "own-crate"\n', **dict.fromkeys((*kept, *gone), module)}
        found = self.project(files, crate=True)("clean").leftovers()
        self.assertEqual({path.relative_to(self.root).as_posix() for path in found}, set(gone))

    def removable(self, done):
        """What goes where git ends like this; None and what is said where the recipe ends before that."""
        load, said = self.project({".git/HEAD": "", "tests/.pytest_cache/data": ""}), io.StringIO()
        programs = load("programs")
        programs.start = lambda words, *_: done(programs, words)
        with contextlib.redirect_stderr(said):
            try:
                return load("clean").removable(), said.getvalue()
            except SystemExit:
                return None, said.getvalue()

    def test_nothing_is_removed_where_git_does_not_say_what_it_tracks(self):
        for done in (
            lambda programs, words: programs.Outcome(words, 128, err="fatal: detected dubious ownership\n"),
            lambda programs, words: programs.Outcome(words, programs.NOT_FOUND, trouble="is not there"),
        ):
            found, said = self.removable(done)
            self.assertEqual(found, None)
            self.assertRegex(said, r"error: .*(dubious ownership|git is not there)")
        found, _ = self.removable(lambda programs, words: programs.Outcome(words, 0))
        self.assertEqual([path.name for path in found], [".pytest_cache"])

    def test_names_that_are_no_text_are_tracked_as_well(self):
        programs = self.project({"raw": ""})("programs")
        done = programs.read(["printf", r"\377"], self.root, given_text="")
        self.assertEqual(os.fsencode(done.out), b"\xff")

    def test_sizes_are_known_where_the_system_counts_no_blocks(self):
        load = self.project({"own/a": "12345", "own/b": "67"})
        states = {name: os.lstat(self.root / "own" / name) for name in ("a", "b")}

        def state(path):
            known = states.get(path.name) or os.stat_result([0] * 10)
            return types.SimpleNamespace(st_mode=known.st_mode, st_dev=known.st_dev, st_ino=known.st_ino, st_size=known.st_size)

        with unittest.mock.patch.object(Path, "lstat", state):
            self.assertEqual(load("clean").size(self.root / "own"), 7)


class OnWindows(Case):
    def test_a_program_that_was_built_once_is_found_by_its_name_there(self):
        for system, name in ("nt", "cargo-audit.exe"), ("posix", "cargo-audit"):
            load = self.project({f"cache/tools/cargo-audit/bin/{name}": ""})
            audit, programs = load("audit"), load("programs")
            audit.given.FACTS["cache"] = str(self.root / "cache")
            audit.consent.given_for = lambda *_: False
            audit.shutil = types.SimpleNamespace(which=lambda _: None)
            programs.os = types.SimpleNamespace(name=system)
            self.assertEqual(audit.cargo_tool("cargo-audit", False), [str(self.root / "cache/tools/cargo-audit/bin" / name)])

    def test_what_is_built_for_all_projects_is_built_by_nothing_of_this_one(self):
        load, started = self.project({"rust-toolchain.toml": "[toolchain]\nchannel = '1.2.3'\n"}), []
        audit, programs = load("audit"), load("programs")
        audit.given.FACTS["cache"] = str(self.root.parent / "cache")
        audit.consent.given_for = lambda *_: True
        audit.shutil = types.SimpleNamespace(which=lambda _: None)
        programs.start = lambda words, folder, variables, unset, *_: started.append((Path(folder), unset)) or programs.Outcome(words, 0)
        with contextlib.redirect_stderr(io.StringIO()), unittest.mock.patch.object(Path, "mkdir"):
            audit.cargo_tool("cargo-audit", True)
        (folder, unset), *_ = started
        self.assertNotIn(self.root, [folder, *folder.parents])
        self.assertIn("RUSTUP_TOOLCHAIN", unset)

    def test_what_calls_the_compiler_through_a_script_of_the_shell_says_so_before_anything_is_built(self):
        for name, words in ("cov", ["cov", "--yes"]), ("pgo", ["pgo"]):
            load, said = self.project({"tests/test_own.py": "def test_own(benchmark): pass\n"}, crate=True), io.StringIO()
            load("programs").start = lambda words, *_: self.fail(words)
            load("apart").WINDOWS = True
            with self.assertRaises(SystemExit) as end, contextlib.redirect_stderr(said):
                load(name).main(words[1:])
            self.assertEqual(end.exception.code, 3)
            self.assertIn(f"error: `{name}` works on Linux and macOS only", said.getvalue())


class Docs(Case):
    def test_the_automation_says_where_the_documentation_is(self):
        for line, name, place in (
            ("sphinx-build -W -b html text out", "sphinx", "text"), ("sphinx-build -M html text out", "sphinx", "text"),
            ("mkdocs build --strict -f web/m.yml", "mkdocs", "web/m.yml"), ("mkdocs build --config-file=web/m.yml", "mkdocs", "web/m.yml"),
            ("uvx zensical build -f web/m.yml", "zensical", "web/m.yml"),
        ):  # fmt: skip
            files = {"Makefile": f"d:\n\t{line}\n", "text/conf.py": "", "web/m.yml": "", "docs/conf.py": ""}
            found = self.project(files)("docs").config_of(None)
            self.assertEqual((found[0], found[2]), (name, self.root / place), line)

    MAKE = (
        'SPHINXOPTS ?=\nSPHINXBUILD ?= sphinx-build\nSOURCEDIR = .\nBUILDDIR = _build\nhelp:\n\t@$(SPHINXBUILD) -M help "$(SOURCEDIR)" "$(BUILDDIR)" $(SPHINXOPTS) $(O)\n'
        '.PHONY: help Makefile\n%: Makefile\n\t@$(SPHINXBUILD) -M $@ "$(SOURCEDIR)" "$(BUILDDIR)" $(SPHINXOPTS) $(O)\n'
    )

    def built(self, files, then=lambda folder: None):
        """How the documentation is built: the words behind the program's name, the folder and the variables."""
        load, found = self.project(files), []
        load("docs").with_packages = lambda tool, program: [program]
        programs, real = load("programs"), load("programs").start

        def start(words, folder, variables, *others):
            if words[0] == "git":
                return real(words, folder, variables, *others)
            found.append((words[1:], folder, variables))
            then(Path(folder))
            return programs.Outcome(words, 0, f"{folder}/x.rst: said")

        programs.start = start
        docs = load("docs")
        with contextlib.redirect_stderr(io.StringIO()) as said:
            _, work, path = docs.config_of(None)
            self.assertTrue(work(path))
        self.said = said.getvalue()
        return found[0]

    def test_sphinx_is_told_what_the_project_tells_it(self):
        def ci(steps):
            return {".github/workflows/ci.yml": f"jobs: {{a: {{steps: [{{run: '{steps}'}}]}}}}\n"}

        def rtd(build):
            return {".readthedocs.yaml": f"build: {{{build}}}\n"}

        made = {"text/Makefile": self.MAKE}
        for files, words in (
            ({**ci('make -C text html SPHINXOPTS="-W --keep-going"'), **made}, ["-W", "--keep-going"]), ({**ci('cd text && SPHINXOPTS=-n make html'), **made}, ["-n"]),
            (ci("sphinx-build -nW -b html text out"), ["-nW"]), (ci("sphinx-build -n -W -t internal -D a=b --color text out -j auto"), ["-n", "-W", "-t", "internal", "-D", "a=b", "--color"]),
            (ci("python -m sphinx -bdirhtml -d x text out"), []), (ci("sphinx-build -M html text out -T"), ["-T"]),
            (ci("sphinx-build -W -b linkcheck text out; sphinx-build -n text out"), ["-n", "-W"]),
            (rtd("commands: [pip install sphinx, sphinx-build -W text $READTHEDOCS_OUTPUT/html]"), ["-W"]), (rtd("jobs: {build: {html: [sphinx-build -n text out]}}"), ["-n"]),
            (rtd("jobs: {post_build: [sphinx-build -n text out]}"), ["-n"]),
        ):  # fmt: skip
            told, _, _ = self.built({"text/conf.py": "", **files})
            told = told[: told.index("-d")]
            self.assertEqual(told, ["-b", "html", *words], files)
        told, _, settings = self.built({"etc/conf.py": "", **ci("RUSTFLAGS=own sphinx-build -c etc web out"), "web/index.rst": ""})
        self.assertEqual((told[2:4], Path(told[-2]).name, settings), (["-c", "etc"], "web", {"RUSTFLAGS": "own"}))

    def test_what_sphinx_writes_beside_its_sources_is_not_written_into_the_projects(self):
        def then(folder):
            tree = self.root / "target/pyx/docs/tree"
            self.assertEqual(((tree / "docs/own.rst").read_text(), (tree / "python/own.so").read_text()), ("x", "built"))
            (tree / "docs/generated.rst").write_text("")

        files = {"docs/conf.py": "", "docs/own.rst": "x", "python/own.so": "built", ".gitignore": "*.so\n"}
        words, folder, _ = self.built(files, then)
        self.assertEqual((words[-2], str(folder)), (f"{self.root}/target/pyx/docs/tree/docs", f"{self.root}/target/pyx/docs/tree"))
        self.assertEqual(sorted(path.name for path in (self.root / "docs").iterdir()), ["conf.py", "own.rst"])
        self.assertEqual((self.root / "python/own.so").read_text(), "built")
        self.assertIn(f"{self.root}/x.rst: said", self.said)
        self.assertFalse((self.root / "target/pyx/docs/tree").exists())

    @unittest.skipIf(os.name == "nt", "links and modes")
    def test_the_copy_that_sphinx_reads_has_all_of_the_folder(self):
        load = self.project(
            {"docs/conf.py": "", "docs/run.sh": "", "docs/sub/kept.rst": "", "docs/sub/made.rst": "made", "other/in.rst": "in", ".gitignore": "made.rst\n"}
        )
        subprocess.run(["git", "init", "--quiet"], cwd=self.root, check=True)
        (self.root / "docs/run.sh").chmod(0o755)
        (self.root / "docs/linked").symlink_to(self.root / "other")
        tree = self.root / "target/pyx/tree"
        self.assertTrue(load("docs").mirrored(self.root / "docs", tree))
        self.assertEqual([(tree / "docs" / name).read_text() for name in ("sub/made.rst", "linked/in.rst")], ["made", "in"])
        self.assertTrue(os.access(tree / "docs/run.sh", os.X_OK))
        self.assertFalse((tree / "docs/sub/kept.rst").is_symlink())

    def test_sphinx_that_is_started_outside_of_the_checkout_reads_in_place(self):
        with tempfile.TemporaryDirectory() as outside:
            line = f"cd {outside} && sphinx-build {{}} out"
            load = self.project({"docs/conf.py": ""})
            (self.root / "Makefile").write_text(f"d:\n\t{line.format(self.root / 'docs')}\n")
            load("docs").with_packages = lambda tool, program: [program]
            load("docs").told = lambda words, *_: words
            self.assertEqual(load("docs").sphinx(self.root / "docs")[-2], self.root / "docs")

    def test_crates_are_documented_as_the_project_has_it_done(self):
        ci = "jobs: {a: {steps: [{run: cargo doc --no-deps --document-private-items --open}, {run: cargo doc -p own-name --target x}]}}\n"
        load = self.project({"Cargo.toml": '[package]\nname = "own-name"\n', ".github/workflows/ci.yml": ci}, crate=True)
        load("style").toolchains = set
        ((_, words, _, call),) = load("docs").doc_commands()
        self.assertEqual((words, call.source), (["cargo", "doc", "--no-deps", "--document-private-items"], ".github/workflows/ci.yml"))

    def test_zensical_builds_what_it_is_configured_or_listed_for(self):
        listed = {"mkdocs.yml": "", "requirements.txt": "zensical\nruff\n"}
        for files, name, path in (
            ({"zensical.toml": "", "mkdocs.yml": ""}, "zensical", "zensical.toml"), (listed, "zensical", "mkdocs.yml"),
            ({**listed, "Makefile": "d:\n\tzensical build\n"}, "zensical", "mkdocs.yml"),
            ({**listed, "requirements.txt": "zensical\nmkdocs\n"}, "mkdocs", "mkdocs.yml"),
        ):  # fmt: skip
            found = self.project(files)("docs").config_of(None)
            self.assertEqual((found[0], found[2]), (name, self.root / path), files)

    def test_zensical_which_writes_beside_its_configuration_gets_a_copy_of_what_git_would_commit(self):
        load = self.project({"web/zensical.toml": "[project]\nsite_dir = 'out'\n", "own.md": "", "ignored.md": "", ".gitignore": "ignored.md\n"})
        subprocess.run(["git", "init", "--quiet"], cwd=self.root, check=True)
        load("tools").had = lambda *_: "zensical"
        programs, real = load("programs"), load("programs").start

        def start(words, folder, *others):
            if words[0] != "zensical":
                return real(words, folder, *others)
            copied = sorted(str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*") if path.is_file())
            self.assertEqual((words[1:], copied), (["build", "--config-file", "zensical.toml"], [".gitignore", "own.md", "web/zensical.toml"]))
            (folder / "out").mkdir()
            (folder / "out/index.html").write_text("made")
            return programs.Outcome(words, 0, "")

        programs.start = start
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertTrue(load("docs").zensical(self.root / "web/zensical.toml"))
        self.assertEqual((self.root / "target/pyx/docs/site/index.html").read_text(), "made")
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), [".git", ".gitignore", "ignored.md", "own.md", "target", "web"])

    def test_a_tool_that_breaks_is_summed_up_by_its_last_line(self):
        load, said = self.project({}), io.StringIO()
        text = 'INFO - x\nTraceback (most recent call last):\n  File "c.py", line 1\nTypeError: got an unexpected keyword\n'
        load("programs").combined = lambda words, folder, settings: load("programs").Outcome(words, 1, text)
        with contextlib.redirect_stderr(said):
            self.assertEqual(load("docs").told(["mkdocs"], self.root, "mkdocs"), ("failed", "TypeError"))
        self.assertEqual(said.getvalue().splitlines()[-1], "error: mkdocs broke off: TypeError: got an unexpected keyword")

    def test_a_module_that_imports_what_is_not_installed_has_no_page_and_the_others_have_theirs(self):
        files = {
            "src/own_name/__init__.py": "print('noise')\n",
            "src/own_name/plain.py": "",
            "src/own_name/sub/__init__.py": "",
            "src/own_name/sub/flax.py": "import no_such_package.x\n",
            "src/own_name/broken.py": "1 / 0\n",
        }
        load, found, said = self.project(files), [], io.StringIO()
        programs, real = load("programs"), load("programs").start

        def start(words, folder, *others):
            if words[0] == "pdoc":
                found.extend(words)
                return programs.Outcome(words, 0)
            return real([sys.executable, *words[1:]], self.root / "src", *others)

        programs.start = start
        load("tools").beside = lambda tool: [tool]
        with contextlib.redirect_stderr(said):
            self.assertTrue(load("docs").pdoc(self.root / "out", ["own_name"]))
        self.assertEqual(found[3:], ["own_name", "!own_name.sub.flax"])
        self.assertIn("warning: `own_name.sub.flax` has no page: it imports `no_such_package`, which is not installed", said.getvalue())

    def test_a_crate_that_python_cannot_import_has_no_pages_of_pythons(self):
        for places, steps in ("[]", []), ('["/p/own_name"]', ["pdoc"]):
            load = self.project({})
            programs = load("programs")
            programs.start = lambda words, *_: programs.Outcome(words, 0, places)
            load("tools").beside = lambda tool: [tool]
            run = load("steps").Steps("docs")
            with contextlib.redirect_stderr(io.StringIO()):
                load("docs").derived(run)
            self.assertEqual([row.name for row in run.rows], steps)


class Plans(Case):
    def planned(self, code):
        """What is made of a pyx that ends with a code and an error, and what a person sees of it."""
        load, said = self.project({}), io.StringIO()
        programs = load("programs")

        def start(words, folder, variables, unset, out, err, given_text=None):
            if err is not programs.PIPE:
                print("error: no tests", file=sys.stderr)
            return programs.Outcome(words, code, "", "error: no tests\n" if err is programs.PIPE else "")

        programs.start = start
        with contextlib.redirect_stderr(said):
            try:
                return load("apart").plan(["test", "--rust"], {}), said.getvalue()
            except SystemExit as end:
                return end.code, said.getvalue()

    def test_a_language_without_tests_is_no_error_beside_another(self):
        self.assertEqual(self.planned(5), ([], ""))
        code, said = self.planned(2)
        self.assertEqual((code, said.splitlines()[0]), (2, "error: no tests"))


class Pairs(Case):
    def compared(self, names, own):
        def result(name):
            name, group = name if isinstance(name, tuple) else (name, None)
            return {"fullname": f"b.py::{name}", "group": group, "params": None, "stats": {"median": 1.0}}

        found = self.project({})("pairing").compared([result(name) for name in names], own)
        last = lambda one: one["fullname"][6:]  # noqa: E731
        return [(one.name, last(one.ours), {label: last(r) for label, r in one.others.items()}) for one in found]

    def test_a_function_stands_beside_its_twin_in_pure_python(self):
        for names in ["test_f_pure", "test_f"], ["test_f[rust]", "test_f[pure]"], ["test_f_rs", "test_f_python"]:
            name, _, others = self.compared(names, set())[0]
            self.assertEqual((name, list(others)), ("test_f", ["pure Python"]))

    def test_libraries_stand_beside_each_other_by_one_word(self):
        names = ["test_msgpack_packb", "test_own_packb", "test_msgpack_unpackb", "test_own_unpackb"]
        self.assertEqual(
            self.compared(names, {"own"}),
            [("test_packb", "test_own_packb", {"msgpack": "test_msgpack_packb"}),
             ("test_unpackb", "test_own_unpackb", {"msgpack": "test_msgpack_unpackb"})],
        )  # fmt: skip

    def test_or_by_a_parameter(self):
        names = ["test_dumps[own-a]", "test_dumps[json-a]", "test_dumps[rapid-a]", "test_dumps[own-b]"]
        self.assertEqual(
            self.compared(names, {"own"}),
            [("test_dumps[a]", names[0], {"json": names[1], "rapid": names[2]}), (names[3], names[3], {})],
        )

    def test_or_by_a_parameter_whose_value_is_of_several_words(self):
        names = ["test_dumps[own-a]", "test_dumps[html.parser-a]", "test_dumps[very_long_name-a]", "test_loads[own]", "test_loads[beautiful-soup]"]
        self.assertEqual(
            self.compared(names, {"own"}),
            [("test_dumps[a]", names[0], {"html.parser": names[1], "very_long_name": names[2]}),
             ("test_loads", names[3], {"beautiful-soup": names[4]})],
        )  # fmt: skip

    def test_or_by_their_group(self):
        names = [("test_fast_own", "g"), ("test_slow_json", "g"), ("test_other", "h")]
        self.assertEqual(self.compared(names, {"own"}), [("g", "test_fast_own", {"slow_json": "test_slow_json"}), ("test_other", "test_other", {})])

    def test_what_stands_alone_is_ranked(self):
        self.assertEqual(self.compared(["test_a", "test_b_c"], {"own"}), [("test_a", "test_a", {}), ("test_b_c", "test_b_c", {})])

    def test_a_picture_of_pairs_has_what_stands_alone_below_them_and_not_as_a_bar_of_rust(self):
        module = self.project({})
        one = module("pairing").Compared
        result = {"fullname": "b.py::t", "stats": {"median": 1.0}}
        other = {"fullname": "b.py::alone", "stats": {"median": 1.0}}
        text = module("chart").chart([one("alone", other, {}), one("both", result, {"json": result})], {}, "x")
        self.assertLess(text.index(">both<"), text.index(">With nothing beside them<"))
        self.assertLess(text.index(">With nothing beside them<"), text.index(">alone<"))
        self.assertEqual((text.count('class="rust"'), text.count('class="alone"')), (2, 1))  # with the legend's

    def test_a_change_is_told_of_the_benchmark_that_changed_alone(self):
        module = self.project({})
        one, chart = module("pairing").Compared, module("chart").chart
        found = [one("t", {"fullname": f"{file}.py::t", "stats": {"median": 1.0}}, {}) for file in "ab"]
        text = chart(found, {"a.py::t": 0.5}, "x")
        self.assertEqual((text.count("(+50.0 %)"), text.count("in brackets: since the last run")), (1, 1))
        self.assertNotIn("in brackets", chart(found, {"a.py::t": None}, "x"))

    def test_thirty_make_one_picture_that_can_be_read(self):
        module = self.project({})
        one = module("pairing").Compared
        result = {"fullname": "b.py::t", "stats": {"median": 1.0}}
        pairs = [one(f"test_{n}", result, {"json": result}) for n in range(30)]
        alone = [one(f"test_{n}", result, {}) for n in range(30)]
        for found in pairs, alone:
            text = module("chart").chart(found, {}, "x")
            self.assertLess(int(text.partition('height="')[2].partition('"')[0]), 1300)


class Stubs(Case):
    def test_final_and_new_are_written_and_nothing_else(self):
        module = self.project({})("stubtest")
        text = "from typing import Any\n\nclass A:\n    def __init__(self, x: int) -> None: ...\n    class B: ...\n\nclass C: ...\n"
        final = module.mark_final(text, ["A", "B"])
        self.assertIn("from typing import Any, final\n", final)
        self.assertIn("    @final\n    class B: ...\n", final)
        self.assertEqual(module.mark_final(final, ["A", "B"]), final)
        new = module.init_to_new(text, ["A"])
        self.assertIn("    def __new__(cls, x: int) -> A: ...\n", new)
        self.assertEqual(module.mark_final("class A: ...\n", ["A"]), "from typing import final\n\n@final\nclass A: ...\n")

    def test_a_stub_keeps_its_line_ends(self):
        source = self.project({})("source")
        path = self.root / "own.pyi"
        for before, after in (b"a\r\nb\r\n", b"c\r\nd\r\n"), (b"a\nb\r\n", b"c\nd\n"), (None, b"c\nd\n"):
            path.unlink(missing_ok=True)
            if before:
                path.write_bytes(before)
            source.write(path, "c\nd\n")
            self.assertEqual(path.read_bytes(), after)

    def test_a_stub_is_written_as_a_whole_or_not_at_all(self):
        source = self.project({"own.pyi": "a\n", "cache.pyi": "b\n"})("source")
        path, other = self.root / "own.pyi", self.root / "other.pyi"
        path.chmod(0o640)
        with self.assertRaises(UnicodeEncodeError):
            source.write(path, "\ud800")
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["cache.pyi", "own.pyi"])
        self.assertEqual(path.read_text(), "a\n")
        other.symlink_to("own.pyi")
        source.write(other, "c\n")
        self.assertEqual((other.is_symlink(), path.read_text(), path.stat().st_mode & 0o777), (True, "c\n", 0o640))

    def test_an_installed_stub_is_changed_without_what_installers_keep_for_others(self):
        source = self.project({"cache.pyi": "b\n"})("source")
        for link in os.link, os.symlink:
            path = self.root / f"{link.__name__}.pyi"
            link(self.root / "cache.pyi", path)
            source.replace(path, "c\n")
            self.assertEqual((path.read_text(), (self.root / "cache.pyi").read_text()), ("c\n", "b\n"), link)

    def test_what_maturin_moves_away_for_the_stubs_is_there_again_for_what_comes_next(self):
        for code in 0, 1:
            for built in "target/pyx/ext/debug/libown.so", "target/pyx/ext/some-target/debug/own.dll":
                load = self.project({"Cargo.toml": "", built: "built"}, crate=True)
                programs = load("programs")

                def start(words, folder, variables, unset, out, err, given_text=None):
                    moved = self.root / "target/pyx/ext/maturin" / Path(built).name
                    moved.parent.mkdir()
                    os.replace(self.root / built, moved)
                    return programs.Outcome(words, code)

                programs.start = start
                load("tools").standalone = lambda tool: [tool]
                with contextlib.suppress(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                    load("stubs").generate(load("given").MEMBERS[0], [])
                self.assertEqual((self.root / built).read_text(), "built")

    def test_the_cache_of_stubtest_is_not_among_the_sources(self):
        module = self.project({})("stubtest")
        (self.root / "target/pyx/types").mkdir(parents=True)
        name, path = module.comparisons()[0].options
        self.assertEqual(name, "--mypy-config-file")
        self.assertIn(f"cache_dir = {self.root}/target/pyx", Path(path).read_text("utf-8"))

    def test_stubtest_is_told_what_the_project_tells_it(self):
        line = "python -m mypy.stubtest own_name --allowlist a.txt --ignore-missing-stub --mypy-config-file=m.ini --concise"
        module = self.project({"Makefile": f"l:\n\t{line}\n"})("stubtest")
        options = ["--allowlist", "a.txt", "--ignore-missing-stub", "--mypy-config-file=m.ini"]
        (one,) = module.comparisons()
        self.assertEqual((one.options, one.modules, one.folder), (options, ["own_name"], self.root))

    def compared(self, files):
        """The modules that each run of stubtest compares, where two stubs are there."""
        load, found = self.project({"a/own_name.pyi": "", "a/other.pyi": "", **files}), []
        (self.root / "target/pyx/types").mkdir(parents=True)
        programs = load("programs")
        programs.start = lambda words, *_: (
            found.append([word for word in words[1:] if word[0] not in "-/"]) or programs.Outcome(words, 1, "Found 2 errors (checked 1 module)\n")
        )
        with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
            load("stubtest").conclude(load("stubtest").check(["stubtest"], [], {"own_name": "", "other": ""}))
        return found, said.getvalue().splitlines()[-1]

    def test_stubtest_compares_what_the_project_has_it_compare(self):
        for files, found, number in (
            ({"Makefile": "l:\n\tstubtest own_name._own\n"}, [["own_name._own"]], 2), ({"Makefile": "l:\n\tstubtest own_name --concise\n\tstubtest other\n"}, [["own_name"], ["other"]], 4),
            ({}, [["other", "own_name"]], 2), ({"Makefile": "l:\n\tstubtest $(MODULE)\n"}, [["other", "own_name"]], 2),
        ):  # fmt: skip
            self.assertEqual(self.compared(files), (found, f"error: the stubs differ from the modules in {number} places"), files)

    def test_errors_that_are_not_the_stubs_are_not_said_to_be_theirs(self):
        module, said = self.project({})("stubtest"), io.StringIO()
        stub, code = "a.pyi:1: error: x  [misc]\n", "a/b.py:2: error: y  [misc]\n"
        for out, sentence in (
            (stub, "the stubs have 1 error of their own, so mypy does not compare them with the modules"),
            (stub + code + code, "mypy finds 3 errors in the package, 1 of them in stubs, so it does not compare these with the modules"),
            (code, "mypy finds 1 error in the package, so it does not compare its stubs with the modules"),
        ):
            done = sys.modules["programs"].Outcome(["stubtest"], 1, f"error: not checking stubs due to mypy build errors:\n{out}")
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), self.assertRaises(SystemExit):
                module.conclude(done)
            self.assertEqual(said.getvalue().splitlines()[-1], f"error: {sentence}")


class Lints(Case):
    def test_what_clippy_says_without_a_place_is_shown_and_what_counts_the_rest_is_not(self):
        load = self.project({"Cargo.toml": ""}, crate=True)
        programs = load("programs")
        said = [
            ("error", "linker `none` not found"),
            ("warning", "unused"),
            ("error", "aborting due to 1 previous error; 1 warning emitted"),
            ("warning", "1 warning emitted"),
            ("failure-note", "For more information"),
        ]
        lines = [
            json.dumps({"reason": "compiler-message", "message": {"level": level, "message": text, "spans": [], "rendered": text}}) for level, text in said
        ]
        programs.read = lambda words, *_, **__: programs.Outcome(words, 1, "\n".join(lines))
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            code, text = load("lint").lints_of(["cargo", "clippy"], [], self.root)
        self.assertEqual((code, text), (load("steps").BAD, "1 error"))
        self.assertIn("linker `none` not found", shown.getvalue())
        self.assertNotIn("aborting", shown.getvalue())


class TypeCheckers(Case):
    def test_a_type_checker_runs_in_each_way_in_which_the_project_starts_it(self):
        load, found = self.project({"Makefile": "l:\n\tmypy src\n\tmypy tests\n\tmypy src\n"}), []
        load("tools").beside = lambda tool, **_: [tool]
        programs = load("programs")
        programs.start = lambda words, *_: found.append(words[-1]) or programs.Outcome(words, int(words[-1] == "src"))
        with contextlib.redirect_stderr(io.StringIO()):
            (work,) = [run for name, run in load("type_checkers").used() if name == "mypy"]
            self.assertEqual((work().code, found), (1, ["src", "tests"]))

    def test_mypy_finds_what_it_installs_types_by(self):
        for option, more in ("--install-types --non-interactive", ["pip"]), ("--strict", []):
            load, found = self.project({"Makefile": f"l:\n\tmypy {option} src\n"}), []
            load("tools").beside = lambda tool, more=(): found.extend(more) or [tool]
            load("programs").start = lambda words, *_: load("programs").Outcome(words, 0)
            with contextlib.redirect_stderr(io.StringIO()):
                load("type_checkers").mypy(load("automation").of("mypy")[0])
            self.assertEqual(found, more)

    def used(self, files):
        """The names of those that run."""
        return [name for name, _ in self.project(files)("type_checkers").used()]

    def test_a_type_checker_runs_where_it_is_configured_or_called(self):
        for files, names in (
            ({}, []),
            ({"mypy.ini": "[mypy]\n"}, ["mypy"]),
            ({"ty.toml": ""}, ["ty"]),
            ({"pyproject.toml": "[tool.pyrefly]\n[tool.ty]\n"}, ["ty", "pyrefly"]),
            ({"Makefile": "lint:\n\tuvx ty check src\n\tuv run basedpyright\n"}, ["basedpyright", "ty"]),
            ({"pyrightconfig.json": "{}"}, ["pyright"]),
            ({"pyproject.toml": "[tool.pyright]\n"}, ["pyright"]),
        ):
            self.assertEqual(self.used(files), names, files)

    def test_a_fork_of_pyright_that_reads_its_settings_runs_alone(self):
        shared = {"pyrightconfig.json": "{}"}
        self.assertEqual(self.used({**shared, "pyproject.toml": "[tool.basedpyright]\n"}), ["basedpyright"])
        both = "lint:\n\tpyright\n\tbasedpyright\n"
        self.assertEqual(self.used({**shared, "Makefile": both}), ["pyright", "basedpyright"])


class Compatibility(unittest.TestCase):
    @staticmethod
    def seen(code, **counts):
        return {"code": code, "tests": [{"language": "Python", "counts": counts}]}

    def test_counts_are_read_of_what_the_own_commands_print(self):
        import compatibility

        cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n" * 2
        self.assertEqual(compatibility.counts_in(cargo), ["6 passed, 2 skipped"])
        pytest = "=== 12 passed, 1 xfailed in 0.31s ===\n"
        self.assertEqual(compatibility.counts_in(pytest + cargo)[0], "12 passed, 1 xfailed")

    def test_a_project_passes_only_with_the_counts_of_its_own_commands(self):
        from compatibility import ended_well

        own = {"own": {"python": "12 passed"}}
        self.assertTrue(ended_well(own, self.seen(0, passed=12, skipped=0)))
        self.assertFalse(ended_well(own, self.seen(0, passed=11, skipped=0)))
        self.assertFalse(ended_well(own, {"code": 0, "tests": []}))
        self.assertFalse(ended_well({}, self.seen(1, passed=12, failed=1)))

    def test_what_fails_in_its_own_commands_may_fail_as_often_here(self):
        from compatibility import ended_well

        own = {"own": {"python": "12 passed, 9 errors"}}
        self.assertTrue(ended_well(own, self.seen(1, passed=12, error=9)))
        self.assertFalse(ended_well(own, self.seen(1, passed=12, error=10)))

    def test_the_page_says_what_was_not_run_yet(self):
        from compatibility import page

        seen = {"code": 0, "tests": [], "members": [], "seconds": 1.0, "day": "2026-01-02"}
        seen["inferred"] = {"dependencies": "none", "python": "CPython 3.12.1"}
        one, two = {"name": "one", "version": "1"}, {"name": "two", "version": "2"}
        self.assertIn("Not run yet: two.", page([(one, seen)], [one, two]))
        self.assertIn("| 2026-01-02 | passes |", page([(one, seen)], [one]))
        self.assertNotIn("Not run yet", page([(one, seen)], [one]))

    def test_a_refusal_is_right_only_where_the_table_says_so(self):
        from compatibility import ended_well

        self.assertTrue(ended_well({"refused": True}, {"code": 2, "tests": []}))
        self.assertFalse(ended_well({"refused": True}, self.seen(0, passed=1)))
        self.assertFalse(ended_well({}, {"code": 2, "tests": []}))


class Coverage(Case):
    def test_the_project_says_what_is_left_out_where_coverage_reads_it(self):
        for name, text in (
            (".coveragerc", "[run]\n"), ("setup.cfg", "[coverage:report]\n"), ("tox.ini", "[coverage:run]\n"),
            ("pyproject.toml", "[tool.coverage.run]\nbranch = true\n"),
        ):  # fmt: skip
            module = self.project({"setup.cfg": "[metadata]\n", name: text})("coverage_of")
            self.assertEqual(module.own_config(), self.root / name)
        self.assertIsNone(self.project({"setup.cfg": "[metadata]\n"})("coverage_of").own_config())

    def test_the_share_that_has_to_be_covered_is_the_projects(self):
        ci = ".github/workflows/ci.yml"
        for files, least in (
            ({ci: "jobs: {a: {steps: [{run: pytest --cov=own --cov-fail-under=95}]}}\n"}, ("95", ci)), ({"Makefile": "t:\n\tuv run coverage report --fail-under 87.5\n"}, ("87.5", "Makefile")),
            ({"Makefile": "t:\n\t-pytest --cov-fail-under=95\n"}, ("", "")), ({"pytest.ini": "[pytest]\naddopts = -q --cov-fail-under=9\n"}, ("9", "the configuration of pytest")),
            ({"pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['--cov-fail-under=8']\n"}, ("8", "the configuration of pytest")), ({}, ("", "")),
        ):  # fmt: skip
            self.assertEqual(self.project(files)("coverage_of").told_least(), least, files)
        for files, branches in (
            ({".coveragerc": "[run]\nbranch = True\n"}, True), ({"setup.cfg": "[coverage:run]\nbranch = 1\n"}, True), ({"pyproject.toml": "[tool.coverage.run]\nbranch = true\n"}, True),
            ({"setup.cfg": "[coverage:run]\n[tool:pytest]\naddopts = --cov-branch\n"}, True), ({".coveragerc": "[run]\nbranch = no\n"}, False), ({}, False),
        ):  # fmt: skip
            self.assertEqual(self.project(files)("coverage_of").has_branches(), branches, files)

    def test_less_than_the_projects_share_fails(self):
        for share, code in ({"total": 80.0, "least": 95.0, "low": True}, 1), ({"total": 96.0, "least": 95.0, "low": False}, 0), ({}, 0):
            load, said = self.project({".coveragerc": "[report]\nfail_under = 95\n"}), io.StringIO()
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), self.assertRaises(SystemExit) as end:
                load("cov").finish({"a.py": {1: 1}}, None, share, 0)
            self.assertEqual(end.exception.code, code)
            self.assertEqual("80.0 % of the Python code is covered, less than the 95 % that .coveragerc asks for" in said.getvalue(), code == 1)


class Builds(Case):
    def test_builds_are_found_in_a_target_directory_of_one_checkout_and_of_several(self):
        apart = self.project({})("apart")
        target = self.root / "target"
        for folder in ("pyx/ext", "pyx/own-0123/ext", "pyx/other/envs"):
            (target / folder).mkdir(parents=True)
        found = [path.relative_to(target).as_posix() for path in apart.builds(target)]
        self.assertEqual(found, ["pyx/ext", "pyx/own-0123/ext"])


@unittest.skipIf(sys.version_info < (3, 11), "the list is read by tomllib")
class Adopted(unittest.TestCase):
    def verdict(
        self,
        step="released",
        why="",
        project=(),
        tests=("Rust 1 passed", "Python 13 passed"),
        own="12 passed, 1 skipped",
    ):
        import adopt

        project = {"of": "package", **dict(project)}
        return adopt.verdict(project, {"step": step, "why": why, "own": own, "tests": list(tests)})

    def test_as_many_tests_pass_as_before_besides_those_of_init(self):
        self.assertEqual(self.verdict(), "done")
        self.assertEqual(self.verdict(tests=["Rust 1 passed", "Python 12 passed"]), "**defect**")
        self.assertEqual(self.verdict("tested"), "done, no wheel yet")
        self.assertEqual(self.verdict("test", "why"), "**defect**")
        crate = {"of": "crate"}
        self.assertEqual(self.verdict(project=crate, tests=["Rust 12 passed", "Python 1 passed"]), "done")
        self.assertEqual(self.verdict(project=crate, tests=["Rust 11 passed", "Python 1 passed"]), "**defect**")

    def test_tests_that_fail_by_themselves_are_not_held_against_init(self):
        failing = "1 failed, 12 passed"
        self.assertEqual(self.verdict("test", "Python tests failed", own=failing), "failing before")
        fewer = ["Python 9 passed"]
        self.assertEqual(self.verdict("test", "Python tests failed", tests=fewer, own=failing), "**defect**")

    def test_a_refusal_is_right_only_where_the_list_has_its_sentence(self):
        refused = {"refused": "a build hook"}
        self.assertEqual(self.verdict("init", "there is a build hook in x:1", refused, []), "refused, rightly")
        self.assertEqual(self.verdict("init", "another", refused, []), "**defect**")
        self.assertEqual(self.verdict("init", "another", {}, []), "**defect**")


class Trials(unittest.TestCase):
    """What the corpus makes of a recipe's end."""

    REFUSALS = [{"says": "^there are no stubs", "proof": "! ls *.pyi"}]

    def verdict(self, code, text, own=None, files=()):
        import trial

        with tempfile.TemporaryDirectory() as folder:
            for name in files:
                Path(folder, name).write_text("")
            said = {"code": code, "said": trial.sentences(text)}
            project = {"recipes": {"types": own}} if own else {}
            return trial.judged("types", said, text, project, self.REFUSALS, Path(folder))["verdict"]

    def test_a_finding_is_one_that_the_projects_own_command_has_as_well(self):
        self.assertEqual(self.verdict(1, "error: x\n", "exit 1"), "finding")
        for passes in "true", "no-such-program", None:
            self.assertEqual(self.verdict(1, "error: x\n", passes), "defect", passes)

    def test_a_refusal_is_right_where_its_sentence_is_proved(self):
        self.assertEqual(self.verdict(1, "error: there are no stubs\n"), "refusal")
        self.assertEqual(self.verdict(1, "error: there are no stubs\n", files=["own.pyi"]), "defect")
        self.assertEqual(self.verdict(1, "error: there is nothing\n"), "defect")

    def test_a_mistake_of_ours_is_never_right(self):
        for code, text in (0, "error: bug in `lint`: ValueError: x (lint.py:1)\n"), (70, ""):
            self.assertEqual(self.verdict(code, text, "exit 1"), "defect")
        traceback = 'Traceback (most recent call last):\n  File "/c/cargo-pyx/recipes/ab/lint.py", line 1\n'
        self.assertEqual(self.verdict(1, traceback, "exit 1"), "defect")
        of_the_project = 'Traceback (most recent call last):\n  File "/p/docs/conf.py", line 1\n'
        self.assertEqual(self.verdict(1, of_the_project, "exit 1"), "finding")

    def tried(self, name, script):
        """What is kept of a recipe that is a script, and the sources after it."""
        import trial

        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        source = Path(temp.name, "source")
        source.mkdir()
        (source / "a.py").write_text("a = 1\n")
        trial.commit(source)
        program = Path(temp.name, "cargo-pyx")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        options = argparse.Namespace(program=program, python="3.11", timeout=5, refusals=self.REFUSALS)
        result, text = trial.tried(name, {}, options, source)
        return result, text, {path.name: path.read_text() for path in source.glob("*") if path.is_file()}

    def test_what_a_recipe_wrote_is_taken_back_before_the_next(self):
        for name in "fmt", "stubs":
            result, text, files = self.tried(name, 'echo "$*"; echo > new.pyi; echo > a.py')
            self.assertEqual((result["verdict"], text), ("right", f"pyx just {name}\n"))
            self.assertEqual(files, {"a.py": "a = 1\n"})

    def test_a_release_is_one_of_one_interpreter(self):
        _, text, _ = self.tried("wheel", 'echo "$*"')
        self.assertEqual(text, "pyx release wheel --python 3.11\n")

    def test_what_takes_too_long_is_no_verdict(self):
        import trial

        code, text = trial.ended(["/bin/sh", "-c", "echo begun; exec sleep 60"], ".", 1)
        self.assertEqual((code, text), (None, "begun\n"))
        self.assertEqual(trial.judged("lint", {"code": None, "said": []}, "", {}, [], Path(".")), {"verdict": "timeout"})

    def test_a_later_run_goes_on_with_what_was_kept_of_the_same_sources(self):
        import trial

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a-1.json")
            trial.Kept(path, "hash").add("lint", {"verdict": "right"}, "fine\n")
            self.assertEqual(trial.Kept(path, "hash").read().results, {"lint": {"verdict": "right"}})
            self.assertEqual(trial.Kept(path, "other").read().results, {})
            self.assertEqual((Path(folder) / "a-1" / "lint.log").read_text(), "fine\n")

    def test_the_page_has_a_column_for_each_recipe_that_was_run(self):
        import trial_page

        right = {"verdict": "right", "code": 0, "said": []}
        finding = {"verdict": "finding", "code": 1, "said": ["lint failed"], "proof": "flake8 src"}
        refusal = {"verdict": "refusal", "code": 1, "said": ["there are no stubs"], "proof": "true"}
        rows = [({"name": "a", "version": "1"}, {"lint": finding, "fmt": right}), ({"name": "b", "version": "2", "git": "x"}, {"fmt": right, "types": refusal})]
        text = trial_page.page(rows, ("lint", "fmt", "types", "pgo"), 4)
        for line in (
            "| project | lint | fmt | types |", "| a 1 | finding | right |  |", "| b 2, git |  | right | refusal |",
            "- **a** `lint`: lint failed. By hand: `flake8 src`", "- `types`: there are no stubs (b)",
            "4 runs in 2 projects: 2 right, 1 findings, 1 refusals, 0 timeouts, 0 defects.",
        ):  # fmt: skip
            self.assertIn(line + "\n", text)


class Gateway(unittest.TestCase):
    def test_one_file_starts_programs(self):
        for path in RECIPES.glob("*.py"):
            if path.name not in ("adopt.py", "programs.py", "corpus.py", "growth.py", "published.py", "speed.py", "trial.py"):
                self.assertNotIn("import subprocess", path.read_text("utf-8"), path.name)


if __name__ == "__main__":
    unittest.main()
