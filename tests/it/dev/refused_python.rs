//! Environments with a Python that PyO3 refuses since it is another PyO3.

use crate::support::{Project, oldest_and_newest, project, skipped};

/// From now on the module is for nothing older.
fn raise(project: &Project, oldest: &str) {
    let feature = format!("abi3-py{}", oldest.replace('.', ""));
    let with = format!("pyo3 = {{ version = \"0.29\", features = [\"{feature}\"] }}");
    project.edit("Cargo.toml", "pyo3 = \"0.29\"", &with);
}

/// What pyx has written down of the environment.
const RECORD: &str = ".venv/pyx.json";

const VERSION: &str = "import sys, hello; print('%d.%d' % sys.version_info[:2])";

#[test]
fn an_environment_with_a_python_that_pyo3_refuses_is_made_anew_by_who_made_it() {
    let [oldest, newest] = oldest_and_newest();
    if oldest == newest {
        return skipped("two Pythons");
    }
    let project = project!("hello");
    project.write(".python-version", &oldest);
    project.dev().run().succeeds();
    assert_eq!(project.python(VERSION), oldest);
    project.remove(".python-version");
    project.dev().run().finds_fresh("hello");

    raise(&project, &newest);
    // as one that somebody made with uv
    let record = project.read(RECORD);
    project.remove(RECORD);
    let before = project.listing(&["target"]);
    let refused = project.dev().run().exits(3);
    refused
        .says_once(&format!(" and newer, not for CPython {oldest}"))
        .says(&format!(
            "hint: pass `--python {newest}`, or use another PyO3"
        ));
    assert!(project.listing(&["target"]) == before);

    project.write(RECORD, &record);
    let run = project.dev().run().succeeds();
    run.says_once(&format!("    Creating .venv (CPython {newest}"))
        .says(&format!(" (it has CPython {oldest}"))
        .says(&format!("is for CPython {newest} and newer)"));
    assert_eq!(project.python(VERSION), newest);
    project.dev().run().finds_fresh("hello");
}

#[test]
fn uvs_choice_of_a_python_is_the_projects() {
    let [oldest, newest] = oldest_and_newest();
    let project = project!("hello");
    let version = || {
        let told = project.python("import sys; print('%d.%d' % sys.version_info[:2])");
        told.trim().to_owned()
    };
    for python in [&oldest, &newest] {
        let _ = std::fs::remove_dir_all(project.path(".venv"));
        let run = project.dev().env("UV_PYTHON", python).run().succeeds();
        assert_eq!(version(), *python, "{run}");
        let run = project.dev().env("UV_PYTHON", python).run();
        run.finds_fresh("hello");
    }
    // by its path it is as good as by its version
    let path = project.python("import sys; print(sys._base_executable)");
    let _ = std::fs::remove_dir_all(project.path(".venv"));
    let run = project.dev().env("UV_PYTHON", &path).run().succeeds();
    assert_eq!(version(), newest, "{run}");
    let run = project.dev().env("UV_PYTHON", &path).run();
    run.finds_fresh("hello");
    let run = project.dev().env("UV_PYTHON", "3.1").run().exits(3);
    run.says("(UV_PYTHON)").never_says("Building");
    let run = project
        .dev()
        .env("UV_PYTHON", "/dev/null/python")
        .run()
        .exits(3);
    run.says("`/dev/null/python`: no such file (UV_PYTHON)");
    let _ = std::fs::remove_dir_all(project.path(".venv"));
    project.append(
        "pyproject.toml",
        "\n[tool.uv]\npython-preference = 'only-managed'\n",
    );
    let nowhere = project.path("nowhere");
    let looked = project.pyx("doctor").env("UV_PYTHON_INSTALL_DIR", &nowhere);
    let looked = looked.run();
    assert!(looked.stdout.contains(" from uv\n"), "{looked}");
    let run = project.dev().env("UV_PYTHON_INSTALL_DIR", nowhere);
    let run = run.env("CARGO_PYX_OFFLINE", "1").run().exits(4);
    run.says("offline: missing Python");
}
