//! cargo's configuration files (cargo book, "Configuration").
//!
//! Read here and not by cargo-config2: that does not know `include`, rejects files that cargo accepts,
//! reports no line numbers, and runs rustc by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use toml_edit::Item;

use crate::model::error::{Error, Result};
use crate::model::path::normalize;
use crate::world::session::Session;

use super::{Manifests, Toml, typed};

/// The configuration for a cargo that is run in one folder.
#[derive(Debug, Default)]
pub struct CargoConfig {
    /// Where files are looked for, existing or not; absolute.
    pub places: Vec<Utf8PathBuf>,
    /// In order of precedence.
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    toml: Arc<Toml>,
    build: Build,
}

/// `[build]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[expect(clippy::struct_field_names, reason = "they are cargo's keys")]
struct Build {
    target_dir: Option<String>,
    build_dir: Option<String>,
    target: Option<Strings>,
    rustflags: Option<Strings>,
    rustc_wrapper: Option<String>,
    rustc_workspace_wrapper: Option<String>,
    rustdocflags: Option<Strings>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "invalid type, expected a string or an array of strings"
)]
enum Strings {
    /// A value of which only the first file's counts.
    Text(String),
    /// A value to which all files add.
    List(Vec<String>),
}

/// Another file, relative to the folder of the one that includes it.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "invalid type, expected an array of paths or of tables with a `path`"
)]
enum Include {
    Path(String),
    Table {
        path: String,
        #[serde(default)]
        optional: bool,
    },
}

impl CargoConfig {
    /// The files for `dir`: its own, those of the folders above it, those of cargo's home, and what they
    /// include.
    ///
    /// # Errors
    /// [`Error::Manifest`] at what cargo would reject in a key that is read here.
    pub fn read(manifests: &Manifests, session: &Session, dir: &Utf8Path) -> Result<Self> {
        let above = dir.ancestors().map(|folder| folder.join(".cargo"));
        let mut folders: Vec<Utf8PathBuf> = above.collect();
        let home = session.cargo_home();
        if !folders.contains(&home) {
            folders.push(home);
        }
        let mut config = Self::default();
        for folder in folders {
            let [old, new] = ["config", "config.toml"].map(|name| folder.join(name));
            config.places.extend([old.clone(), new.clone()]);
            // where both are there cargo takes the old one alone
            if !config.take(manifests, &old, &mut Vec::new())? {
                config.take(manifests, &new, &mut Vec::new())?;
            }
        }
        Ok(config)
    }

    /// Adds a file and, with lower precedence, those that it includes; `false` if it is absent.
    ///
    /// `open`: the files by which it is included.
    fn take(
        &mut self,
        manifests: &Manifests,
        path: &Utf8Path,
        open: &mut Vec<Utf8PathBuf>,
    ) -> Result<bool> {
        let Some(toml) = manifests.toml(path)? else {
            return Ok(false);
        };
        let build = typed::read(&toml, &["build"])?;
        let includes: Vec<Include> = typed::read_value(&toml, "include")?.unwrap_or_default();
        self.files.push(File {
            toml: toml.clone(),
            build,
        });
        open.push(normalize(path));
        // the later ones count more
        for include in includes.into_iter().rev() {
            self.include(manifests, &toml, include, open)?;
        }
        open.pop();
        Ok(true)
    }

    fn include(
        &mut self,
        manifests: &Manifests,
        toml: &Toml,
        include: Include,
        open: &mut Vec<Utf8PathBuf>,
    ) -> Result<()> {
        let (named, optional) = match include {
            Include::Path(path) => (path, false),
            Include::Table { path, optional } => (path, optional),
        };
        let folder = toml.path.parent().unwrap_or(&toml.path);
        // as it is written: cargo takes it for the place of the file's own paths
        let path = folder.join(&named);
        if path.extension() != Some("toml") {
            let message = format!("cargo includes files that end in `.toml`, not `{named}`");
            return Err(at_include(toml, message));
        }
        if open.contains(&normalize(&path)) {
            return Err(at_include(toml, format!("`{named}` includes itself")));
        }
        self.places.push(path.clone());
        if self.take(manifests, &path, open)? || optional {
            return Ok(());
        }
        let message = format!("`{named}` is included, but there is no `{path}`");
        Err(at_include(toml, message))
    }

    /// Where cargo puts artifacts, absolute; `None` if neither a file nor a variable says.
    pub fn target_dir(&self, session: &Session) -> Option<Utf8PathBuf> {
        session
            .path_var("CARGO_TARGET_DIR")
            .or_else(|| session.path_var("CARGO_BUILD_TARGET_DIR"))
            .or_else(|| self.path(|build| build.target_dir.as_deref()))
    }

    /// Where cargo puts intermediate files, absolute, with its placeholders; `None` if neither a file nor a
    /// variable says.
    pub fn build_dir(&self, session: &Session) -> Option<Utf8PathBuf> {
        session
            .path_var("CARGO_BUILD_BUILD_DIR")
            .or_else(|| self.path(|build| build.build_dir.as_deref()))
    }

    /// What cargo starts instead of rustc: a path, absolute if a file says it, or a name that PATH resolves.
    pub fn rustc_wrapper(&self, session: &Session) -> Option<Utf8PathBuf> {
        for name in RUSTC_WRAPPER {
            if let Some(said) = session.env.get(name) {
                // an empty one takes back what a file says
                return (!said.is_empty()).then(|| said.into());
            }
        }
        let says = |file: &File| file.build.rustc_wrapper.clone();
        let said = self.files.iter().find_map(says)?;
        if said.contains(['/', '\\']) {
            return self.path(|build| build.rustc_wrapper.as_deref());
        }
        (!said.is_empty()).then(|| said.into())
    }

