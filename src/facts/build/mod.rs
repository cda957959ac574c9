//! What a build of a member is made of: options, and everything that can change its result.

mod variables;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Artifact, Content, Input, Settings};
use crate::facts::project::{Bindings, Member, cargo_configs};
use crate::world::disk;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use variables::{SET_BY_MATURIN, variables, watches_everything};

/// What the command line says about the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--profile NAME`; `release` for `--release`.
    pub profile: Option<String>,
    pub features: Vec<String>,
    pub no_default_features: bool,
}

/// How cargo is told to build a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// cargo's name of it: `dev`, `release`, …
    pub profile: String,
    pub features: Vec<String>,
    pub no_default_features: bool,
    /// Whether `features` are more than what `[tool.maturin]` says, so that maturin, whose own
    /// flag replaces them, must be given all.
    pub features_added: bool,
}

impl Options {
    /// Those that are the crate's own: those of PyO3 are for the extension, and would keep tests and
    /// programs from linking.
    pub fn own_features(&self) -> impl Iterator<Item = &String> + Clone {
        let features = self.features.iter();
        features.filter(|feature| !feature.contains('/') && !feature.contains("extension-module"))
    }

    /// The command line before `[tool.pyx]` before `[tool.maturin]`. `[tool.maturin] profile` is for
    /// wheels: a dev build takes the dev profile unless `editable-profile` says otherwise.
    pub fn new(member: &Member, config_profile: Option<&String>, flags: &Flags) -> Self {
        let mut features = member.features.clone();
        for feature in member.config().features.iter().chain(&flags.features) {
            if !features.contains(feature) {
                features.push(feature.clone());
            }
        }
        let profile = flags.profile.as_ref().or(config_profile);
        let profile = profile.map(String::as_str).or(member.editable_profile());
        Self {
            profile: profile.unwrap_or("dev").to_owned(),
            features_added: features.len() > member.features.len(),
            features,
            no_default_features: member.no_default_features() || flags.no_default_features,
        }
    }

    /// The folder that cargo names after the profile (cargo book, "Build Cache").
    pub fn folder(&self) -> &str {
        match self.profile.as_str() {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        }
    }
}

/// The settings that are part of a build's fingerprint.
pub fn settings(
    session: &Session,
    member: &Member,
    options: &Options,
    toolchain: &Toolchain,
) -> Settings {
    let mut settings = Settings::new();
    let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value);
    set("bindings", member.bindings.to_string());
    set("profile", options.profile.clone());
    set("features", options.features.join(","));
    set(
        "default features",
        (!options.no_default_features).to_string(),
    );
    let compiler = toolchain.rustc.as_ref().map(ToString::to_string);
    set("rustc", compiler.unwrap_or_else(|| "none".into()));
    set("build variables", obeyed(session, toolchain));
    settings
}

/// The directory of the member's extension builds, or of its binaries where it embeds Python.
pub fn target_dir(member: &Member) -> Utf8PathBuf {
    member.target.join(match member.bindings {
        Bindings::Embed => "test",
        _ => "ext",
    })
}

/// Where the last build's files are: below the target triple's folder when one is configured.
pub fn output_dir(member: &Member, options: &Options) -> Utf8PathBuf {
    let root = target_dir(member);
    let plain = root.join(options.folder());
    let nested = disk::names(&root)
        .into_iter()
        .map(|triple| root.join(triple).join(options.folder()));
    let newest = |dir: &Utf8PathBuf| {
        let files = artifact_names(member).into_iter();
        files
            .filter_map(|name| disk::signature(&dir.join(name)))
            .map(|s| s.modified)
            .max()
    };
    nested
        .chain([plain.clone()])
        .filter(|dir| newest(dir).is_some())
        .max_by_key(newest)
        .unwrap_or(plain)
}

/// cargo's own records of the last build, one folder for each crate: `NAME-HASH`.
pub fn fingerprints(member: &Member, options: &Options) -> Utf8PathBuf {
    let output = output_dir(member, options);
    intermediate_dir(member, &output).join(".fingerprint")
}

/// Where cargo keeps what lies between the sources and what is in `output`: there, or below
/// `build.build-dir` (from cargo 1.91 on; cargo book, "Build Cache").
pub fn intermediate_dir(member: &Member, output: &Utf8Path) -> Utf8PathBuf {
    let dir = member.intermediate_dir(output);
    if disk::is_dir(&dir) {
        dir
    } else {
        output.to_owned()
    }
}

/// When cargo last compiled a crate, in nanoseconds since the epoch: it takes files with an older
/// modification time for seen.
pub fn compiled(fingerprints: &Utf8Path, name: &str) -> Option<u64> {
    let folders = disk::names(fingerprints).into_iter();
    let own = folders.filter(|folder| {
        folder
            .rsplit_once('-')
            .is_some_and(|(known, _)| known == name)
    });
    let files = own.flat_map(|folder| disk::all_files(&fingerprints.join(folder)));
    files
        .filter_map(|path| disk::signature(&path))
        .map(|signature| signature.modified)
        .max()
}

