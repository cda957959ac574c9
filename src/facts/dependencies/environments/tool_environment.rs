//! What a tool installs into one of its environments.

use std::collections::BTreeSet;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::VerbatimUrl;
use url::Url;

use crate::model::package_name;
use crate::model::path::{self, normalize};
use crate::model::requirement::Requirement;
use crate::model::runner_options::{Argument, PIP_INSTALL};
use crate::world::disk;

/// pip and uv options that name a requirements file.
pub(in super::super) const REQUIREMENTS: [&str; 3] = ["-r", "--requirement", "--requirements"];

/// A line of a project file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Place {
    /// Absolute.
    pub(in super::super) path: Utf8PathBuf,
    /// From 1.
    pub(in super::super) line: usize,
}

/// What comes from certain indexes only: a package of the same name elsewhere may be a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Indexed {
    /// [`Requirement::Index`].
    pub(in super::super) indexes: Vec<Requirement>,
    pub(in super::super) requirements: Vec<Requirement>,
}

/// What a tool installs into one of its environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct ToolEnvironment {
    pub(in super::super) requirements: Vec<Requirement>,
    /// What comes from other indexes than the rest.
    pub(in super::super) indexed: Vec<Indexed>,
    /// Normalised names of the packages in `unread`, as far as they are known.
    pub(in super::super) missed: Vec<String>,
    /// The indexes for what has been read, until [settled](Self::settle).
    pub(super) indexes: Vec<Requirement>,
    /// Where an index is given that cannot be read.
    pub(super) hidden_index: Option<Place>,
    /// The file that declares the first of them, absolute, if one of several tools' does.
    pub(in super::super) file: Option<Utf8PathBuf>,
    /// Extras of the project itself, normalised.
    pub(in super::super) extras: Vec<String>,
    /// Dependency groups, normalised.
    pub(in super::super) groups: Vec<String>,
    /// Where it installs what cannot be read without running it, and how that is written.
    pub(in super::super) unread: Vec<(Place, String)>,
    /// Whether its name says that tests run in it.
    pub(in super::super) is_for_tests: bool,
}

impl ToolEnvironment {
    /// The packages that a call of `pip install` names; files and folders are left out.
    pub(in super::super) fn of_packages(words: &[String]) -> Self {
        let mut one = Self::default();
        one.add_words(words, &Place::default());
        one.requirements
            .retain(|it| matches!(it, Requirement::Package(_)));
        one
    }

    /// Adds what stands on one line or in one string: a requirement, or an option and its value.
    pub(super) fn add_line(&mut self, line: &str, place: &Place) {
        if line.starts_with('-') {
            let words = shlex::split(line).unwrap_or_else(|| vec![line.to_owned()]);
            self.read_words(&words, place);
        } else if !line.is_empty() {
            self.add_requirement(line, place);
        }
    }

    /// Adds what a pip command line installs; an index on it is for its own packages only.
    pub(in super::super) fn add_words(&mut self, words: &[String], place: &Place) {
        let mut one = Self::default();
        one.read_words(words, place);
        one.settle();
        self.requirements.extend(one.requirements);
        self.indexed.extend(one.indexed);
        self.missed.extend(one.missed);
        self.extras.extend(one.extras);
        self.groups.extend(one.groups);
        self.unread.extend(one.unread);
    }

    fn read_words(&mut self, words: &[String], place: &Place) {
        for argument in PIP_INSTALL.arguments(words) {
            match argument {
                Argument::Option(name, value) => self.add_option(&name, value, place),
                Argument::Word("") => {}
                Argument::Word(word) => self.add_requirement(word, place),
            }
        }
    }

