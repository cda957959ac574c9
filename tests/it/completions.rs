//! What shells are told when they complete `cargo pyx`: with a real bash, the one shell that is
//! everywhere.

use std::path::Path;
use std::process::Command;

use crate::support::Project;

/// A cargo completion of somebody else, then ours; each line of stdin is completed at its end, a
/// blank there begins a word.
const SCRIPT: &str = r#"
_cargo() { COMPREPLY=(of-cargo "$COMP_CWORD" "${COMP_WORDS[1]}"); }
complete -o default -F _cargo cargo
source <(cargo-pyx completions bash)
source <(cargo-pyx completions bash)
complete -p cargo | grep -q -- '-o default -F' || exit 9
while IFS= read -r line; do
    COMP_WORDS=($line)
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    COMPREPLY=()
    spec=$(complete -p "${COMP_WORDS[0]}")
    [[ $spec =~ '-F '([^ ]+) ]]
    "${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "${COMPREPLY[*]}"
done
"#;

/// What each line is completed to.
fn completed(dir: &Path, lines: &[&str]) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_cargo-pyx"));
    let mut path = vec![program.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    std::fs::create_dir_all(dir).unwrap();
    let input = dir.with_extension("lines");
    std::fs::write(&input, lines.join("\n") + "\n").unwrap();
    let output = Command::new("bash")
        .args(["--norc", "-c", SCRIPT])
        .current_dir(dir)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("CARGO_PYX_CACHE_DIR", crate::support::cache())
        .stdin(std::fs::File::open(&input).unwrap())
        .output()
        .unwrap();
    std::fs::remove_file(&input).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

#[test]
fn commands_members_and_recipes_are_completed_and_cargo_is_left_alone() {
    let folder = crate::support::folder!();
    let project = Project::cold(&folder.join("workspace"), "workspace");
    project.write(
        "justfile",
        "x := `touch EVALUATED`\n\n# Own\nown:\n    true\n",
    );
    project.pyx("just").run().succeeds(); // brings just along where it is missing
    let lines = [
        ("cargo pyx te", "test"),
        ("cargo-pyx te", "test"),
        ("cargo +stable pyx te", "test"),
        ("cargo pyx release ver", "version"),
        ("cargo pyx dev --rel", "--release"),
        ("cargo pyx dev -p ", "alpha beta"),
        ("cargo pyx t -p be", "beta"),
        ("cargo pyx just --show lin", "lint"),
        ("cargo pyx just --eject ow", ""),
        ("cargo pyx just own justf", "justfile"),
        ("cargo pyx init --editor ", "zed vscode"),
        ("cargo build --rel", "of-cargo 2 build"),
        ("cargo py", "of-cargo 1 py"),
    ];
    let typed = lines.map(|(line, _)| line);
    for ((line, expected), found) in lines.iter().zip(completed(&project.root, &typed)) {
        assert_eq!(found, *expected, "{line}");
    }
    let elsewhere = ["cargo pyx just ow", "cargo pyx -C workspace just ow"];
    assert_eq!(completed(&folder, &elsewhere), ["", "own"]);
    assert!(!project.path("EVALUATED").exists());
}

#[test]
fn outside_of_a_project_only_words_of_the_command_line_are_completed() {
    let folder = tempfile::tempdir().unwrap();
    let found = completed(
        folder.path(),
        &["cargo pyx dev -p ", "cargo pyx just li", "cargo pyx de"],
    );
    assert_eq!(found, ["", "", "dev"]);
}
