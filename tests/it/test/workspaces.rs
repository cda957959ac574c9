//! uv workspaces, of which maturin builds a part.

use std::path::Path;

use camino::Utf8Path;
use cargo_pyx::facts::project::UvWorkspace;
use cargo_pyx::world::manifest::Manifests;

use super::{small, summary, test};
use crate::support::{Project, folder, uv};

const APPLICATION: &str = "\
[build-system]
requires = [\"hatchling\"]
build-backend = \"hatchling.build\"

[project]
name = \"shop\"
version = \"0.1.0\"
requires-python = \">=3.9\"
dependencies = [\"shout\", \"shop-report\"]

[dependency-groups]
dev = [\"pytest\"]

[tool.uv.sources]
shout = { workspace = true }
shop-report = { workspace = true }

[tool.uv.workspace]
members = [\"packages/*\"]
";

const REPORT: &str = "\
[build-system]
requires = [\"hatchling\"]
build-backend = \"hatchling.build\"

[project]
name = \"shop-report\"
version = \"0.1.0\"
requires-python = \">=3.9\"
";

/// An application in Python at the root; the package that maturin builds, and one in Python, as members.
fn shop(folder: &Path) -> Project {
    let project = small(folder);
    let moved = "mkdir -p packages/shout && git mv Cargo.* README.md pyproject.toml src tests packages/shout";
    project.run("sh", &["-c", moved]).succeeds();
    for (name, text) in [
        (".gitignore", "target/\n__pycache__/\n"),
        ("pyproject.toml", APPLICATION),
        ("src/shop/__init__.py", "from shop_report import line\n"),
        (
            "tests/test_shop.py",
            "import shop\n\n\ndef test_line():\n    assert shop.line(1) == '= 1'\n",
        ),
        ("packages/shop-report/pyproject.toml", REPORT),
        (
            "packages/shop-report/src/shop_report/__init__.py",
            "def line(value):\n    return f'= {value}'\n",
        ),
    ] {
        project.write(name, text);
    }
    project.git(&["add", "--all"]);
    project.commit();
    project
}

#[test]
fn all_of_a_uv_workspace_is_installed_and_tested_with_a_lock_and_without() {
    let project = shop(&folder!());
    let py = |args: &[&str]| test(&project, &["--py"]).with(args).run();
    let counts = "Python (shout) 2 passed";
    let run = py(&[]).succeeds();
    assert_eq!(summary(&run), counts, "{run}");
    assert_eq!(project.traces(), "", "no lock is written");

    project.run(uv(), &["lock", "--quiet"]).succeeds();
    project.git(&["add", "--all"]);
    project.commit();
    let run = py(&[]).succeeds().says("uv.lock");
    assert_eq!(summary(&run), counts, "{run}");
    let where_from = "import shop, shop_report; print(shop.__file__, shop_report.__file__)";
    let files = project.python(where_from);
    let root = project.root.display();
    let expected = format!(
        "{root}/src/shop/__init__.py {root}/packages/shop-report/src/shop_report/__init__.py"
    );
    assert_eq!(files, expected, "editable");
    let again = py(&[]).succeeds();
    again.never_says("Syncing").never_says("Installing");
    project.dev().run().succeeds().finds_fresh("shout");
    for (folder, counts) in [
        ("packages/shop-report", counts),
        ("packages/shout", "Python (shout) 1 passed"),
    ] {
        let run = py(&["-C", folder]).succeeds().never_says("Syncing");
        assert_eq!(summary(&run), counts, "{run}");
    }
    assert_eq!(project.traces(), "");
}

/// What develops the packages below it, and is none itself.
const DEVELOPMENT: &str = "\
[project]
name = \"development\"
version = \"0\"
requires-python = \">=3.9\"

[dependency-groups]
dev = [\"pytest\", \"iniconfig<2\"]
";

#[test]
fn what_only_develops_a_package_is_installed_from_its_own_lock() {
    let project = small(&folder!());
    let moved = "mkdir -p shout && git mv Cargo.* README.md pyproject.toml src shout && git rm -q --cached tests/*";
    project.run("sh", &["-c", moved]).succeeds();
    project.write(".gitignore", ".venv/\ntarget/\n__pycache__/\n");
    project.write("pyproject.toml", DEVELOPMENT);
    project.run(uv(), &["lock", "--quiet"]).succeeds();
    // so that a resolution of what is asked for would tell another version
    project.edit("pyproject.toml", "iniconfig<2", "iniconfig");
    let run = test(&project, &["--py"]).run().succeeds();
    run.says_once("/uv.lock +group dev");
    let version = "from importlib.metadata import version; print(version('iniconfig'))";
    let python = project.path("shout/.venv/bin/python");
    let run = project.run(python, &["-c", version]).succeeds();
    assert!(run.stdout.starts_with("1."), "{run}");
    let again = test(&project, &["--py"]).run().succeeds();
    again.never_says("Syncing").never_says("Installing");
    project.append("uv.lock", "\n");
    let run = test(&project, &["--py"]).run().succeeds();
    run.says_once("/uv.lock +group dev");
}

#[test]
fn tests_of_a_package_below_wait_for_its_module() {
    let project = small(&folder!());
    let inner =
        "mkdir -p crates/inner/tests && cp -r Cargo.toml README.md pyproject.toml src crates/inner";
    project.run("sh", &["-c", inner]).succeeds();
    for name in ["Cargo.toml", "pyproject.toml"] {
        project.edit(
            &format!("crates/inner/{name}"),
            "name = \"shout\"",
            "name = \"inner\"",
        );
    }
    project.edit("crates/inner/Cargo.toml", "[workspace]\n", "");
    project.edit(
        "Cargo.toml",
        "[workspace]\n",
        "[workspace]\nmembers = [\"crates/*\"]\n",
    );
    project.write(
        "crates/inner/tests/test_inner.py",
        "from importlib.metadata import version\n\nversion('inner')\n\n\ndef test_it():\n    pass\n",
    );
    let warning = "warning: the tests of `crates/inner` are left out";
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    run.says_once(warning);
    let run = test(&project, &["--py", "--workspace"]).run().succeeds();
    let both = "Python (inner) 1 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    run.never_says(warning);
}

#[test]
fn members_of_a_workspace_are_those_that_uv_lists() {
    let project = small(&folder!());
    project.dev().run().succeeds(); // provides uv
    let folders = [
        "a",
        "libs/b",
        "libs/b/inner",
        "libs/c",
        "libs/c/inner",
        "libs/c2",
        "one/two/three/four/five/six",
        "target/x",
        "with [odd] name",
    ];
    for folder in folders {
        let name = folder.replace(['/', ' ', '[', ']'], "");
        let text = format!("[project]\nname = '{name}'\nversion = '1'\n");
        project.write(&format!("{folder}/pyproject.toml"), &text);
    }
    let dir = Utf8Path::from_path(&project.root).unwrap();
    for (members, exclude) in [
        ("'libs/*'", ""),
        ("'libs/*', 'libs/*/*/'", "'libs/b'"),
        ("'libs/*', 'libs/c/inner'", "'libs/c*'"),
        ("'libs/*', 'libs/*/inner'", "'libs/*'"),
        ("'./libs/[bc]'", "'./libs/b/'"),
        ("'libs/{b,c}', 'a'", ""),
        ("'*/x', 'nowhere', 'libs/nothing*'", ""),
        ("'one/**/six', 'a'", ""),
        ("'with*'", ""),
        ("", ""),
    ] {
        let table = format!("[tool.uv.workspace]\nmembers = [{members}]\nexclude = [{exclude}]\n");
        project.write(
            "pyproject.toml",
            &format!("[project]\nname = 'root'\nversion = '1'\n{table}"),
        );
        let run = project
            .run(uv(), &["workspace", "list", "--paths"])
            .succeeds();
        let mut listed: Vec<&str> = run.stdout.lines().collect();
        listed.sort_unstable();
        let workspace = UvWorkspace::at(&Manifests::default(), dir)
            .unwrap()
            .unwrap();
        let packages = workspace.packages();
        let mut found: Vec<&str> = packages.map(|package| package.dir().as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, listed, "{table}");
    }
}

#[test]
fn the_uv_that_a_project_requires_is_fetched_and_used() {
    let project = small(&folder!());
    let table =
        "\n[dependency-groups]\ndev = [\"pytest\"]\n\n[tool.uv]\nrequired-version = \"==0.9.*\"\n";
    project.append("pyproject.toml", table);
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    test(&project, &["--py"])
        .run()
        .succeeds()
        .never_says("Downloading");
}