    fn add_option(&mut self, option: &str, value: &str, place: &Place) {
        let dir = place.path.parent().unwrap_or(&place.path);
        let file = || normalize(&dir.join(value));
        match option {
            "-i" | "--index-url" | "--default-index" => {
                self.look_in("--default-index", value, place);
            }
            "--extra-index-url" | "--index" => self.look_in("--index", value, place),
            "--no-index" => self.indexes.push(Requirement::Index(option.to_owned())),
            _ if value.is_empty() => {} // nobody could read it
            "-f" | "--find-links" if !value.contains(['{', '$']) => {
                let is_place = value.contains("://");
                let place = if is_place { value.into() } else { file() };
                let words = format!("--find-links={place}");
                self.indexes.push(Requirement::Index(words));
            }
            "-e" | "--editable" => self.add_package(value, place, true),
            "--group" => self.groups.push(package_name::normalize(value)),
            _ if is_requirements_file(option) && value.contains(['{', '$']) => {
                self.miss(place, value);
            }
            "-c" | "--constraint" | "--constraints" => {
                self.requirements.push(Requirement::Constraints(file()));
            }
            _ if is_requirements_file(option) => {
                self.requirements.push(Requirement::File(file()));
            }
            _ => {} // how it is installed
        }
    }

    /// `option`: `--index` or `--default-index`, uv's.
    pub(super) fn look_in(&mut self, option: &str, url: &str, place: &Place) {
        if url.is_empty() || url.contains(['{', '$']) {
            self.hidden_index = Some(place.clone());
            return;
        }
        if option == "--default-index" {
            // the last one counts, and uv takes no two
            self.indexes
                .retain(|it| !it.to_string().starts_with("--default-index="));
        }
        let index = Requirement::Index(format!("{option}={url}"));
        if !self.indexes.contains(&index) {
            self.indexes.push(index);
        }
    }

    /// Uses several indexes in their order.
    pub(super) fn look_in_all(&mut self, urls: &[String], place: &Place) {
        let Some((last, first)) = urls.split_last() else {
            return;
        };
        for url in first {
            self.look_in("--index", url, place);
        }
        self.look_in("--default-index", last, place);
    }

    /// Uses the indexes that an environment variable names for pip or uv; ignores other variables.
    pub(super) fn add_variable(&mut self, name: &str, value: &str, place: &Place) {
        let option = match name {
            "PIP_INDEX_URL" | "UV_INDEX_URL" | "UV_DEFAULT_INDEX" => "--default-index",
            "PIP_EXTRA_INDEX_URL" | "UV_EXTRA_INDEX_URL" | "UV_INDEX" => "--index",
            _ => return,
        };
        // of a variable of the user's that the project has a default for
        let read = value
            .strip_prefix("{env:")
            .and_then(|it| it.strip_suffix('}'));
        let default = read.and_then(|it| it.split_once(':'));
        let value = default.map_or(value, |(_, default)| default);
        for url in value.split_whitespace() {
            self.look_in(option, url, place);
        }
    }

    /// Uses the indexes of a pip command line, whatever that installs.
    pub(super) fn look_as(&mut self, words: &[String], place: &Place) {
        let mut one = Self::default();
        one.read_words(words, place);
        self.indexes.extend(one.indexes);
        self.hidden_index = self.hidden_index.take().or(one.hidden_index);
    }

    /// To be called once everything is read that the indexes are for. If an index cannot be read, nothing is
    /// taken from another one.
    pub(super) fn settle(&mut self) {
        let indexes = std::mem::take(&mut self.indexes);
        if let Some(place) = self.hidden_index.take() {
            for requirement in std::mem::take(&mut self.requirements) {
                self.missed.extend(requirement.package_name());
                self.miss(&place, &requirement.to_string());
            }
        } else if !(indexes.is_empty() || self.requirements.is_empty()) {
            self.indexed.push(Indexed {
                indexes,
                requirements: std::mem::take(&mut self.requirements),
            });
        }
    }

    /// Everything that it installs, from whatever index.
    pub(in super::super) fn everything(&self) -> Vec<Requirement> {
        let indexed = self.indexed.iter().flat_map(|it| &it.requirements);
        self.requirements.iter().chain(indexed).cloned().collect()
    }

    pub(super) fn add_requirement(&mut self, text: &str, place: &Place) {
        self.add_package(text, place, false);
    }