/// The file names of what a member's build makes.
fn artifact_names(member: &Member) -> Vec<String> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
    match member.bindings {
        Bindings::Bin | Bindings::Embed => {
            let bins = member.bins.iter();
            bins.map(|name| format!("{name}{EXE_SUFFIX}")).collect()
        }
        _ => {
            let lib = member.lib.iter();
            lib.map(|name| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
                .collect()
        }
    }
}

/// What the build left in `output`.
pub fn artifacts(member: &Member, output: &Utf8Path) -> Vec<Artifact> {
    artifact_names(member)
        .into_iter()
        .map(|name| output.join(name))
        .filter_map(|path| {
            let hash = disk::hash(&path)?;
            Some(Artifact { path, hash })
        })
        .collect()
}

/// The files that the compiler and the build scripts read, by cargo's dep-info beside the
/// artifact: sources of the crate and of its path dependencies, and `rerun-if-changed`.
pub fn sources(member: &Member, output: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    // with `build.dep-info-basedir` they are relative, most likely to one of these
    let roots = [&member.workspace, &member.dir];
    let absolute = |path: Utf8PathBuf| {
        let mut places = roots.iter().map(|root| root.join(&path));
        let found = places.find(|place| disk::signature(place).is_some());
        found.unwrap_or_else(|| member.workspace.join(&path))
    };
    let mut files = BTreeSet::new();
    for path in dep_infos(member, output) {
        let text = disk::read_text(&path).ok().flatten().unwrap_or_default();
        let found = dep_info(&text, &member.workspace);
        files.extend(found.into_iter().map(absolute));
    }
    files
}

/// Where cargo says what an artifact was made from.
fn dep_infos(member: &Member, output: &Utf8Path) -> Vec<Utf8PathBuf> {
    let names = artifact_names(member).into_iter();
    names
        .map(|name| output.join(name).with_extension("d"))
        .collect()
}

/// The sources as they are now; a folder stands for all files in it.
pub fn source_inputs(member: &Member, output: &Utf8Path, since: u64) -> Vec<Input> {
    let built = intermediate_dir(member, output);
    let files = sources(member, output);
    // nothing that is known to be compiled: an edit would never be seen
    let is_known = files.iter().any(|path| disk::is_file(path));
    let unknown = dep_infos(member, output)
        .into_iter()
        .filter(|_| !is_known)
        .map(|path| Input::File {
            path,
            content: Content::Unknown,
        });
    let known = files.iter().map(|path| {
        if disk::is_dir(path) {
            Input::folder(path, true, since)
        } else {
            // what a build script writes for its crate is new, and compiled as it is
            let made = path.starts_with(&built);
            Input::file(path, (!made).then_some(since))
        }
    });
    known.chain(unknown).collect()
}

/// The paths in a dep-info file, `target: path path …` with `\ ` for a blank. A newline in the
/// workspace's own path is the one that cargo does not escape.
fn dep_info(text: &str, workspace: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    const HIDDEN: &str = "\u{0}";
    let escaped = workspace.as_str().replace(' ', "\\ ");
    let text = text.replace(&escaped, HIDDEN);
    let mut files = BTreeSet::new();
    for line in text.lines() {
        let Some((_, paths)) = line.split_once(": ") else {
            continue;
        };
        for path in split_escaped(paths) {
            files.insert(path.replace(HIDDEN, workspace.as_str()).into());
        }
    }
    files
}

