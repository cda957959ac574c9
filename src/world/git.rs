//! What git knows about a checkout; nothing if git is not installed.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, MachineError, Result, ToolError};
use crate::model::exit::Exit;
use crate::model::invocation::{Invocation, quote};
use crate::model::path::normalize;
use crate::world::checkout;
use crate::world::disk;
use crate::world::process::{self, Output, Status};
use crate::world::session::Session;

/// Variables that point git at another checkout than the one around its folder; hooks have them set.
const ELSEWHERE: [&str; 5] = [
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_WORK_TREE",
];

/// Treats paths literally, not as patterns.
const LIST: [&str; 3] = ["--literal-pathspecs", "ls-files", "-z"];

#[derive(Clone, Copy, Debug)]
pub struct Git<'a> {
    pub session: &'a Session,
    pub dir: &'a Utf8Path,
}

impl Git<'_> {
    /// What git prints; nothing if it fails, as it does for a folder outside a checkout, or is not installed.
    pub fn ask(&self, args: Vec<String>) -> Result<String> {
        let output = self.call(self.dir, args);
        match output.and_then(|call| process::read(&call)) {
            Ok(Output { status, stdout, .. }) if status.success() => Ok(stdout),
            Ok(_) | Err(Error::Machine(MachineError::Spawn { .. }) | Error::Step { .. }) => {
                Ok(String::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Like [`ask`](Self::ask), for what git always answers in a checkout.
    ///
    /// # Errors
    /// [`Error::Step`] if it refuses, as in a checkout of another user: no answer must not count as a no.
    pub fn demand(&self, what: &str, args: Vec<String>) -> Result<String> {
        match self.answer(self.dir, args, what) {
            Err(Error::Machine(MachineError::Spawn { .. })) => Ok(String::new()),
            answer => answer,
        }
    }

    /// The files of the checkout that git tracks, absolute; none if there is no checkout.
    ///
    /// # Errors
    /// [`ToolError::Missing`] and [`Error::Step`] if git does not answer: any file may be tracked then.
    pub fn tracked(&self) -> Result<BTreeSet<Utf8PathBuf>> {
        let Some(top) = checkout::root(self.dir) else {
            return Ok(BTreeSet::new());
        };
        let names = self.listed(top, &[])?;
        let names = names
            .split('\0')
            .map(|name| name.trim_end_matches('\n'))
            .filter(|name| !name.is_empty());
        Ok(names.map(|name| top.join(name)).collect())
    }

    /// Whether git tracks one file of the folder; false outside a checkout.
    ///
    /// # Errors
    /// As [`tracked`](Self::tracked).
    pub fn tracks(&self, name: &str) -> Result<bool> {
        match checkout::root(self.dir) {
            Some(_) => Ok(!self.listed(self.dir, &["--", name])?.is_empty()),
            None => Ok(false),
        }
    }

    /// Whether git tracks an existing file below the folder; false outside a checkout.
    ///
    /// # Errors
    /// As [`tracked`](Self::tracked).
    pub fn tracks_within(&self) -> Result<bool> {
        if checkout::root(self.dir).is_none() {
            return Ok(false);
        }
        let names = self.listed(self.dir, &["--", "."])?;
        let mut names = names.split('\0').filter(|name| !name.is_empty());
        Ok(names.any(|name| disk::is_there(&self.dir.join(name))))
    }

    /// Whether the last commit has the current state of these files of the folder, which is in a checkout.
    /// Decided by content: `git status` can be told not to report some files (git's manual, "git config",
    /// `status.showUntrackedFiles`, and "git update-index", `--assume-unchanged`).
    ///
    /// # Errors
    /// As [`tracked`](Self::tracked).
    pub fn keeps(&self, names: &[&str]) -> Result<bool> {
        let told = |words: &[&str], names: &[&str]| {
            let words = words.iter().chain(names).map(ToString::to_string);
            self.told(self.dir, words.collect(), "whether it has committed a file")
        };
        let place = |name: &str| normalize(&self.dir.join(name));
        let is_plain = |name: &&str| disk::is_file(&place(name)) && !place(name).is_symlink();
        let head = told(&["rev-parse", "--revs-only", "HEAD"], &[])?;
        let head = head.trim();
        if head.is_empty() || !names.iter().all(is_plain) {
            return Ok(false);
        }
        let tree = told(&["--literal-pathspecs", "ls-tree", "-z", head, "--"], names)?;
        let committed = tree.split('\0').filter_map(|entry| {
            let (about, name) = entry.split_once('\t')?;
            let is_plain = about.starts_with("100"); // its mode: no link, no submodule
            Some((place(name), about.rsplit(' ').next().filter(|_| is_plain)?))
        });
        let committed: BTreeMap<Utf8PathBuf, &str> = committed.collect();
        // with the ends of lines as they are too: git leaves those that it has committed so
        let converted = told(&["hash-object", "--"], names)?;
        let plain = told(&["hash-object", "--no-filters", "--"], names)?;
        let mut found = converted.lines().zip(plain.lines());
        Ok(names.iter().all(|name| {
            let hash = committed.get(&place(name)).copied();
            let found = found.next();
            found.is_some_and(|(converted, plain)| [Some(converted), Some(plain)].contains(&hash))
        }))
    }

    /// Whether git shows a file as untracked.
    pub fn shows(&self, path: &Utf8Path) -> Result<bool> {
        let others = ["--others", "--exclude-standard", "--", path.as_str()];
        let words = LIST.iter().chain(&others).map(ToString::to_string);
        Ok(!self.ask(words.collect())?.is_empty())
    }

    fn listed(&self, dir: &Utf8Path, of: &[&str]) -> Result<String> {
        let words = LIST.iter().chain(of).map(ToString::to_string);
        self.told(dir, words.collect(), "which files it tracks")
    }

    fn told(&self, dir: &Utf8Path, words: Vec<String>, what: &str) -> Result<String> {
        self.answer(dir, words, what).map_err(|error| match error {
            Error::Machine(MachineError::Spawn { .. }) => Error::Tool(ToolError::Missing {
                tool: "git",
                get: "https://git-scm.com/downloads".into(),
            }),
            error => error,
        })
    }

    fn answer(&self, dir: &Utf8Path, words: Vec<String>, what: &str) -> Result<String> {
        let call = self.call(dir, words)?;
        let output = process::read(&call)?;
        match output.status {
            Status::Code(0) => Ok(output.stdout),
            _ => Err(silent(what, call, &output)),
        }
    }

    /// Arguments that keep git from running programs that the checkout's own configuration names.
    ///
    /// # Errors
    /// [`Error::Step`] if git does not report what to switch off; [`Error::Refused`] for what cannot be
    /// switched off.
    fn switched_off(&self, dir: &Utf8Path) -> Result<Vec<String>> {
        let words = [
            "config",
            "--show-scope",
            "--includes",
            "--null",
            "--name-only",
            "--get-regexp",
        ];
        let ask = self.base(dir).args(words).arg(BY_ATTRIBUTE);
        let output = process::read(&ask)?;
        if !matches!(output.status, Status::Code(0 | 1)) {
            return Err(silent("which programs it would run", ask, &output)); // 1: none
        }
        let mut words = output.stdout.trim_end_matches('\n').split('\0');
        let mut settings = PROGRAMS.map(str::to_owned).to_vec();
        while let (Some(scope), Some(name)) = (words.next(), words.next()) {
            if matches!(scope, "system" | "global") {
                continue; // a person's own
            }
            if name.contains('=') {
                let message = format!("refusing to ask git: `{name}` cannot be switched off");
                let hint = format!("git config --unset-all {}", quote(name));
                return Err(Error::refused(message, hint));
            }
            let off = if name.ends_with(".required") {
                "false"
            } else {
                ""
            };
            settings.push(format!("{name}={off}"));
        }
        let arguments = settings
            .into_iter()
            .flat_map(|setting| ["-c".to_owned(), setting]);
        Ok(arguments.collect())
    }

    fn call(&self, dir: &Utf8Path, mut args: Vec<String>) -> Result<Invocation> {
        let call = self.base(dir);
        if !self.session.looks_only {
            return Ok(call.args(args));
        }
        let off = self.switched_off(dir)?;
        if let Some(at) = args.iter().position(|word| word == "status") {
            // a submodule's own configuration names programs too
            args.insert(at + 1, "--ignore-submodules=dirty".into());
        }
        let call = call
            .env("GIT_ALLOW_PROTOCOL", "none") // what is missing in a partial clone would be fetched
            .env("GIT_NO_LAZY_FETCH", "1");
        Ok(call.args(off).args(args))
    }

    /// git about the repository of a folder, whichever repository a git hook that started pyx is about.
    fn base(&self, dir: &Utf8Path) -> Invocation {
        let elsewhere = ELSEWHERE
            .map(str::to_owned)
            .into_iter()
            .filter(|name| self.session.env.contains_key(name));
        Invocation::new("git", dir)
            .without(&self.session.scrubbed())
            .without(&elsewhere.collect::<Vec<_>>())
            .env("GIT_OPTIONAL_LOCKS", "0") // `git status` would write the index
    }
}

/// The programs that git would run by itself.
const PROGRAMS: [&str; 5] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "diff.external=",
    "log.showSignature=false",
    "status.submoduleSummary=false",
];

/// The settings that name a program for files with some attribute.
const BY_ATTRIBUTE: &str = r"^(diff|filter)\..*\.(clean|command|process|required|smudge|textconv)$";

/// git's own words, and the command that it suggests for a checkout of another user. `what`: the question, as
/// the end of a sentence.
fn silent(what: &str, call: Invocation, output: &Output) -> Error {
    let lines = || output.stderr.lines().map(str::trim);
    let why = lines().find(|line| !line.is_empty()).unwrap_or_default();
    let trust = lines().find(|line| line.starts_with("git config "));
    Error::Step {
        step: format!("asking git {what}"),
        status: format!("{}: {why}", output.status),
        hint: trust.map(str::to_owned),
        exit: Exit::Environment,
        invocation: Box::new(call),
    }
}

#[cfg(test)]
mod tests {
    use crate::world::disk;

    use super::*;

    #[test]
    fn a_checkout_that_git_cannot_read_is_none_without_tracked_files() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&dir.join(".git"), b"gitdir: /nowhere\n").unwrap();
        let session = Session::default();
        let below = dir.join("below");
        disk::write(&below.join("x"), b"").unwrap();
        let git = Git {
            session: &session,
            dir: &below,
        };
        for error in [git.tracked().unwrap_err(), git.tracks("x").unwrap_err()] {
            assert_eq!(error.exit(), Exit::Environment);
            let text = error.to_string();
            assert!(text.contains("fatal: not a git repository"), "{text}");
        }
    }

    #[test]
    fn what_git_prints_while_it_fails_is_no_answer() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let git = Git {
            session: &Session::default(),
            dir,
        };
        let ask = |words: &[&str]| git.ask(words.iter().map(ToString::to_string).collect());
        ask(&["init", "--quiet"]).unwrap();
        assert_eq!(
            ask(&["rev-parse", "--is-inside-work-tree"]).unwrap(),
            "true\n"
        );
        // before the first commit git repeats the word
        assert_eq!(ask(&["rev-parse", "HEAD"]).unwrap(), "");
    }

    #[test]
    fn the_programs_that_are_switched_off_are_those_of_the_folder_whoever_starts_us() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let session = Session::default();
        let git = Git {
            session: &session,
            dir,
        };
        for words in [
            &["init", "--quiet"][..],
            &["config", "filter.own.clean", "trap"],
        ] {
            git.ask(words.iter().map(ToString::to_string).collect())
                .unwrap();
        }
        // as a hook of another repository has it
        let elsewhere = dir.join("elsewhere");
        let env = ELSEWHERE.map(|name| (name.to_owned(), elsewhere.to_string()));
        let session = Session {
            env: env.into(),
            looks_only: true,
            ..Session::default()
        };
        let git = Git {
            session: &session,
            dir,
        };
        let call = git.call(dir, vec!["status".to_owned()]).unwrap();
        let off = "filter.own.clean=".to_owned();
        assert!(call.args.contains(&off), "{call:?}");
        // this process has none of them: that both are told to hand none on is all that can be seen
        for call in [call, git.base(dir)] {
            assert!(call.unset.iter().eq(&ELSEWHERE.map(str::to_owned)));
        }
    }

    #[test]
    fn a_file_is_asked_about_in_its_own_checkout() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let env = ELSEWHERE.map(|name| (name.to_owned(), "elsewhere".to_owned()));
        let session = Session {
            env: env.into(),
            ..Session::default()
        };
        let git = Git {
            session: &session,
            dir,
        };
        for name in ["[x]", "x", "ignored"] {
            disk::write(&dir.join(name), b"").unwrap();
        }
        disk::write(&dir.join(".gitignore"), b"ignored").unwrap();
        let tracks = |name| git.tracks(name).unwrap();
        assert!(!tracks("x"), "there is no checkout");
        let run = |words: &[&str]| {
            let call = git
                .call(dir, words.iter().map(ToString::to_string).collect())
                .unwrap();
            assert!(call.unset.iter().eq(&ELSEWHERE.map(str::to_owned)));
            assert!(process::read(&call).unwrap().status.success());
        };
        run(&["init", "--quiet"]);
        run(&["add", "x"]);
        assert!(tracks("x") && !tracks("[x]") && !tracks("ignored"));
        let shows = |name| git.shows(&dir.join(name)).unwrap();
        assert!(!shows("x") && shows("[x]") && !shows("ignored"));
    }

    #[test]
    fn a_commit_keeps_only_files_that_are_there_as_it_has_them() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let dir = root.join("p");
        let session = Session::default();
        let git = Git {
            session: &session,
            dir: &dir,
        };
        let names = ["[x]", "x", "y", "z", "new"];
        for name in names {
            disk::write(&dir.join(name), b"old").unwrap();
        }
        let run = |words: &[&str]| {
            let call = git.base(&dir).args(words.iter().copied());
            assert!(process::read(&call).unwrap().status.success(), "{words:?}");
        };
        run(&["init", "--quiet", ".."]);
        assert!(!git.keeps(&["x"]).unwrap(), "there is no commit");
        run(&["add", "[x]", "x", "y", "z"]);
        let own = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        run(&[&own[..], &["commit", "--quiet", "--no-gpg-sign", "-m", "a"]].concat());
        assert!(git.keeps(&["x", "[x]", "y"]).unwrap());
        let above = dir.join("z");
        let beside = Git {
            session: &session,
            dir: &root.join("p"),
        };
        assert!(beside.keeps(&["x", above.as_str()]).unwrap());

        run(&["config", "core.autocrlf", "false"]);
        disk::write(&dir.join("crlf"), b"a\r\n").unwrap();
        run(&["add", "crlf"]);
        run(&[&own[..], &["commit", "--quiet", "--no-gpg-sign", "-m", "b"]].concat());
        run(&["config", "core.autocrlf", "true"]);
        assert!(git.keeps(&["x", "crlf"]).unwrap());

        // what `git status` says nothing of
        run(&["config", "status.showUntrackedFiles", "no"]);
        assert!(!git.keeps(&["x", "new"]).unwrap());
        for (name, mark) in [("y", "--assume-unchanged"), ("z", "--skip-worktree")] {
            run(&["update-index", mark, name]);
            assert!(git.keeps(&[name]).unwrap());
            disk::write(&dir.join(name), b"new").unwrap();
            assert!(!git.keeps(&["x", name]).unwrap(), "{mark}");
        }
        disk::remove_file(&dir.join("x")).unwrap();
        assert!(!git.keeps(&["x"]).unwrap());
    }
}
