//! What happens to `cargo pyx dev` when the world is against it: the rows of `docs/faults.md`.

use std::path::Path;

use crate::support::Project;

mod crashes;
mod looking;
mod network;
mod places;
mod processes;
mod published;
mod state;
mod tools;

const COUNT: &str = "import mixed; print(mixed.count_words('a b'))";

/// A copy of `mixed` whose build script sleeps for `$SLOW` seconds, deaf to signals where it is `$DEAF`.
fn slow(folder: &Path) -> Project {
    let project = Project::new(folder, "mixed");
    slow_down(&project);
    project
}

/// Gives a project such a build script.
fn slow_down(project: &Project) {
    let script = "use std::{env, process::Command};\n\n\
                  fn main() {\n    \
                  println!(\"cargo::rerun-if-changed=src\");\n    \
                  println!(\"cargo::rerun-if-env-changed=SLOW\");\n    \
                  let trap = if env::var(\"DEAF\").is_ok() { \"trap '' INT TERM;\" } else { \"\" };\n    \
                  if let Ok(text) = env::var(\"SLOW\") {\n        \
                  let wait = format!(\"{trap} sleep {text}\");\n        \
                  Command::new(\"sh\").args([\"-c\", &wait]).status().unwrap();\n    }\n}\n";
    project.write("build.rs", script);
}
