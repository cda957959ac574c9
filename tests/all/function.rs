//! Functions of a Python package that get a twin in Rust.

use std::path::Path;

use crate::support::{Project, folder};

const PYPROJECT: &str = "[build-system]
requires = [\"hatchling\"]
build-backend = \"hatchling.build\"

[project]
name = \"hot-words\"
version = \"1.2\"
requires-python = \">=3.9\"

[dependency-groups]
test = [\"pytest\"]
";

const SLOW: &str = "from typing import Optional


def steps(n: int, *, limit: Optional[int] = None) -> int:
    \"\"\"How long the way to one is.\"\"\"
    return 0 if n == 1 or limit == 0 else 1 + steps(way(n), limit=limit and limit - 1)


def way(n: int) -> int:
    return n // 2 if n % 2 == 0 else 3 * n + 1
";

const TESTS: &str = "import pytest

from hot_words import slow


@pytest.mark.parametrize((\"n\", \"expected\"), [(27, 111), pytest.param(1, 0, id=\"one\")])
def test_steps(n, expected):
    limit = 500
    assert slow.steps(n, limit=limit) == expected


def test_way():
    assert slow.way(4) == 2
    assert slow.way(len(\"abc\")) == 10
";

const STEPS: &str = "    let (mut n, mut count) = (n, 0);
    while n != 1 && Some(count) != limit {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        count += 1;
    }
    Ok(count)
}
";

fn project(folder: &Path, files: &[(&str, &str)]) -> Project {
    let ignored = (".gitignore", "__pycache__/\n.venv/\n*.so\n*.egg-info/\n");
    Project::written(folder, &[&[ignored], files].concat())
}

/// Puts a body in the place of the one that is to be written.
fn write_body(project: &Project, file: &str, body: &str) {
    let text = project.read(file);
    let start = text.find("    let _ = ").unwrap();
    let end = start + text[start..].find("}\n").unwrap() + 2;
    let written = format!("{}{body}{}", &text[..start], &text[end..]);
    project.write(file, &written);
}

#[test]
fn a_function_gets_a_twin_in_rust_and_the_module_a_second_one() {
    let files = [
        ("pyproject.toml", PYPROJECT),
        ("src/hot_words/__init__.py", ""),
        ("src/hot_words/slow.py", SLOW),
        ("tests/test_hot.py", TESTS),
    ];
    let project = project(&folder!(), &files);
    let plain = project.listing(&[".git"]);
    let steps = ["--function", "hot_words.slow:steps"];
    let run = project.pyx("init").with(&steps).run().exits(2);
    run.says("hint: cargo pyx init --function hot_words.slow:steps --yes");
    let dry = project.pyx("init").with(&steps).with(&["--dry-run"]).run();
    let dry = dry.succeeds();
    let (patch, locking) = dry.stdout.split_once("# Locking").unwrap();
    assert!(locking.contains("generate-lockfile"), "{locking}"); // with paths of this machine
    insta::assert_snapshot!(patch);
    assert_eq!(project.listing(&[".git"]), plain);

    let yes = project.pyx("init").with(&steps).with(&["--yes"]).run();
    yes.succeeds().says("Next write `steps` in rust/src/lib.rs");
    project.git(&["add", "--all"]);
    project.commit();
    let place = "not yet implemented: write `steps` in rust/src/lib.rs: its Python is in src/hot_words/slow.py:4";
    project.pyx("test").run().exits(1).says(place);
    write_body(&project, "rust/src/lib.rs", STEPS);
    project.git(&["add", "--all"]);
    project.commit();
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-words) 5 passed")
        .never_says("warning: unused");
    // one that gives something else is found out
    project.edit("rust/src/lib.rs", "(n, 0)", "(n, 1)");
    project
        .pyx("test")
        .run()
        .exits(1)
        .says("4 failed, 1 passed");
    project.git(&["checkout", "."]);
    let again = project.pyx("init").with(&steps).run();
    again.finds_fresh("hot_words.slow:steps");
    assert_eq!(project.traces(), "");

    let way = ["--function", "hot_words.slow:way", "--yes"];
    let run = project.pyx("init").with(&way).run().succeeds();
    run.says("Next write `way` in rust/src/lib.rs");
    insta::assert_snapshot!(project.git(&["diff"]));
    let body = "    Ok(if n % 2 == 0 { n / 2 } else { 3 * n + 1 })\n}\n";
    write_body(&project, "rust/src/lib.rs", body);
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-words) 6 passed");
}

#[test]
fn a_function_of_a_module_without_a_package_gets_one() {
    let pyproject = PYPROJECT.replace("hatchling.build", "setuptools.build_meta");
    let pyproject = pyproject.replace("\"hatchling\"", "\"setuptools\"");
    // said, as setuptools takes a folder of builds that others have left here for a package
    let pyproject = pyproject + "\n[tool.setuptools]\npy-modules = [\"slow\"]\n";
    let tests = TESTS.replace("from hot_words import slow", "import slow");
    let files = [
        ("pyproject.toml", &*pyproject),
        ("slow.py", SLOW),
        ("tests/test_hot.py", &*tests),
    ];
    let project = project(&folder!(), &files);
    let way = ["--function", "slow:way", "--yes"];
    let run = project.pyx("init").with(&way).run().succeeds();
    run.says("Compared both wheels");
    let import = "try:\n    from _slow._core import way\nexcept ImportError:";
    assert!(project.read("slow.py").contains(import));
    let body = "    Ok(if n % 2 == 0 { n / 2 } else { 3 * n + 1 })\n}\n";
    write_body(&project, "rust/src/lib.rs", body);
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-words) 4 passed");
}

#[test]
fn a_function_of_a_package_that_keeps_its_backend_gets_a_twin_in_a_second_distribution() {
    let files = [
        ("pyproject.toml", PYPROJECT),
        ("hot_words/__init__.py", ""),
        ("hot_words/slow.py", SLOW),
        ("tests/test_hot.py", TESTS),
    ];
    let project = project(&folder!(), &files);
    let steps = ["--function", "hot_words.slow:steps", "--yes"];
    let beside = project.pyx("init").with(&["--layout", "workspace"]);
    beside.with(&steps).run().succeeds();
    let import = "    from hot_words_rust import steps\n";
    assert!(project.read("hot_words/slow.py").contains(import));
    write_body(&project, "rust/src/lib.rs", STEPS);
    project.git(&["add", "--all"]);
    project.commit();
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-words-rust) 6 passed");
    let way = ["--function", "hot_words.slow:way", "--yes"];
    project.pyx("init").with(&way).run().succeeds();
    let stub = project.read("rust/hot_words_rust.pyi");
    assert!(
        stub.ends_with("\n\n__all__ += [\"way\"]\n\ndef way(n: int) -> int: ...\n"),
        "{stub}"
    );
    let all = project.read("rust/src/lib.rs");
    assert!(all.contains("    use super::way;\n}\n"), "{all}");
}

const SIGNATURES: &str = "import typing as t
from typing import Any, Dict, List, Union

import numpy as np

SEP = ','


class str2: ...


def plain(a: int, b: float, c: str, d: bytes, e: bool) -> str: ...
def lists(a: List[str], b: 'list[tuple[int, ...]]', c: list) -> list[bytes]: ...
def tuples(a: tuple[int, str], b: tuple[()], c: t.Tuple[float]) -> tuple[int, ...]: ...
def maps(a: Dict[str, list[int]], b: dict[float, int], c: dict) -> dict[tuple[int, str], bool]: ...
def unions(a: t.Optional[str], b: Union[None, bytes], c: int | None, d: int | str) -> float | None: ...
def objects(a, b: Any, c: np.ndarray, d: str2): ...
def nothing() -> None: ...
def defaults(a: int = 1, b: float = 2, c: str = 'x\"', d: bool = True, e: int = None, f: str = SEP, g=3): ...
def places(a: int, /, b: int, *, c: int = -1) -> int: ...
def many(a: int, *args: int, key: str = '', **others: float) -> int: ...
def words(type: int, match: str) -> int: ...
def loop(maxLen: int) -> int: ...
def HotLoop(n: int) -> int: ...
def long_one(a_long_name: int, another_long_name: list[str], the_longest_name_of_all: dict[str, list[int]]) -> None: ...
";

#[test]
fn signatures_say_in_rust_and_in_stubs_what_they_say_in_python() {
    let files = [
        ("pyproject.toml", PYPROJECT),
        ("hot_words/__init__.py", ""),
        ("hot_words/slow.py", SIGNATURES),
    ];
    let project = project(&folder!(), &files);
    let names = SIGNATURES
        .lines()
        .filter_map(|line| line.strip_prefix("def ")?.split('(').next());
    let mut all = String::new();
    for name in names {
        let function = format!("hot_words.slow:{name}");
        let run = project
            .pyx("init")
            .with(&["--dry-run", "--function", &function])
            .run()
            .succeeds();
        let mut part = String::new();
        for line in run.stdout.lines() {
            if let Some(file) = line.strip_prefix("+++ ") {
                file.clone_into(&mut part);
            }
            let is_code = part.ends_with("lib.rs") || part.ends_with("_core.pyi");
            if is_code
                && let Some(line) = line.strip_prefix('+').filter(|line| !line.starts_with('+'))
            {
                all.extend([line, "\n"]);
            }
        }
    }
    insta::assert_snapshot!(all);
}

const OTHERS: &str = "import functools
from .other import far
from ._core import near


def outer():
    def inner(): ...


class Words:
    def count(self): ...


async def waits(): ...
def yields(): yield 1
@functools.cache
def cached(n): ...
def again(): ...
again = functools.cache(again)
def odd(crate): ...
if functools:
    def maybe(): ...
plain = len
def steps(): ...
";

/// Each with its sentence, and its hint.
const REFUSED: [(&str, &str, &str); 13] = [
    (
        "hot_words.fast:steps",
        "has no module `hot_words.fast`: neither hot_words/fast.py nor",
        "PACKAGE.MODULE:steps",
    ),
    (
        "hot_words.broken:steps",
        "hot_words/broken.py:1: ",
        "fix that first",
    ),
    (
        "hot_words.slow:inner",
        "hot_words/slow.py: `inner` is not defined at the top level",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:maybe",
        "hot_words/slow.py: `maybe` is not defined at the top level",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:count",
        "`count` is a method of `Words`",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:waits",
        "hot_words/slow.py:14: `waits` is async",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:yields",
        "hot_words/slow.py:15: `yields` is a generator",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:cached",
        "`cached` is decorated (`functools.cache`)",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:again",
        "`again` is redefined in line 19",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:odd",
        "`odd` has a parameter `crate`",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:far",
        "`far` is imported from `hot_words.other`",
        "hot_words.other:far",
    ),
    (
        "hot_words.slow:plain",
        "`plain` in line 23 is not a function",
        "slow:ANOTHER",
    ),
    (
        "hot_words.slow:stesp",
        "there is no function `stesp`",
        "slow:steps",
    ),
];

#[test]
fn what_a_function_in_rust_cannot_stand_for_is_refused_with_the_place() {
    let files = [
        ("pyproject.toml", PYPROJECT),
        ("hot_words/__init__.py", ""),
        ("hot_words/slow.py", OTHERS),
        ("hot_words/broken.py", "def steps(:\n"),
    ];
    let project = project(&folder!(), &files);
    for (function, sentence, hint) in REFUSED {
        let run = project
            .pyx("init")
            .with(&["--dry-run", "--function", function])
            .run();
        let run = run.exits(2).says(sentence);
        run.says(hint);
    }
    for (words, sentence) in [
        (
            ["hot_words.slow", "--yes"],
            "a module and a function, as in `package.module:function`",
        ),
        (
            ["hot_words.slow:Words.count", "--yes"],
            "`count` is a method of `Words`",
        ),
        (
            ["hot_words.slow:steps", "--editor=zed"],
            "cannot be used with",
        ),
    ] {
        let run = project.pyx("init").with(&["--function"]).with(&words).run();
        run.exits(2).says(sentence);
    }
}

#[test]
fn modules_that_people_have_take_a_function_and_crates_are_told_whom_it_is_for() {
    let pyproject = "[build-system]\nrequires = [\"maturin>=1,<2\"]\nbuild-backend = \"maturin\"\n\n[project]\nname = \"hot-words\"\nversion = \"1\"\n\n[tool.maturin]\nmodule-name = \"hot_words.fast\"\n";
    let cargo = "[package]\nname = \"hot-words\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\npyo3 = \"0.29\"\n";
    let lib = "use pyo3::types::PyModule;\n\n/// Fast.\n#[pyo3::pymodule]\nfn fast(m: &pyo3::Bound<'_, PyModule>) -> pyo3::PyResult<()> {\n    let _ = m; // ;\n    Ok(())\n}\n";
    let files = [
        ("pyproject.toml", pyproject),
        ("Cargo.toml", cargo),
        ("src/lib.rs", lib),
        ("hot_words/__init__.py", ""),
        ("hot_words/slow.py", SLOW),
    ];
    let project = project(&folder!(), &files);
    let way = ["--function", "hot_words.slow:way", "--yes"];
    project.pyx("init").with(&way).run().succeeds();
    insta::assert_snapshot!(project.read("src/lib.rs"));
    project.remove("tests/test_way_in_rust.py");
    project.pyx("dev").run().succeeds();
    // another function of that name is none of ours
    project.edit(
        "hot_words/slow.py",
        "    from .fast import way\n",
        "    pass\n",
    );
    let run = project.pyx("init").with(&way).run().exits(2);
    run.says("the Rust module already has a function `way`");
    project.remove("pyproject.toml");
    let cargo = cargo.replace("pyo3 = \"0.29\"\n", "");
    project.write("Cargo.toml", &cargo);
    project.write("src/lib.rs", "");
    let run = project.pyx("init").with(&way).run().exits(2);
    run.says("`--function` is for a Python package");
}
