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

/// What a tool installs into one of its environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct ToolEnvironment {
    pub(in super::super) requirements: Vec<Requirement>,
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
            self.add_words(&words, place);
        } else if !line.is_empty() {
            self.add_requirement(line, place);
        }
    }

    /// Adds what a pip command line installs.
    pub(in super::super) fn add_words(&mut self, words: &[String], place: &Place) {
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
            _ if value.is_empty() => {} // nobody could read it
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

    pub(super) fn add_requirement(&mut self, text: &str, place: &Place) {
        self.add_package(text, place, false);
    }

    /// `is_editable`: whether a folder's code is to be imported from where it is.
    fn add_package(&mut self, text: &str, place: &Place, is_editable: bool) {
        let text = text.trim();
        let dir = place.path.parent().unwrap_or(&place.path);
        if let Some(local) = LocalPackage::read(text, dir) {
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
        local: &LocalPackage,
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

    pub(super) fn miss(&mut self, place: &Place, text: &str) {
        self.unread.push((place.clone(), text.to_owned()));
    }

    /// Adds what another environment has; for a package in both, the first one's version counts.
    pub(in super::super) fn merge(&mut self, other: Self) {
        if self.requirements.is_empty() {
            self.file = other.file;
        }
        let known: BTreeSet<String> = self
            .requirements
            .iter()
            .filter_map(Requirement::package_name)
            .collect();
        for requirement in other.requirements {
            let is_known = match requirement.package_name() {
                Some(name) => known.contains(&name),
                None => self.requirements.contains(&requirement),
            };
            if !is_known {
                self.requirements.push(requirement);
            }
        }
        self.extras.extend(other.extras);
        self.groups.extend(other.groups);
        self.unread.extend(other.unread);
    }
}

/// A package that is taken from a folder or a file of this machine.
#[derive(Debug)]
pub(super) struct LocalPackage {
    /// Absolute.
    pub(super) path: Utf8PathBuf,
    pub(super) name: Option<String>,
    /// In brackets; empty if there are none.
    pub(super) extras: String,
    /// The Pythons and systems; empty for all.
    pub(super) marker: String,
}

impl LocalPackage {
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
