//! What is left of a module whose build was broken off: the old one or the new one, and nothing else.

#[cfg(target_os = "linux")]
use std::path::{Path, PathBuf};

use crate::support::{CheckOutcome, Project};

/// A module that returns another number after each edit.
pub(crate) struct Edited {
    project: Project,
    /// Prints the number.
    prints: &'static str,
    /// What stands before the number in its line of `src/lib.rs`, and what stands behind it.
    around: [&'static str; 2],
    number: usize,
}

impl Edited {
    /// One that stands among its sources.
    pub(crate) fn mixed(project: Project) -> Self {
        let prints = "import mixed; print(mixed.count_words(''))";
        Self::of(project, prints, [".count()", ""])
    }

    /// One that stands in the environment.
    #[cfg(target_os = "linux")]
    pub(crate) fn hello(project: Project) -> Self {
        let prints = "import hello; print(hello.sum_as_string(0, 0))";
        Self::of(project, prints, ["(a + b", ").to_string()"])
    }

    fn of(project: Project, prints: &'static str, around: [&'static str; 2]) -> Self {
        let edited = Self {
            project,
            prints,
            around,
            number: 0,
        };
        edited.is_built();
        edited
    }

    fn edit(&mut self) {
        self.number += 1;
        let text = self.project.read("src/lib.rs");
        let [before, behind] = self.around;
        let (head, tail) = text.split_once(before).unwrap();
        let (_, tail) = tail.split_once('\n').unwrap();
        let line = format!("{before} + {}{behind}", self.number);
        let text = format!("{head}{line}\n{tail}");
        self.project.write("src/lib.rs", &text);
    }

    /// Its next build installs it anew.
    #[cfg(target_os = "linux")]
    fn edit_metadata(&self) {
        let line = format!("# edited {} times\n", self.number);
        self.project.append("pyproject.toml", &line);
    }

    /// Runs something that may be broken off; the module is whole after that, and built by the next run.
    #[track_caller]
    fn after(&self, run: impl FnOnce(&Project) -> CheckOutcome) -> CheckOutcome {
        let traces = self.project.traces();
        let run = run(&self.project);
        let found: usize = self.project.python(self.prints).parse().unwrap();
        assert!([self.number - 1, self.number].contains(&found), "{run}");
        assert_eq!(self.project.traces(), traces, "{run}");
        self.is_built();
        run
    }

    #[track_caller]
    fn is_built(&self) {
        let run = self.project.dev().run().succeeds();
        let found = self.project.python(self.prints);
        assert_eq!(found, self.number.to_string(), "{run}");
        let kept = self.project.path(".venv/pyx-kept");
        assert!(!kept.exists(), "{run}");
    }

    /// Edits, and kills a run with all that it has started after some tenths of a second.
    #[track_caller]
    pub(crate) fn killed_after(&mut self, tenths: usize) {
        self.edit();
        let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
        let (seconds, tenths) = (tenths / 10, tenths % 10);
        let script =
            format!("setsid '{pyx}' pyx dev & sleep {seconds}.{tenths}; kill -9 -$! 2>&1; wait");
        self.after(|project| project.run("sh", &["-c", &script]));
    }
}

/// A call of the system that goes wrong, as strace names it.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Harm {
    pub(crate) call: &'static str,
    /// A signal or an error.
    pub(crate) with: &'static str,
    /// The how manieth of such calls in each process.
    pub(crate) when: usize,
}

#[cfg(target_os = "linux")]
impl Harm {
    fn words(self) -> Vec<String> {
        let Self { call, with, when } = self;
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:{with}:when={when}");
        let words = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        words.map(str::to_owned).to_vec()
    }

    /// Puts programs before all others on PATH that run the tool of that name as it is, or with
    /// this harm where one of its arguments is `argument`.
    fn around(self, (tool, argument): Tool, folder: &Path) {
        let (real, words) = (path_of(tool), self.words().join(" "));
        let real = real.display();
        let script = format!(
            "case \" $* \" in *' {argument} '*) exec strace {words} '{real}' \"$@\";; esac\n\
             exec '{real}' \"$@\""
        );
        crate::support::program(&folder.join(tool), &script);
    }
}

/// One that installs modules: its name, and the argument with which it does.
#[cfg(target_os = "linux")]
pub(crate) type Tool = (&'static str, &'static str);

#[cfg(target_os = "linux")]
pub(crate) const MATURIN: Tool = ("maturin", "develop");
#[cfg(target_os = "linux")]
pub(crate) const UV: Tool = ("uv", "--force-reinstall");

/// The one that pyx uses.
#[cfg(target_os = "linux")]
fn path_of(tool: &str) -> PathBuf {
    use crate::support::{cache, entries, name_of, on_path};
    let dirs = entries(&cache().join("tools")).into_iter();
    let prefix = format!("{tool}-");
    let provided = dirs.filter(|dir| name_of(dir).starts_with(&prefix));
    let mut provided = provided.map(|dir| dir.join(tool)).filter(|it| it.is_file());
    let found = on_path(tool).or_else(|| provided.next());
    found.expect("a run of pyx has provided it")
}

#[cfg(target_os = "linux")]
impl Edited {
    /// Edits, and has a call of the next run fail.
    #[track_caller]
    pub(crate) fn harmed(&mut self, harm: Harm) -> CheckOutcome {
        self.edit();
        self.run_harmed(harm)
    }

    /// Edits, and has a call of pyx fail while it installs the module anew.
    #[track_caller]
    pub(crate) fn installed_by_harmed_pyx(&mut self, harm: Harm) -> CheckOutcome {
        self.edit();
        self.edit_metadata();
        self.run_harmed(harm)
    }

    #[track_caller]
    fn run_harmed(&self, harm: Harm) -> CheckOutcome {
        let mut words = harm.words();
        words.extend([env!("CARGO_BIN_EXE_cargo-pyx"), "pyx", "dev"].map(str::to_owned));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.after(|project| project.run("strace", &words))
    }

    /// Edits, and has a call of a tool fail that installs the module anew. `folder`: for programs.
    #[track_caller]
    pub(crate) fn installed_by_harmed(
        &mut self,
        tool: Tool,
        harm: Harm,
        folder: &Path,
    ) -> CheckOutcome {
        self.edit();
        self.edit_metadata();
        harm.around(tool, folder);
        self.after(|project| project.dev().path_first(folder).run())
    }
}

/// Whether calls can be made to fail here; says so where they cannot.
#[cfg(target_os = "linux")]
pub(crate) fn has_strace() -> bool {
    let found = crate::support::on_path("strace").is_some();
    if !found {
        crate::support::skipped("strace");
    }
    found
}
