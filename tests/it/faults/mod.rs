//! What happens to `cargo pyx dev` when the world is against it: the rows of `docs/reliability.md`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::support::{Project, command, text_of};

mod compiler_cache;
mod crashes;
mod interrupted;
mod links;
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

/// At which such a build script waits until the test lets it go on, however slow the machine is.
struct Gate(PathBuf);

impl Gate {
    fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join("gate");
        let _ = fs::remove_file(&path);
        text_of(command("mkfifo", folder).arg(&path));
        Self(path)
    }

    /// For `$SLOW`.
    fn shut(&self) -> String {
        format!("0 <'{}'", self.0.display())
    }

    /// Waits until somebody is at it.
    fn open(&self) {
        File::options().write(true).open(&self.0).unwrap();
    }
}