fn split_escaped(paths: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = paths.chars().peekable();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("there is always a last word");
        match c {
            '\\' if chars.peek() == Some(&' ') => word.extend(chars.next()),
            ' ' => words.push(String::new()),
            other => word.push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Variables outside any crate's declarations that cargo, rustc, PyO3 and maturin obey. All of a
/// prefix are inputs: one that appears later must be seen.
const OBEYED: [&str; 9] = [
    "CARGO_BUILD_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "MATURIN_",
    "PYO3_",
    "RUSTC",
    "RUSTFLAGS",
];

/// The obeyed variables that are set, as one setting; values are hashed.
fn obeyed(session: &Session, toolchain: &Toolchain) -> String {
    let relevant = |name: &str| {
        OBEYED.iter().any(|prefix| name.starts_with(prefix))
            && !SET_BY_MATURIN.contains(&name)
            && name != "CARGO_TARGET_DIR"
    };
    let set = session.env.iter().filter(|(name, _)| relevant(name));
    let hashed =
        set.map(|(name, value)| format!("{name}={}", &disk::digest(value.as_bytes())[..8]));
    let toolchain = toolchain
        .name
        .iter()
        .map(|name| format!("RUSTUP_TOOLCHAIN={name}"));
    hashed.chain(toolchain).collect::<Vec<_>>().join(" ")
}

/// Files other than sources that decide what is built and installed, there or not.
fn manifests(session: &Session, member: &Member, toolchain: &Toolchain) -> Vec<Utf8PathBuf> {
    let mut files = vec![
        member.workspace.join("Cargo.toml"),
        member.workspace.join("Cargo.lock"),
    ];
    files.extend(member.crates().map(|cargo| cargo.toml.path.clone()));
    files.extend(member.pyproject.iter().map(|one| one.toml.path.clone()));
    files.extend(cargo_configs(session, &member.dir));
    files.extend(toolchain.chosen_by.iter().cloned());
    files.extend(member.metadata_files.iter().cloned());
    let packages = files
        .iter()
        .filter(|path| path.file_name() == Some("Cargo.toml"));
    let scripts: Vec<_> = packages
        .map(|path| path.with_file_name("build.rs"))
        .collect();
    files.extend(scripts);
    files.sort();
    files.dedup();
    files
}

/// Inputs other than sources, as they are now.
///
/// `since` as in [`Input::file`].
pub fn inputs(
    session: &Session,
    (member, toolchain): (&Member, &Toolchain),
    environment: &Environment,
    output: &Utf8Path,
    since: u64,
) -> Vec<Input> {
    let built = intermediate_dir(member, output);
    let lock = member.workspace.join("Cargo.lock"); // the build itself may have written it
    let mut inputs: Vec<Input> = manifests(session, member, toolchain)
        .iter()
        .map(|path| Input::file(path, (*path != lock).then_some(since)))
        .collect();
    inputs.push(Input::program(&environment.python()));
    inputs.push(Input::file(&environment.path.join("pyvenv.cfg"), None));
    inputs.extend(toolchain.rustc.as_ref().map(|path| Input::program(path)));
    inputs.extend(
        variables(&built)
            .iter()
            .map(|name| Input::variable(session, name)),
    );
    // maturin guide, "Metadata": licence files beside pyproject.toml are found by these names
    for prefix in ["LICEN", "COPYING", "NOTICE", "AUTHORS"] {
        inputs.push(Input::listing(&member.dir, prefix, ""));
    }
    for cargo in member.crates() {
        let name = cargo.package_name();
        if name.is_some_and(|name| watches_everything(name, &built)) {
            inputs.push(Input::folder(cargo.dir(), false, since));
        }
    }
    inputs
}

/// The variables that builds in a target directory read, whatever their profile and target triple,
/// as they are now.
pub fn variables_below(session: &Session, target: &Utf8Path) -> Vec<Input> {
    let folders = |dir: &Utf8Path| {
        let names = disk::names(dir).into_iter();
        names.map(|name| dir.join(name)).collect::<Vec<_>>()
    };
    let profiles = folders(target);
    let profiles = profiles
        .iter()
        .flat_map(|dir| folders(dir))
        .chain(profiles.clone());
    let built = profiles.filter(|dir| disk::is_dir(&dir.join("deps")));
    let names: BTreeSet<String> = built.flat_map(|dir| variables(&dir)).collect();
    names
        .iter()
        .map(|name| Input::variable(session, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::world::manifest::{PyProject, Toml};

    fn paths(text: &str, workspace: &str) -> Vec<String> {
        let found = dep_info(text, Utf8Path::new(workspace));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn dep_info_is_read_with_blanks_and_newlines_in_the_projects_path() {
        assert_eq!(
            paths("/p/t/libx.so: /p/a.rs /p/b.rs\n", "/p"),
            ["/p/a.rs", "/p/b.rs"]
        );
        assert_eq!(
            paths("/a\\ b/libx.so: /a\\ b/c\\ d.rs\n", "/a b"),
            ["/a b/c d.rs"]
        );
        assert_eq!(
            paths("/a\nb/libx.so: /a\nb/c.rs\n", "/a\nb"),
            ["/a\nb/c.rs"]
        );
    }

    #[test]
    fn a_release_profile_for_wheels_does_not_slow_dev_down() {
        let profile = |pyproject: &str, flags: &Flags| {
            let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), pyproject).unwrap();
            let member = Member {
                pyproject: Some(Arc::new(PyProject::of(toml).unwrap())),
                ..Member::default()
            };
            Options::new(&member, None, flags).profile
        };
        let for_wheels = "[tool.maturin]\nprofile = 'release'\n";
        assert_eq!(profile(for_wheels, &Flags::default()), "dev");
        let for_dev = format!("{for_wheels}editable-profile = 'opt'\n");
        assert_eq!(profile(&for_dev, &Flags::default()), "opt");
        let flags = Flags {
            profile: Some("release".into()),
            ..Flags::default()
        };
        assert_eq!(profile(&for_dev, &flags), "release");
    }

    #[test]
    fn features_add_to_what_maturin_is_told() {
        let member = Member {
            features: vec!["a".into()],
            ..Member::default()
        };
        let flags = Flags {
            features: vec!["b".into(), "a".into()],
            ..Flags::default()
        };
        let options = Options::new(&member, None, &flags);
        assert_eq!(options.features, ["a", "b"]);
        assert!(options.features_added);
        assert!(!Options::new(&member, None, &Flags::default()).features_added);
    }
}
