//! One project under test: what is done to it, and whether the law held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::support::{CheckOutcome, Project as Checkout, Pyx, program, uv};

use super::inputs;
use super::project::{Kind, Project, Values};
use super::texts::{LOOK, WRAPPER};
use super::world::World;

/// How the law was broken.
pub(super) struct Breach {
    /// `stale`, `needless`, `twice`, `left`, `always_rebuilds`, `refused`.
    what: &'static str,
    said: String,
}

pub(super) type Law = Result<(), Breach>;

impl Breach {
    /// The same for breaches that most likely have the same cause.
    pub(super) fn sort(&self) -> String {
        let error = self.said.lines().find(|line| line.starts_with("error"));
        let words = error.unwrap_or_default().split('`').step_by(2);
        format!("{} {}", self.what, words.collect::<String>())
    }

    pub(super) fn new(what: &'static str, said: impl fmt::Display) -> Self {
        Self {
            what,
            said: said.to_string(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.said)
    }
}

/// What a run may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Whatever is due.
    Right,
    /// Cargo may be asked, and nothing else.
    Quiet,
    /// Nothing at all.
    Fresh,
}

/// What an ended run was made from.
struct Built {
    inputs: String,
    at: SystemTime,
}

pub(super) struct Lab {
    /// The project's folder is in here, and whatever stands beside it.
    base: PathBuf,
    pub(super) project: Project,
    pub(super) world: World,
    /// What was last built, by [`Lab::place`].
    built: BTreeMap<String, Built>,
    /// Modules that Python should not find any more.
    pub(super) gone: BTreeSet<String>,
    /// Runs so far.
    pub(super) runs: usize,
    /// For tokens and names.
    number: u32,
    /// Whether what the next run compiles may have many reasons.
    excused: bool,
}

impl Lab {
    /// A project from scratch in `base`.
    pub(super) fn new(kind: Kind, base: &Path) -> Result<Self, Breach> {
        let _ = fs::remove_dir_all(base);
        let project = Project::new(kind, base.join("project"));
        project.create();
        program(&base.join("wrapper"), WRAPPER);
        let elsewhere = base.join("elsewhere");
        fs::create_dir_all(elsewhere.join(".cargo")).unwrap();
        let config = "[env]\nLAW_FLAVOR = \"elsewhere\"\n";
        fs::write(elsewhere.join(".cargo/config.toml"), config).unwrap();
        let toolchain = "[toolchain]\nchannel = \"none-such\"\n";
        fs::write(elsewhere.join("rust-toolchain.toml"), toolchain).unwrap();
        let mut lab = Self {
            base: base.to_owned(),
            project,
            world: World::new(),
            built: BTreeMap::new(),
            gone: BTreeSet::new(),
            runs: 0,
            number: 1000,
            excused: true,
        };
        lab.git(&["init", "--quiet", "--initial-branch", "main"]);
        lab.commit();
        lab.dev()?;
        lab.commit();
        Ok(lab)
    }

