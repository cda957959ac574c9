//! `--dry-run`, of every command.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory;

use crate::support::{Project, Pyx, cache, entries, folder, name_of, on_path, program};

/// Every command at least once, with what would write most.
const LINES: &str = "
ci github --yes
ci gitlab --yes
ci matrix test
ci matrix wheels
clean
clean --all
clean --env
completions bash
dev
dev --force --release
dev --watch
doctor
doctor --fix --yes
env
env --json
init --editor vscode --editor zed --yes
init --yes
just
just --eject lint fmt
just --list
just --show cov
just --show own
just lint
just own
man
man --out manual
new other
release check
release publish --yes
release sdist --allow-dirty
release version
release version 9.9.9
release wheel --allow-dirty --reproduce
run --bin shout
run python -c pass
test
test --jobs 2
test --merge .
test --py --python all
test --shard 1/2 --junit report.xml
test --wheel
test --watch
";

/// What anybody runs of the project, or only reads with an evaluating tool, leaves a mark.
const JUSTFILE: &str = "mark := `touch MARK`\n\n# Marks\nown: \n    @touch MARK\n";
const HOSTILE: &str = "open('MARK', 'w')\n";

/// Names of the commands that do something, as `release wheel`.
fn commands(command: &clap::Command, words: &str, found: &mut BTreeSet<String>) {
    for below in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        let words = format!("{words} {}", below.get_name());
        if below.has_subcommands() {
            commands(below, &words, found);
        } else {
            found.insert(words.trim().to_owned());
        }
    }
}

/// A folder with a project, a home, a user cache and temporary files.
struct Place {
    around: Project,
    project: Project,
}

