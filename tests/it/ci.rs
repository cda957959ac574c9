//! What `cargo pyx ci` prints and writes for a project that is there.

use serde_json::Value;

use crate::house::workflows::are_sound;
use crate::support::{Project, Pyx, folder};

const PYPROJECT: &str = "[build-system]\nrequires = [\"maturin>=1.9,<2\"]\nbuild-backend = \"maturin\"\n\n\
                         [project]\nname = \"told\"\nversion = \"1.0\"\nrequires-python = \">=3.12.3,<3.15\"\n\n\
                         [tool.maturin]\nbindings = \"bin\"\n";

fn told(place: &std::path::Path) -> Project {
    let _ = std::fs::remove_dir_all(place);
    let project = Project::written(place, &told_files());
    project.git(&["init", "--quiet"]);
    project
}

fn told_files() -> [(&'static str, &'static str); 3] {
    let cargo =
        "[package]\nname = \"told\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n";
    [
        ("Cargo.toml", cargo),
        ("pyproject.toml", PYPROJECT),
        ("src/main.rs", "fn main() {}\n"),
    ]
}

fn ci(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("ci").with(args)
}

fn rows(project: &Project, args: &[&str]) -> Vec<Value> {
    let run = ci(project, &[&["matrix"], args].concat()).run().succeeds();
    assert_eq!(run.stdout.lines().count(), 1, "{run}");
    let matrix: Value = serde_json::from_str(&run.stdout).unwrap();
    matrix["include"].as_array().unwrap().clone()
}

#[test]
fn a_matrix_has_the_pythons_that_the_project_is_for_and_the_shards_that_pay() {
    let project = told(&folder!());
    let of = |rows: &[Value], key: &str| {
        let mut words: Vec<String> = rows
            .iter()
            .map(|row| row[key].as_str().unwrap().into())
            .collect();
        words.sort();
        words.dedup();
        words
    };
    let tests = rows(&project, &["test"]);
    assert_eq!(of(&tests, "python"), ["3.12", "3.13", "3.14"]);
    assert_eq!(of(&tests, "shard"), ["1/1"]);
    assert_eq!(tests.len(), 9);
    let tests = rows(&project, &["test", "--shards", "2"]);
    assert_eq!(of(&tests, "shard"), ["1/2", "2/2"]);
    // of six minutes each of three gets two
    let recorded = "{\"schema\": 1, \"suites\": {\".\": {\"a\": 200.0, \"b\": 160.5}}}";
    project.write("test-durations.json", recorded);
    project.git(&["add", "test-durations.json"]);
    assert_eq!(
        of(&rows(&project, &["test"]), "shard"),
        ["1/3", "2/3", "3/3"]
    );
    project.write("test-durations.json", "[]");
    let run = ci(&project, &["matrix", "test"]).run().exits(2);
    run.says("contains no test durations");
    project.remove("test-durations.json");
    let wheels = rows(&project, &["wheels"]);
    assert_eq!(of(&wheels, "wanted"), [""], "a program is for all Pythons");
    assert!(of(&wheels, "target").contains(&"aarch64-apple-darwin".to_owned()));
    project.edit("pyproject.toml", ">=3.12.3,<3.15", ">=3.99");
    let run = ci(&project, &["matrix", "test"]).run().exits(2);
    run.says("requires-python and PyO3 have no Python version in common");
}

#[test]
fn a_package_below_the_root_of_the_repository_is_tested_and_released_in_its_folder() {
    let files = told_files().map(|(name, text)| (format!("py thon/{name}"), text));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, *text)).collect();
    let repository = Project::written(&folder!(), &files);
    let project = Project::at(&repository.path("py thon"));
    let recorded = "{\"schema\": 1, \"suites\": {\".\": {\"a\": 1.0}}}";
    let durations = |place: &str, file: &str| {
        repository.write(file, recorded);
        repository.git(&["add", file]);
        let run = ci(&project, &["github", "--dry-run"]).run().succeeds();
        for line in [
            "    working-directory: py thon",
            "          path: py thon/dist/",
            "          path: py thon/target/pyx/shards/",
        ] {
            assert!(run.stdout.contains(&format!("+{line}\n")), "{run}");
        }
        assert!(
            run.stdout.contains(&format!(" --durations {place}\n")),
            "{run}"
        );
        repository.git(&["rm", "--quiet", "--force", file]);
    };
    durations("test-durations.json", "py thon/test-durations.json");
    durations("../test-durations.json", "test-durations.json");
}

#[test]
fn workflows_are_written_once_and_never_over_somebody_elses() {
    let project = told(&folder!());
    let before = project.listing(&[]);
    let run = ci(&project, &["github"]).run().exits(2);
    run.says("cannot ask for confirmation")
        .says("cargo pyx ci github --yes");
    let run = ci(&project, &["github", "--dry-run"]).run().succeeds();
    assert!(
        run.stdout.contains("+++ b/.github/workflows/ci.yml"),
        "{run}"
    );
    assert_eq!(project.listing(&[]), before);
    ci(&project, &["github", "--yes"]).run().succeeds();
    let run = ci(&project, &["github", "--yes"]).run().succeeds();
    run.says("Fresh .github/workflows/ci.yml, .github/workflows/release.yml");
    ci(&project, &["gitlab", "--yes"]).run().succeeds();

    let flows = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    are_sound(
        &project,
        &[
            ("vendor.github-workflows", &flows),
            ("vendor.gitlab-ci", &[".gitlab-ci.yml"]),
        ],
    );

    // another Python is another line
    project.edit("pyproject.toml", ">=3.12.3,<3.15", ">=3.13");
    let run = ci(&project, &["gitlab", "--yes"]).run().succeeds();
    run.says("-      - PYTHON: [\"3.12\", ");
    // what others wrote stays
    let theirs = "name: theirs\non: push\njobs: {}\n";
    project.write(".github/workflows/ci.yml", theirs);
    ci(&project, &["github", "--yes"]).run().succeeds();
    assert_eq!(project.read(".github/workflows/ci.yml"), theirs);
    assert!(
        project
            .read(".github/workflows/pyx.yml")
            .contains("cargo pyx test")
    );
}