    /// `is_editable`: whether a folder's code is to be imported from where it is.
    fn add_package(&mut self, text: &str, place: &Place, is_editable: bool) {
        let text = text.trim();
        let dir = place.path.parent().unwrap_or(&place.path);
        if let Some(local) = LocalRequirement::read(text, dir) {
            self.add_local(&local, place, text, is_editable);
        } else if is_named_as_file(text) {
            self.miss(place, text);
        } else if pep508_rs::Requirement::<VerbatimUrl>::from_str(text).is_ok() {
            self.requirements
                .push(Requirement::Package(text.to_owned()));
        } else {
            self.miss(place, text);
        }
    }

    /// `said`: as written.
    pub(super) fn add_local(
        &mut self,
        local: &LocalRequirement,
        place: &Place,
        said: &str,
        is_editable: bool,
    ) {
        if Some(&*local.path) == place.path.parent() {
            let names = local.extras.trim_matches(['[', ']']).split(',');
            let names = names.filter(|name| !name.trim().is_empty());
            self.extras
                .extend(names.map(|name| package_name::normalize(name.trim())));
            return;
        }
        match local.requirement(is_editable) {
            Some(requirement) if disk::is_there(&local.path) => self.requirements.push(requirement),
            _ => self.miss(place, said),
        }
    }

    /// As [`miss`](Self::miss), for a package whose name is known.
    pub(super) fn miss_package(&mut self, name: &str, place: &Place, text: &str) {
        self.missed.push(package_name::normalize(name));
        self.miss(place, text);
    }

    pub(super) fn miss(&mut self, place: &Place, text: &str) {
        self.unread.push((place.clone(), text.to_owned()));
    }

    /// Adds what another environment has; for a package in both, the first one's version counts.
    pub(in super::super) fn merge(&mut self, other: Self) {
        if self.requirements.is_empty() && self.indexed.is_empty() {
            self.file = other.file;
        }
        let all = self.everything();
        let known: BTreeSet<String> = all.iter().filter_map(Requirement::package_name).collect();
        let is_new = |requirement: &Requirement| match requirement.package_name() {
            Some(name) => !known.contains(&name),
            None => !all.contains(requirement),
        };
        let requirements = other.requirements.into_iter();
        self.requirements
            .extend(requirements.filter(|it| is_new(it)));
        for mut one in other.indexed {
            one.requirements.retain(|it| is_new(it));
            let mut same = self.indexed.iter_mut();
            match same.find(|it| it.indexes == one.indexes) {
                Some(known) => known.requirements.extend(one.requirements),
                None if one.requirements.is_empty() => {}
                None => self.indexed.push(one),
            }
        }
        self.missed.extend(other.missed);
        self.extras.extend(other.extras);
        self.groups.extend(other.groups);
        self.unread.extend(other.unread);
    }
}

/// A package that is taken from a folder or a file of this machine.
#[derive(Debug)]
pub(super) struct LocalRequirement {
    /// Absolute.
    pub(super) path: Utf8PathBuf,
    pub(super) name: Option<String>,
    /// In brackets; empty if there are none.
    pub(super) extras: String,
    /// The Pythons and systems; empty for all.
    pub(super) marker: String,
}