impl Place {
    fn new(root: &Path) -> Self {
        let _ = fs::remove_dir_all(root);
        let project = Project::cold(&root.join("project"), "bin");
        project.write("justfile", JUSTFILE);
        project.write("conftest.py", HOSTILE);
        project.write(
            "build.rs",
            "fn main() { std::fs::write(\"MARK\", \"\").unwrap(); }\n",
        );
        project.git(&["add", "--all"]);
        project.commit();
        for name in ["home", "cache", "tmp", "spies"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        Self {
            around: Project::at(root),
            project,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.around.path(name)
    }

    fn pyx(&self, words: &[&str]) -> Pyx {
        let home = std::env::home_dir().unwrap();
        let or = |name: &str, folder: &str| {
            std::env::var_os(name).unwrap_or_else(|| home.join(folder).into_os_string())
        };
        let pyx = self.project.pyx(words[0]).with(&words[1..]);
        pyx.env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("CARGO_PYX_CACHE_DIR", self.path("cache"))
            .env("UV_CACHE_DIR", self.path("home/.cache/uv"))
            .env("CARGO_HOME", or("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", or("RUSTUP_HOME", ".rustup"))
            .env("PYENV_ROOT", or("PYENV_ROOT", ".pyenv"))
            .path_first(&self.path("spies"))
    }

    /// The calls of programs that may write or run something of the project.
    fn watch(&self) {
        let log = self.path("home/log");
        for name in ["cargo", "git", "uv", "maturin", "just", "pip", "pytest"] {
            let Some(real) = on_path(name) else {
                continue; // who has none cannot call it
            };
            let script = format!(
                "echo {name} \"$@\" >>'{}'; exec '{}' \"$@\"",
                log.display(),
                real.display()
            );
            program(&self.path("spies").join(name), &script);
        }
    }

    /// Those that this machine has no others of.
    fn take_tools(&self) {
        self.project.pyx("just").with(&["--list"]).run().succeeds();
        self.project.dev().run();
        for tool in entries(&cache().join("tools")) {
            let name = name_of(&tool);
            let kinds = ["just-", "maturin-", "uv-"];
            if kinds.iter().any(|kind| name.starts_with(kind)) {
                let to = self.path("cache/tools").join(name);
                fs::create_dir_all(&to).unwrap();
                for file in entries(&tool) {
                    fs::hard_link(&file, to.join(name_of(&file))).unwrap();
                }
            }
        }
    }

    /// Takes the log of the calls.
    fn calls(&self) -> Vec<String> {
        let log = self.path("home/log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(&log);
        text.lines().map(str::to_owned).collect()
    }
}

/// Whether a call only asks.
fn only_asks(call: &str) -> bool {
    let words: Vec<&str> = call.split(' ').collect();
    match words[..] {
        [_, "--version"] => true,
        ["cargo", "metadata", ..] => words.contains(&"--locked") && words.contains(&"--offline"),
        ["just", ..] => words.contains(&"--dump") || words.contains(&"--show"),
        ["git", ..] => [
            "log",
            "status",
            "ls-files",
            "tag",
            "rev-parse",
            "config",
            "diff",
            "check-ignore",
        ]
        .iter()
        .any(|word| words.contains(word)),
        _ => false,
    }
}

fn nothing_is_written(place: &Place, state: &str) {
    for line in LINES.lines().filter(|line| !line.is_empty()) {
        let before = place.around.listing(&[]);
        let words: Vec<&str> = line.split(' ').collect();
        let run = place.pyx(&[&["--dry-run"], &words[..]].concat()).run();
        assert!(run.code.is_some_and(|code| code < 70), "{run}");
        let calls = place.calls();
        let wrong: Vec<&String> = calls.iter().filter(|call| !only_asks(call)).collect();
        assert!(wrong.is_empty(), "{state}: {line}: {wrong:#?}");
        let after = place.around.listing(&[]);
        let paths = before.keys().chain(after.keys());
        let changed: BTreeSet<_> = paths
            .filter(|path| before.get(*path) != after.get(*path))
            .collect();
        assert!(changed.is_empty(), "{state}: {line}: {changed:#?}\n{run}");
    }
}

#[test]
fn f31_no_command_writes_anything() {
    let mut named = BTreeSet::new();
    for line in LINES.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let group = usize::from(["ci", "release"].contains(&words[0])) + 1;
        named.insert(words[..group].join(" "));
    }
    let mut known = BTreeSet::new();
    commands(&cargo_pyx::cli::Cli::command(), "", &mut known);
    assert_eq!(named, known);

    let place = Place::new(&folder!());
    place.take_tools();
    place.pyx(&["test"]).run();
    place.pyx(&["just", "--list"]).run().succeeds();
    let mark = place.path("project/MARK");
    fs::remove_file(&mark).expect("the tests leave a mark");
    let (old, new) = ("to_uppercase", "to_lowercase");
    place.project.edit("src/main.rs", old, new);
    place.watch();
    nothing_is_written(&place, "after an edit");

    for made in ["project/target", "project/.venv", "cache/recipes"] {
        fs::remove_dir_all(place.path(made)).unwrap();
    }
    nothing_is_written(&place, "in a fresh clone");

    fs::remove_dir_all(place.path("cache")).unwrap();
    fs::remove_file(place.path("project/Cargo.lock")).unwrap();
    nothing_is_written(&place, "with no tool and no lock file");
}

#[test]
fn a_variable_says_what_its_option_says_unless_the_command_line_says_otherwise() {
    let project = Project::cold(&folder!(), "hello");
    let before = project.listing(&[]);
    let dev = || project.dev().env("CARGO_PYX_DRY_RUN", "1");
    dev().run().succeeds();
    assert!(project.listing(&[]) == before, "nothing is done");
    let offline = dev().env("CARGO_PYX_OFFLINE", "yes").run().succeeds();
    assert!(offline.stdout.contains("--offline"), "{offline}");
    let wrong = dev().env("CARGO_PYX_OFFLINE", "perhaps").run();
    wrong.exits(2).says("for 'CARGO_PYX_OFFLINE'");
    let quiet = || dev().env("CARGO_PYX_QUIET", "1");
    let fresh = |run: Pyx| run.run().succeeds();
    let said = fresh(quiet().with(&["-v"]));
    assert_eq!(
        said.stderr,
        fresh(dev().with(&["-v"])).stderr,
        "as without it"
    );
    let both = quiet().env("CARGO_PYX_VERBOSE", "1").run();
    both.exits(2).says("cannot be used with '--verbose'");
    dev().with(&["-q", "-v"]).run().exits(2);
}
