use super::{GoodProject, case, cases};

#[test]
fn every_python_that_is_asked_for_can_be_served() {
    cases(
        "Cargo.toml",
        &[
            (
                "abi3-py39",
                "abi3-py310",
                "error: pyproject.toml:10: requires-python allows Python 3.9, on which neither wheel nor sdist works: PyO3's feature `abi3-py310` needs 3.10",
            ),
            (
                "abi3-py39",
                "abi3-py38",
                "warning: pyproject.toml:10: requires-python excludes Python 3.8, for which \
                 PyO3's feature `abi3-py38` tags the wheel",
            ),
            ("abi3-py39", "abi3", ""),
            (
                "features = [\"abi3-py39\"] }",
                "features = [] }\n[features]\ndefault = ['abi']\nabi = ['pyo3/abi3-py310']",
                "error: pyproject.toml:10: requires-python allows Python 3.9, on which neither wheel nor sdist works: PyO3's feature `abi3-py310` needs 3.10",
            ),
        ],
    );
    let classifier = "Programming Language :: Rust";
    cases(
        "pyproject.toml",
        &[
            (
                classifier,
                "Programming Language :: Python :: 3.8",
                "warning: pyproject.toml:13: `Programming Language :: Python :: 3.8` is excluded \
                 by requires-python",
            ),
            (classifier, "Programming Language :: Python :: 3.12", ""),
            (
                classifier,
                "Programming Language :: Python :: 3 :: Only",
                "",
            ),
        ],
    );
    case(
        "pyproject.toml",
        "requires-python = \">=3.9\"\n",
        "",
        &[
            "warning: pyproject.toml:5: no requires-python: pip installs this on any Python, however old",
        ],
    );
    for (clause, hint) in [("<=3.12", "`<3.13`"), ("==3.12", "`==3.12.*`")] {
        let project = GoodProject::new();
        let requires = format!(">=3.9,{clause}");
        for file in ["pyproject.toml", "uv.lock"] {
            project.edit(file, ">=3.9", &requires);
        }
        let found = project.found();
        let narrow = found.iter().find(|it| it.rule == "requires-python-narrow");
        let narrow = narrow.unwrap_or_else(|| panic!("{found:?}"));
        assert!(narrow.message.ends_with("allows 3.12.0, but no later 3.12"));
        assert!(narrow.hint.as_ref().is_some_and(|it| it.contains(hint)));
    }
    // of which only some releases are admitted, high ones too
    for admitted in ["==3.9.18", ">=3.9.120,<3.10"] {
        let project = GoodProject::new();
        project.edit("pyproject.toml", ">=3.9", admitted);
        project.edit("uv.lock", ">=3.9", admitted);
        let own = "Programming Language :: Python :: 3.9";
        project.edit("pyproject.toml", classifier, own);
        assert_eq!(project.says(), [""; 0], "{admitted}");
    }
}

#[test]
fn named_files_are_there_and_inside() {
    cases(
        "pyproject.toml",
        &[
            (
                "README.md",
                "READ.me",
                "error: pyproject.toml:9: no file `READ.me`",
            ),
            (
                "\"README.md\"",
                "{ file = 'x.md' }",
                "error: pyproject.toml:9: no file `x.md`",
            ),
            ("\"README.md\"", "{ text = 'x.md' }", ""),
            (
                "README.md",
                "../README.md",
                "error: pyproject.toml:9: `../README.md` is outside the project: no sdist can \
                 hold it",
            ),
            (
                "\"MIT\"",
                "{ file = 'COPYING' }",
                "error: pyproject.toml:11: no file `COPYING`",
            ),
            (
                "LICENSE*",
                "LICENCES/*",
                "error: pyproject.toml:12: `LICENCES/*` in license-files matches no file",
            ),
            (
                "LICENSE*",
                "../LICENSE",
                "error: pyproject.toml:12: `../LICENSE` leads out of the project, which PEP 639 \
                 forbids",
            ),
            ("LICENSE*", "**/LICENSE", ""),
        ],
    );
    cases(
        "Cargo.toml",
        &[
            (
                "edition",
                "readme = 'X.md'\nedition",
                "error: Cargo.toml:4: no file `X.md`",
            ),
            (
                "edition",
                "license-file = 'COPYING'\nedition",
                "error: Cargo.toml:4: no file `COPYING`",
            ),
            ("edition", "readme = false\nedition", ""),
        ],
    );
}

