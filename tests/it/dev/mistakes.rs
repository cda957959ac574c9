//! Mistakes in the project and on the command line.

use crate::support::{Project, folder};

/// A mistake, where it is, and words of what is said about it.
struct Mistake {
    file: &'static str,
    text: fn(&str) -> String,
    args: &'static [&'static str],
    /// The whole line and the column; empty where the mistake is in no file.
    place: (&'static str, usize),
    says: &'static [&'static str],
}

const NO_MISTAKE: Mistake = Mistake {
    file: "pyproject.toml",
    text: str::to_owned,
    args: &[],
    place: ("", 0),
    says: &[],
};

/// Each is refused with exit 2 before anything is written.
fn is_refused(project: &Project, mistake: &Mistake) {
    let right = project.read(mistake.file);
    let wrong = (mistake.text)(&right);
    project.write(mistake.file, &wrong);
    let before = project.listing(&[]);
    let run = project.dev().with(mistake.args).run().exits(2);
    let mut run = run.says_once("error: ").says_once("hint: ");
    let (line, column) = mistake.place;
    if !line.is_empty() {
        let number = 1 + wrong.lines().position(|found| found == line).unwrap();
        let path = project.path(mistake.file);
        run = run.says_once(&format!("--> {}:{number}:{column}\n", path.display()));
        run = run.says_once(&format!("{number} | {line}\n"));
    }
    for text in mistake.says {
        run = run.says(text);
    }
    assert!(
        project.listing(&[]) == before,
        "something was written:\n{run}"
    );
    project.write(mistake.file, &right);
}

#[test]
fn a_mistake_in_a_manifest_is_shown_and_nothing_is_written() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let mistakes = [
        Mistake {
            text: |text| text.replace("requires-python = \">=3.9\"", "requires-python = "),
            place: ("requires-python = ", 19),
            says: &["`pyproject.toml` is not valid TOML"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| text.replace("dynamic = [\"version\"]\n", ""),
            place: ("name = \"hello\"", 8),
            says: &[
                "`hello` has no version, and maturin installs nothing without one",
                "hint: `dynamic = [\"version\"]` under [project] takes the version from Cargo.toml",
            ],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.maturin]\npython-source = \"pyton\"\n"),
            place: ("python-source = \"pyton\"", 17),
            says: &["`python-source` is not a folder: `pyton`"],
            ..NO_MISTAKE
        },
        Mistake {
            file: "Cargo.toml",
            text: |text| text.replace("[lib]", "[lib"),
            place: ("[lib", 5),
            says: &["`Cargo.toml` is not valid TOML"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.pyx]\nprofil = \"release\"\n"),
            place: ("profil = \"release\"", 1),
            says: &["did you mean `profile`"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.pyx]\nfeatures = \"a\"\n"),
            place: ("features = \"a\"", 12),
            says: &["expected an array"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| text.replace("maturin>=1.9,<2", "maturin>=1.9<2"),
            place: ("requires = [\"maturin>=1.9<2\"]", 13),
            says: &["comma"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| text.replace(">=3.9", "3.9 or newer"),
            place: ("requires-python = \"3.9 or newer\"", 19),
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.maturin]\nmanifest-path = \"rust/Cargo.toml\"\n"),
            place: ("manifest-path = \"rust/Cargo.toml\"", 17),
            ..NO_MISTAKE
        },
    ];
    for mistake in &mistakes {
        is_refused(&project, mistake);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_explained_and_nothing_is_written() {
    let project = Project::cold(&folder!().join("workspace"), "workspace");
    let mistakes = [
        (&["-p", "nope"][..], &["`nope`", "alpha, beta"][..]),
        (&["-p", "alpa"], &["`alpa`", "did you mean `-p alpha`?"]),
        (
            &["--manifest-path", "nope/Cargo.toml"],
            &["nope/Cargo.toml`"],
        ),
        (&["-C", "nope"], &["nope`"]),
    ];
    for (args, says) in mistakes {
        let file = "Cargo.toml";
        is_refused(
            &project,
            &Mistake {
                file,
                args,
                says,
                ..NO_MISTAKE
            },
        );
    }
}