impl LocalRequirement {
    /// What begins like a path or its URL: `./sub[x]`, `../sub`, `file:///sub#egg=name`. `dir`: what it is
    /// relative to.
    fn read(text: &str, dir: &Utf8Path) -> Option<Self> {
        let (place, marker) = text.split_once(" ;").unwrap_or((text, ""));
        let (place, name) = place.split_once("#egg=").unwrap_or((place, ""));
        let extras_of = |text: &'_ str| text.find('[').unwrap_or(text.len());
        let (place, own) = place.split_at(extras_of(place));
        let (name, named) = name.split_at(extras_of(name));
        let extras = if own.is_empty() { named } else { own };
        let name = name.split('&').next().filter(|it| !it.is_empty());
        let path = if place.starts_with("file:") {
            path::utf8(Url::parse(place.trim()).ok()?.to_file_path().ok()?).ok()?
        } else if place.starts_with('.') || Utf8Path::new(place).is_absolute() {
            dir.join(place.trim())
        } else {
            return None;
        };
        Some(Self {
            path: normalize(&path),
            name: name.map(str::to_owned),
            extras: extras.trim().to_owned(),
            marker: marker.trim().to_owned(),
        })
    }

    /// `None` for what cannot be written as one word without a name.
    fn requirement(&self, is_editable: bool) -> Option<Requirement> {
        let Self { path, extras, .. } = self;
        let local = |is_editable| Requirement::Local {
            path: path.clone(),
            extras: extras.clone(),
            is_editable,
        };
        match (&self.name, &*self.marker) {
            (_, "") if is_editable => Some(local(true)),
            (None, "") => Some(local(false)),
            (None, _) => None,
            (Some(name), marker) => {
                let url = Url::from_file_path(path).ok()?;
                let marker = Some(marker).filter(|marker| !marker.is_empty());
                let marker = marker.map(|marker| format!(" ; {marker}"));
                let marker = marker.unwrap_or_default();
                Some(Requirement::Package(format!(
                    "{name}{extras} @ {url}{marker}"
                )))
            }
        }
    }
}

/// Whether a pip option takes a requirements or constraints file.
fn is_requirements_file(option: &str) -> bool {
    const CONSTRAINTS: [&str; 3] = ["-c", "--constraint", "--constraints"];
    REQUIREMENTS.contains(&option) || CONSTRAINTS.contains(&option)
}

/// Whether what should be a package is named like a requirements file: its option is missing.
fn is_named_as_file(text: &str) -> bool {
    matches!(Utf8Path::new(text).extension(), Some("txt" | "in"))
}

pub(super) fn place(path: &Utf8Path, line: usize) -> Place {
    Place {
        path: path.to_owned(),
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> ToolEnvironment {
        let mut found = ToolEnvironment::default();
        found.add_line(line, &place(Utf8Path::new("/p/tox.ini"), 3));
        found
    }

    fn words(found: &ToolEnvironment) -> Vec<String> {
        found
            .requirements
            .iter()
            .map(Requirement::to_string)
            .collect()
    }

    #[test]
    fn a_line_is_a_requirement_an_option_or_the_project_itself() {
        for (line, requirements) in [
            (
                "pytest >= 8 ; python_version < '4'",
                vec!["pytest >= 8 ; python_version < '4'"],
            ),
            (
                "-r requirements/test.txt",
                vec!["-r/p/requirements/test.txt"],
            ),
            ("-rtest.txt", vec!["-r/p/test.txt"]),
            ("-Ur test.txt six", vec!["-r/p/test.txt", "six"]),
            ("-qUrtest.txt", vec!["-r/p/test.txt"]),
            ("-Uc pins.txt six", vec!["-c/p/pins.txt", "six"]),
            ("--requirement=../test.txt", vec!["-r/test.txt"]),
            ("-c pins.txt", vec!["-c/p/pins.txt"]),
            ("--index-url https://example.org/x", vec![]),
            ("--pre", vec![]),
            (
                "--pre --upgrade-strategy eager -t lib --timeout 60 -U six",
                vec!["six"],
            ),
            (
                "--resolution lowest-direct --trusted-host=example.org six",
                vec!["six"],
            ),
            (".", vec![]),
        ] {
            let found = read(line);
            assert_eq!(words(&found), requirements, "{line}");
            assert!(found.unread.is_empty(), "{line}");
        }
        assert_eq!(read(".[Test, x]").extras, ["test", "x"]);
        assert_eq!(read("-e .[test]").extras, ["test"]);
        assert_eq!(read("-Ue .[test]").extras, ["test"]);
        assert_eq!(read("--group dev").groups, ["dev"]);
        for line in [
            "{[base]deps}",
            "-r {envname}.txt",
            "../other",
            "requirements-dev.txt",
            "-U test.in",
        ] {
            assert_eq!(read(line).unread.len(), 1, "{line}");
        }
    }

    #[test]
    fn what_is_taken_from_a_folder_of_the_project_is_installed_from_there() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let sub = dir.join("sub");
        disk::create_dir(&sub).unwrap();
        let url = Url::from_file_path(&sub).unwrap();
        for (line, requirement) in [
            ("./sub".to_owned(), sub.to_string()),
            ("../sub[x]".to_owned(), format!("{sub}[x]")),
            ("-e ../sub[x]".to_owned(), format!("-e{sub}[x]")),
            (format!("-e {url}#egg=s"), format!("-e{sub}")),
            (format!("{url}#egg=s[x]"), format!("s[x] @ {url}")),
            (
                format!("{url}#egg=s ; os_name == 'nt'"),
                format!("s @ {url} ; os_name == 'nt'"),
            ),
        ] {
            let mut found = ToolEnvironment::default();
            let file = if line == "./sub" {
                "tox.ini"
            } else {
                "own/tox.ini"
            };
            found.add_line(&line, &place(&dir.join(file), 3));
            assert_eq!(words(&found), [requirement], "{line} {:?}", found.unread);
        }
        for line in ["./gone", "-e ../gone", "../sub ; os_name == 'nt'"] {
            assert_eq!(read(line).unread.len(), 1, "{line}");
        }
    }

    #[test]
    fn what_has_an_index_of_its_own_is_looked_for_there_alone() {
        let of = |lines: &[&str]| {
            let mut found = ToolEnvironment::default();
            for line in lines {
                found.add_line(line, &place(Utf8Path::new("/p/tox.ini"), 3));
            }
            found.settle();
            found
        };
        let index = ["--default-index=https://corp/simple"];
        for line in ["-i https://corp/simple", "--index-url=https://corp/simple"] {
            let found = of(&["ours", line]);
            assert!(found.requirements.is_empty(), "{line}");
            assert_eq!(Requirement::words(&found.indexed[0].indexes), index);
            assert_eq!(Requirement::words(&found.everything()), ["ours"]);
        }
        let found = of(&["-f dist", "--extra-index-url https://more", "ours"]);
        let folder = normalize(Utf8Path::new("/p/dist"));
        assert_eq!(
            Requirement::words(&found.indexed[0].indexes),
            [&*format!("--find-links={folder}"), "--index=https://more"]
        );
        // nobody can tell where that is
        let found = of(&["-i {env:CORP}", "ours"]);
        assert_eq!((found.everything(), found.unread.len()), (Vec::new(), 1));
        assert_eq!(found.missed, ["ours"]);
        // a call of pip by itself takes nothing else there
        let mut found = ToolEnvironment::default();
        let words = |line: &str| shlex::split(line).unwrap();
        found.add_words(&words("pytest"), &Place::default());
        found.add_words(&words("ours -i https://corp/simple"), &Place::default());
        assert_eq!(Requirement::words(&found.requirements), ["pytest"]);
        let mut other = of(&["-i https://corp/simple", "theirs", "pytest"]);
        other.merge(found);
        assert_eq!(other.indexed.len(), 1);
        assert_eq!(
            Requirement::words(&other.everything()),
            ["theirs", "pytest", "ours"]
        );
    }

    #[test]
    fn of_several_environments_the_first_says_the_version() {
        let environment = |list: &[&str]| ToolEnvironment {
            requirements: Requirement::packages(list.iter().map(ToString::to_string).collect()),
            ..ToolEnvironment::default()
        };
        let mut first = environment(&["pytest", "django<4", "-r/p/a.txt"]);
        first.merge(environment(&[
            "Django>=4",
            "hypothesis",
            "-r/p/a.txt",
            "-r/p/b.txt",
        ]));
        let expected = [
            "pytest",
            "django<4",
            "-r/p/a.txt",
            "hypothesis",
            "-r/p/b.txt",
        ];
        assert_eq!(Requirement::words(&first.requirements), expected);
    }
}