#[test]
fn what_indexes_show_is_given() {
    cases(
        "pyproject.toml",
        &[
            (
                "readme = \"README.md\"\n",
                "",
                "warning: pyproject.toml:5: no readme: its page on PyPI will be empty",
            ),
            (
                "description = \"One\"\n",
                "",
                "warning: pyproject.toml:5: no description",
            ),
            (
                "license = \"MIT\"\n",
                "",
                "warning: pyproject.toml:5: no licence is declared",
            ),
            (
                "Programming Language :: Rust",
                "License :: OSI Approved :: MIT License",
                "warning: pyproject.toml:13: `License :: OSI Approved :: MIT License` next to `license = \"MIT\"`: PEP 639 allows only one of them",
            ),
        ],
    );
}

#[test]
fn what_is_dynamic_comes_from_cargo() {
    let project = GoodProject::new();
    project.edit("pyproject.toml", "readme = \"README.md\"\n", "");
    project.edit("pyproject.toml", "description = \"One\"\n", "");
    project.edit("Cargo.toml", "edition", "description = 'One'\nedition");
    let missing = "warning: pyproject.toml:5: no readme: its page on PyPI will be empty";
    let unnamed =
        "warning: pyproject.toml:5: no description: `dynamic` does not name the one in Cargo.toml";
    assert_eq!(project.says(), [unnamed, missing]);
    project.edit(
        "pyproject.toml",
        "dynamic = []",
        "dynamic = ['description', 'readme']",
    );
    assert_eq!(project.says(), [""; 0]);
    project.edit("pyproject.toml", "dynamic = ['description', 'readme']", "");
    project.edit("pyproject.toml", "maturin>=1.9,<2", "maturin>=1,<1.9");
    assert_eq!(
        project.says(),
        [""; 0],
        "maturin took all of Cargo.toml then"
    );
    for later in ["maturin>=2,<3", "maturin==1.12.*", "maturin>=1.9.20,<2"] {
        project.edit("pyproject.toml", "maturin>=1,<1.9", later);
        assert_eq!(project.says(), [unnamed, missing], "{later}");
        project.edit("pyproject.toml", later, "maturin>=1,<1.9");
    }
}

#[test]
fn dynamic_names_what_maturin_fills() {
    cases(
        "pyproject.toml",
        &[
            ("dynamic = []", "dynamic = ['urls']", ""),
            (
                "dynamic = []",
                "dynamic = ['scripts']",
                "warning: pyproject.toml:15: `scripts` is dynamic, but maturin does not fill it in",
            ),
            (
                "dynamic = []",
                "dynamic = ['version']",
                "warning: pyproject.toml:15: `version` is both set and dynamic, which PEP 621 \
                 forbids",
            ),
            (
                "dynamic = []",
                "dynamic = ['name']",
                "error: pyproject.toml:15: `name` cannot be dynamic (PEP 621)",
            ),
            (
                "version = \"0.1.0\"\n",
                "",
                "warning: pyproject.toml:5: neither a version nor `dynamic = [\"version\"]`: uv rejects such a project",
            ),
        ],
    );
}

#[test]
fn names_and_requirements_are_those_of_pypi() {
    cases(
        "pyproject.toml",
        &[
            (
                "humanize>=4",
                "humanize @ git+https://example.org/humanize",
                "error: pyproject.toml:14: PyPI refuses packages that require a URL: `humanize @ \
                 git+https://example.org/humanize`",
            ),
            (
                "\"numpy\"",
                "\"numpy @ file:///tmp/numpy.whl\"",
                "error: pyproject.toml:18: PyPI refuses packages that require a URL: `numpy @ \
                 file:///tmp/numpy.whl`",
            ),
            (
                "humanize>=4",
                "humanize>>4",
                "error: pyproject.toml:14: invalid requirement `humanize>>4`: no such comparison \
                 operator \">>\", must be one of ~= == != <= >= < > ===",
            ),
            ("humanize>=4", "Humanize >=4", ""),
        ],
    );
    let project = GoodProject::new();
    project.edit("pyproject.toml", "name = \"one\"", "name = \"-one\"");
    let said = project.says();
    assert_eq!(
        said[0],
        "error: pyproject.toml:6: `-one` is not a valid Python package name (PEP 508)"
    );
}

#[test]
fn the_backend_is_bounded() {
    let says = |new: &str, expected: &str| {
        cases("pyproject.toml", &[("\"maturin>=1.9,<2\"", new, expected)]);
    };
    let unbounded = |text: &str| {
        format!(
            "warning: pyproject.toml:2: `{text}` has no upper bound: a later maturin may not \
             build this"
        )
    };
    says("\"maturin>=1.9\"", &unbounded("maturin>=1.9"));
    says("\"maturin\"", &unbounded("maturin"));
    says("\"maturin~=1.9\"", "");
    says("\"maturin==1.9.4\"", "");
    says("\"maturin[zig]>=1,<2\"", "");
    says(
        "",
        "error: pyproject.toml:2: build-system.requires lacks maturin: nobody can build the sdist",
    );
}
