//! What `cargo pyx init --editor` asks, shows and writes.

use crate::support::Project;

#[test]
fn init_asks_shows_and_is_fresh_the_second_time() {
    let folder = crate::support::folder!();
    let project = Project::cold(&folder.join("bin"), "bin");
    project.write(
        "justfile",
        "x := `touch EVALUATED`\n\nown:\n    true\n\nnamed name:\n    true\n",
    );
    // only a just that is there is asked for recipes
    project.pyx("just").with(&["--list"]).run().succeeds();
    let settings = "{\n  // mine\n  \"a\": 1, // one\n}\n";
    project.write(".vscode/settings.json", settings);
    let asked = || project.pyx("init").with(&["--editor", "vscode"]);
    let init = |words: &[&str]| asked().with(words).run();

    let patch = init(&["--dry-run"]).succeeds();
    assert!(patch.stdout.contains("+++ b/.vscode/tasks.json"), "{patch}");
    assert!(!patch.stdout.contains("-  //"), "{patch}");
    let refused = init(&[]).exits(2);
    refused
        .says("+++ b/.vscode/tasks.json")
        .says("hint: cargo pyx init --editor vscode --yes");
    assert_eq!(project.read(".vscode/settings.json"), settings);
    assert!(!project.path(".vscode/tasks.json").exists());

    for answer in ["n", ""] {
        let kept = asked().answered(answer).succeeds();
        assert!(kept.stdout.contains("+++ b/.vscode/tasks.json"), "{kept}");
        assert!(kept.stdout.contains("Kept everything as it was"), "{kept}");
    }
    assert_eq!(project.read(".vscode/settings.json"), settings);
    assert!(!project.path(".vscode/tasks.json").exists());
    let made = asked().answered("y").succeeds();
    assert!(made.stdout.contains("make these changes?"), "{made}");
    assert!(project.path(".vscode/tasks.json").exists());
    project.write(".vscode/settings.json", settings);
    project.remove(".vscode/tasks.json");

    init(&["--yes"]).succeeds().says("cargo pyx dev");
    let text = project.read(".vscode/settings.json");
    assert!(
        text.starts_with("{\n  // mine\n  \"a\": 1, // one\n"),
        "{text}"
    );
    let tasks = project.read(".vscode/tasks.json");
    assert!(tasks.contains("\"pyx: just own\"") && tasks.contains("\"pyx: just lint\""));
    assert!(!tasks.contains("named") && !project.path("EVALUATED").exists());
    let again = init(&[]).succeeds();
    assert_eq!(again.stderr.matches("Fresh .vscode/").count(), 4, "{again}");
    assert_eq!(project.read(".vscode/tasks.json"), tasks);
}