    /// Whether cargo starts anything instead of rustc, or passes the user's own flags to rustdoc: neither can
    /// be combined with ours.
    pub fn wraps_compiler(&self, session: &Session) -> bool {
        const OTHERS: [&str; 5] = [
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
            "RUSTDOCFLAGS",
            "CARGO_ENCODED_RUSTDOCFLAGS",
            "CARGO_BUILD_RUSTDOCFLAGS",
        ];
        let of_build = |build: &Build| {
            build.rustc_wrapper.is_some()
                || build.rustc_workspace_wrapper.is_some()
                || build.rustdocflags.is_some()
        };
        let of_a_target = |(_, target): (&str, &Item)| target.get("rustdocflags").is_some();
        let mut names = RUSTC_WRAPPER.iter().chain(&OTHERS);
        names.any(|name| session.var(name).is_some())
            || self.files.iter().any(|file| {
                let targets = file.toml.table(&["target"]);
                of_build(&file.build)
                    || targets.is_some_and(|targets| targets.iter().any(of_a_target))
            })
    }

    /// The target that cargo builds for, a triple or the path of a specification; of several the first.
    /// `None`: the machine's.
    pub fn target(&self, session: &Session) -> Option<String> {
        if let Some(said) = session.var("CARGO_BUILD_TARGET") {
            return Some(said.to_owned());
        }
        match self
            .files
            .iter()
            .find_map(|file| file.build.target.as_ref())?
        {
            Strings::Text(said) => Some(said.clone()),
            Strings::List(list) => list.first().cloned(),
        }
    }

    /// A path, relative to the folder that holds the `.cargo` of the file.
    fn path(&self, key: fn(&Build) -> Option<&str>) -> Option<Utf8PathBuf> {
        let says = |file: &File| Some((file.toml.path.clone(), key(&file.build)?.to_owned()));
        let (file, path) = self.files.iter().find_map(says)?;
        Some(file.parent()?.parent()?.join(path))
    }

    /// The flags of `[build]` for rustc, and those of its variable.
    pub fn rustflags(&self, session: &Session) -> Vec<String> {
        let mut lists = Vec::new();
        for file in &self.files {
            match &file.build.rustflags {
                None => {}
                Some(Strings::List(list)) => lists.push(list.clone()),
                Some(Strings::Text(text)) => {
                    lists.push(split(text));
                    break;
                }
            }
        }
        lists.reverse();
        lists.push(split(
            session.var("CARGO_BUILD_RUSTFLAGS").unwrap_or_default(),
        ));
        lists.concat()
    }

    /// The keys of `[target]`, triples and `cfg`s, that have flags for rustc.
    pub fn targets_with_rustflags(&self) -> BTreeSet<&str> {
        let has_flags = |target: &Item| !strings(target.get("rustflags")).is_empty();
        self.files
            .iter()
            .filter_map(|file| file.toml.table(&["target"]))
            .flat_map(|targets| targets.iter())
            .filter(|(_, target)| has_flags(target))
            .map(|(key, _)| key)
            .collect()
    }

    /// What runs the programs of targets, in order of precedence.
    pub fn runners(&self) -> Vec<Runner<'_>> {
        let mut runners = Vec::new();
        for file in &self.files {
            let targets = file.toml.table(&["target"]).into_iter();
            for (key, target) in targets.flat_map(|targets| targets.iter()) {
                let mut words = strings(target.get("runner"));
                if let (Some(program), Some(base)) = (words.first_mut(), file.base())
                    && program.contains(['/', '\\'])
                {
                    *program = base.join(&*program).into_string();
                }
                if !words.is_empty() {
                    let from = &file.toml.path;
                    runners.push(Runner { key, words, from });
                }
            }
        }
        runners
    }
}

/// What cargo runs the programs of a target with (cargo book, `target.<triple>.runner`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner<'a> {
    /// The key of `[target]` that sets it, a triple or a `cfg`.
    pub key: &'a str,
    /// A program, absolute or a name that PATH resolves, and its arguments.
    pub words: Vec<String>,
    /// The file that sets it, absolute.
    pub from: &'a Utf8Path,
}

impl File {
    /// The folder that holds its `.cargo`, relative to which it names programs.
    fn base(&self) -> Option<&Utf8Path> {
        self.toml.path.parent()?.parent()
    }
}

/// A string split into words, or a list.
fn strings(item: Option<&Item>) -> Vec<String> {
    let text = item.and_then(Item::as_str).map(split);
    let list = item.and_then(Item::as_array).map(|list| {
        let texts = list.iter().filter_map(|one| one.as_str());
        texts.map(str::to_owned).collect()
    });
    text.or(list).unwrap_or_default()
}

fn at_include(toml: &Toml, message: String) -> Error {
    let item = toml.get(&["include"]);
    let span = item.and_then(Item::span).unwrap_or_default();
    toml.error(&span, message, None)
}

/// The variables that name what cargo starts instead of rustc, in order of precedence.
pub const RUSTC_WRAPPER: [&str; 2] = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"];

/// The words of a string in place of a list, as cargo splits it: without quoting.
pub fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