    pub(super) fn fresh(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    fn checkout(&self) -> Checkout {
        Checkout::at(&self.project.root)
    }

    pub(super) fn git(&self, words: &[&str]) -> String {
        self.checkout().git(words)
    }

    pub(super) fn commit(&self) {
        self.git(&["add", "--all"]);
        let user = ["-c", "user.name=Law", "-c", "user.email=law@example.org"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", "state"];
        self.git(&[&user[..], &commit[..]].concat());
    }

    pub(super) fn environment(&self) -> PathBuf {
        match self.world.env.get("UV_PROJECT_ENVIRONMENT") {
            Some(path) => path.into(),
            None => self.project.dir().join(".venv"),
        }
    }

    /// The project's own extension modules in its environment or among its sources.
    pub(super) fn modules(&self) -> Vec<PathBuf> {
        self.project.modules(&self.environment())
    }

    /// A run of pyx with the flags and variables of the moment.
    pub(super) fn pyx(&self, subcommand: &str) -> Pyx {
        self.pyx_in(&self.project.dir(), subcommand)
    }

    /// The same from another folder of the project.
    pub(super) fn pyx_in(&self, dir: &Path, subcommand: &str) -> Pyx {
        let mut run = if self.world.elsewhere {
            let dir = dir.to_str().unwrap();
            let checkout = Checkout::at(&self.base.join("elsewhere"));
            checkout.pyx(subcommand).with(&["-C", dir])
        } else {
            Checkout::at(dir).pyx(subcommand)
        };
        if subcommand == "dev" || subcommand == "run" {
            run = run.with(&self.world.flags());
        }
        self.dressed(run)
    }

    /// Another program in the project's folder.
    pub(super) fn other(&self, program: &Path, words: &[&str]) -> CheckOutcome {
        let run = Checkout::at(&self.project.dir()).program(program, words);
        let run = run.env("VIRTUAL_ENV", self.environment());
        self.dressed(run).path_first(uv().parent().unwrap()).run()
    }

    fn dressed(&self, mut run: Pyx) -> Pyx {
        for (name, value) in &self.world.env {
            run = run.env(name, value);
        }
        run.env("RUSTC_WRAPPER", self.base.join("wrapper"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// `cargo pyx dev`, and Python imports what the sources say.
    pub(super) fn dev(&mut self) -> Law {
        self.judged(Expect::Right, &[])
    }

    /// The same where nothing is due but a question to cargo.
    pub(super) fn quiet(&mut self) -> Law {
        self.judged(Expect::Quiet, &[])
    }

    /// The same where nothing is due.
    pub(super) fn nothing(&mut self) -> Law {
        self.judged(Expect::Fresh, &[])
    }

    pub(super) fn judged(&mut self, expect: Expect, flags: &[&str]) -> Law {
        self.forget_compiled();
        let mut run = self.pyx("dev").with(flags).run();
        // git brings back a name that the lock, which it ignores, does not know: the hint mends that
        let mut lines = run.stderr.lines();
        if let Some(words) = lines.find_map(|line| line.strip_prefix("hint: uv lock")) {
            let words: Vec<&str> = words.split_whitespace().collect();
            self.other(&uv(), &[&["lock"], &words[..]].concat());
            run = self.pyx("dev").with(flags).run();
        }
        self.judge(&run, expect)
    }

    /// Of runs that end now, any crate may have been compiled.
    pub(super) fn excuse(&mut self) {
        self.excused = true;
    }

    pub(super) fn forget_compiled(&self) {
        let _ = fs::remove_file(self.base.join("compiled"));
    }

    /// A run that had to end well, right after its end.
    pub(super) fn judge(&mut self, run: &CheckOutcome, expect: Expect) -> Law {
        self.runs += 1;
        if run.code != Some(0) {
            self.excused = true;
            return Err(Breach::new("refused", said(run)));
        }
        self.is_right(&self.project.expected(&self.world), &said(run))?;
        self.is_no_more_than_due(run, expect)
    }

    /// A run that had to fail.
    pub(super) fn fails(&mut self) -> Law {
        self.runs += 1;
        self.excused = true;
        let run = self.pyx("dev").run();
        if run.code == Some(0) {
            let text = format!("a clean build fails\n{}", said(&run));
            return Err(Breach::new("stale", text));
        }
        Ok(())
    }

    pub(super) fn is_right(&self, expected: &BTreeMap<String, Values>, run: &str) -> Law {
        let found = self.look();
        if found["found"] != json!(expected) {
            let text = difference(expected, &found["found"]);
            return Err(Breach::new("stale", format!("{text}\n{run}")));
        }
        if found["left"] != json!([]) {
            let text = format!("{}\n{run}", found["left"]);
            return Err(Breach::new("left", text));
        }
        let binding = self.project.kind.binding;
        let modules = self.modules();
        if binding.is_module() && modules.len() != self.project.members.len() {
            return Err(Breach::new("left", format!("{modules:#?}\n{run}")));
        }
        Ok(())
    }

    fn is_no_more_than_due(&mut self, run: &CheckOutcome, expect: Expect) -> Law {
        let compiled = self.compiled();
        let inputs = inputs::digest(&self.project, &self.world);
        let newest = inputs::newest(&self.project);
        let place = self.place();
        let excused = std::mem::take(&mut self.excused);
        let known = self.built.get(&place);
        let is_known = known.is_some_and(|known| known.inputs == inputs && newest < known.at);
        // who asks cargo later than a file was touched has it compiled
        if asks_cargo(run) {
            let at = SystemTime::now();
            self.built.insert(place, Built { inputs, at });
        }
        let mut crates = BTreeSet::new();
        let twice: Vec<&String> = compiled
            .iter()
            .filter(|line| !crates.insert(*line))
            .collect();
        if !twice.is_empty() && !excused {
            return Err(Breach::new("twice", format!("{twice:?}\n{}", said(run))));
        }
        if is_known && !excused && !compiled.is_empty() {
            return Err(Breach::new(
                "needless",
                format!("{compiled:?}\n{}", said(run)),
            ));
        }
        let words = run
            .stderr
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        let allowed: &[&str] = match expect {
            Expect::Right => return installs_once(run, self.project.members.len()),
            Expect::Quiet => &[
                "Fresh", "Checked", "Finished", "warning:", "Locking", "Updating",
            ],
            Expect::Fresh => &["Fresh"],
        };
        for word in words {
            if !allowed.contains(&word) {
                return Err(Breach::new("always_rebuilds", said(run)));
            }
        }
        Ok(())
    }

    /// What rustc was called for, a line for each crate.
    pub(super) fn compiled(&self) -> Vec<String> {
        let log = fs::read_to_string(self.base.join("compiled")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// Where cargo keeps what it builds now apart from others.
    fn place(&self) -> String {
        let root = self.project.root.display();
        let [triple, target] =
            ["CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"].map(|name| self.world.env.get(name));
        let environment = self.environment();
        let profile = self.world.profile;
        format!(
            "{root} {triple:?} {target:?} {} {profile}",
            environment.display()
        )
    }

    /// What Python finds, in an interpreter of its own.
    fn look(&self) -> Value {
        let python = self.environment().join("bin/python");
        // Python would take what it wrote of a file for the file, by its size and time
        let run = Checkout::at(&self.project.dir())
            .program(python, &["-c", LOOK, &self.asked()])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .run();
        let found = serde_json::from_str(&run.stdout);
        found.unwrap_or_else(|_| json!({ "found": run.stderr, "left": [] }))
    }

    fn asked(&self) -> String {
        let project = &self.project;
        let way = project.kind.binding.way();
        let members = project.members.iter();
        let asked = members.map(|member| {
            let module = match project.module(member).rsplit_once('.') {
                Some((package, _)) => package.to_owned(),
                None => project.module(member),
            };
            json!([project.distribution(member), way, module])
        });
        json!([asked.collect::<Vec<_>>(), self.gone]).to_string()
    }

    /// `cargo pyx run python`, which builds before.
    pub(super) fn run_python(&mut self) -> Law {
        self.runs += 1;
        self.forget_compiled();
        let asked = self.asked();
        let run = self
            .pyx("run")
            .with(&["--", "python", "-c", LOOK, &asked])
            .run();
        let found: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let expected = self.project.expected(&self.world);
        if found["found"] != json!(expected) {
            let text = difference(&expected, &found["found"]);
            return Err(Breach::new("stale", format!("{text}\n{}", said(&run))));
        }
        self.nothing()
    }
}

/// How a run ended, and what it said.
pub(super) fn said(run: &CheckOutcome) -> String {
    let CheckOutcome { code, stderr, .. } = run;
    format!("exit {code:?}\n{stderr}")
}

fn asks_cargo(run: &CheckOutcome) -> bool {
    let mut lines = run.stderr.lines();
    lines.any(|line| !line.trim_start().starts_with("Fresh "))
}

/// Every member at most once.
fn installs_once(run: &CheckOutcome, members: usize) -> Law {
    if run.count("  Installed ") > members {
        return Err(Breach::new("twice", said(run)));
    }
    Ok(())
}

fn difference(expected: &BTreeMap<String, Values>, found: &Value) -> String {
    let mut text = String::new();
    for (name, values) in expected {
        for (value, want) in values {
            let got = &found[name][value];
            if got != want {
                let _ = writeln!(text, "{name}: {value} should be `{want}` and is {got}");
            }
        }
        if let Some(error) = found[name].get("error") {
            let _ = writeln!(text, "{name}: {error}");
        }
    }
    if text.is_empty() {
        text = format!("wanted {expected:?}, found {found}");
    }
    text
}
