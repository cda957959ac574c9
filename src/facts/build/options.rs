//! How cargo is told to build a member.

use camino::Utf8PathBuf;

use crate::facts::fingerprint::{Settings, variable_setting};
use crate::facts::project::{FeatureSelection, Member, PYO3, python_folders};
use crate::world::disk;
use crate::world::manifest::CargoToml;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use super::variables::SET_BY_MATURIN;

/// What the command line says about the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--profile NAME`; `release` for `--release`.
    pub profile: Option<String>,
    pub features: Vec<String>,
    pub all_features: bool,
    pub no_default_features: bool,
    pub cargo: CargoArguments,
}

/// What is passed on to cargo unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoArguments {
    pub jobs: Option<String>,
    pub timings: bool,
    /// `KEY=VALUE`
    pub config: Vec<String>,
    /// Configuration files, absolute.
    pub config_files: Vec<Utf8PathBuf>,
    pub unstable: Vec<String>,
}

impl CargoArguments {
    /// As both cargo and maturin accept them; `jobs`: the name of that flag.
    pub fn words(&self, jobs: &str) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(number) = &self.jobs {
            words.extend([jobs.to_owned(), number.clone()]);
        }
        if self.timings {
            words.push("--timings".to_owned());
        }
        words.extend(self.building());
        words
    }

    /// Those that change what is built.
    pub fn building(&self) -> Vec<String> {
        let pair = |flag: &str, text: &String| [flag.to_owned(), text.clone()];
        let files = self.config_files.iter().map(ToString::to_string);
        let config: Vec<String> = self.config.iter().cloned().chain(files).collect();
        let config = config.iter().flat_map(|text| pair("--config", text));
        let unstable = self.unstable.iter().flat_map(|text| pair("-Z", text));
        config.chain(unstable).collect()
    }
}

/// How cargo is told to build a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// In cargo's spelling: `dev`, `release`, …
    pub profile: String,
    pub features: Vec<String>,
    pub no_default_features: bool,
    pub cargo: CargoArguments,
    /// Whether `features` go beyond `[tool.maturin]`, so that maturin, whose own flag replaces those, must be
    /// given all.
    pub features_added: bool,
}

impl Options {
    /// The features that cargo is asked for.
    pub fn feature_selection(&self) -> FeatureSelection<'_> {
        FeatureSelection {
            features: &self.features,
            default: !self.no_default_features,
        }
    }

    /// Those of the crate and its dependencies, without those of PyO3: they are for the extension, and would
    /// keep tests and programs from linking.
    pub fn own_features(&self, member: &Member) -> impl Iterator<Item = &String> + Clone {
        let features = self.features.iter();
        features.filter(|it| is_own_feature(&member.cargo, it))
    }

    /// The command line takes precedence over `[tool.pyx]`, and that over `[tool.maturin]`. `[tool.maturin]
    /// profile` is for wheels: a dev build uses the dev profile unless `editable-profile` says otherwise.
    pub fn new(member: &Member, config_profile: Option<&String>, flags: &Flags) -> Self {
        let mut features = member.features.clone();
        let all = flags.all_features.then(|| member.cargo.all_features());
        let all = all.unwrap_or_default();
        let chosen = member.config().features.iter();
        for feature in chosen.chain(&flags.features).chain(&all) {
            let feature = member.own_feature(feature);
            if !features.iter().any(|known| known == feature) {
                features.push(feature.to_owned());
            }
        }
        let profile = flags.profile.as_ref().or(config_profile);
        let profile = profile.map(String::as_str).or(member.editable_profile());
        Self {
            profile: profile.unwrap_or("dev").to_owned(),
            features_added: features.len() > member.features.len(),
            features,
            no_default_features: member.no_default_features() || flags.no_default_features,
            cargo: flags.cargo.clone(),
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

/// Whether a feature is for tests and programs too: not `pyo3/abi3` or `pyo3?/abi3`.
pub fn is_own_feature(cargo: &CargoToml, feature: &str) -> bool {
    let of = cargo.feature_of_dependency(feature);
    let is_of_pyo3 = of.is_some_and(|(package, _)| PYO3.contains(&&*package));
    !is_of_pyo3 && !feature.contains("extension-module")
}

/// The setting that names the folders of the module's package.
pub const PYTHON_PACKAGE: &str = "Python package";

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
    set("module", member.module.clone());
    // maturin puts the module among the sources of a package that is there
    set(PYTHON_PACKAGE, python_folders(member).join(", "));
    set("programs", member.bins.join(", "));
    set("profile", options.profile.clone());
    set("features", options.features.join(","));
    set(
        "default features",
        (!options.no_default_features).to_string(),
    );
    let words = options.cargo.building();
    if !words.is_empty() {
        set("cargo arguments", words.join(" "));
    }
    // those of the folders above and those that are named are compared as what they are
    set("cargo configuration", home_configs(member, options));
    let compiler = toolchain.rustc.as_ref().map(ToString::to_string);
    set("rustc", compiler.unwrap_or_else(|| "none".into()));
    settings.extend(obeyed(session, toolchain));
    settings
}

/// The configuration files in cargo's home, which may change.
fn home_configs(member: &Member, options: &Options) -> String {
    let is_other = |path: &&Utf8PathBuf| {
        let mut folders = member.dir.ancestors().map(|dir| dir.join(".cargo"));
        !folders.any(|dir| path.starts_with(dir)) && !options.cargo.config_files.contains(path)
    };
    let files = member.cargo_configs.iter().filter(is_other);
    let there: Vec<&str> = files
        .filter(|path| disk::is_file(path))
        .map(|path| path.as_str())
        .collect();
    there.join(", ")
}

/// Variables outside any crate's declarations that cargo, rustc, PyO3 and maturin obey. All with a prefix are
/// inputs: one that appears later must be noticed.
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

/// Those by which nothing else is built: how much is done at once, and where, which is another record's place.
const SAME_BUILD: [&str; 3] = [
    "CARGO_BUILD_JOBS",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
];

/// The obeyed variables that are set, each as a setting; values are hashed.
fn obeyed(session: &Session, toolchain: &Toolchain) -> Settings {
    let relevant = |name: &str| {
        OBEYED.iter().any(|prefix| name.starts_with(prefix))
            && !SET_BY_MATURIN.contains(&name)
            && !SAME_BUILD.contains(&name)
    };
    let set = session.env.iter().filter(|(name, _)| relevant(name));
    let hashed = set.map(|(name, value)| (&**name, disk::digest(value.as_bytes())));
    let toolchain = toolchain.name.iter();
    let toolchain = toolchain.map(|name| ("RUSTUP_TOOLCHAIN", name.clone()));
    let named = hashed.chain(toolchain);
    named
        .map(|(name, value)| (variable_setting(name), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camino::Utf8Path;

    use crate::world::manifest::{PyProject, Toml};

    use super::*;

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
    fn the_configuration_of_another_home_of_cargo_is_another_setting() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let settings = |home: &str| {
            let dir = root.join("p");
            let member = Member {
                cargo_configs: vec![
                    dir.join(".cargo/config.toml"),
                    root.join(home).join("config.toml"),
                    root.join(home).join("config"),
                ],
                dir,
                ..Member::default()
            };
            let toolchain = Toolchain::default();
            super::settings(
                &Session::default(),
                &member,
                &Options::default(),
                &toolchain,
            )
        };
        let none = settings("one");
        disk::write(&root.join("p/.cargo/config.toml"), b"").unwrap();
        assert_eq!(settings("one"), none);
        assert_eq!(settings("two"), none);
        disk::write(&root.join("two/config.toml"), b"").unwrap();
        assert_eq!(settings("one"), none);
        assert_ne!(settings("two"), none);
    }

    #[test]
    fn a_variable_by_which_nothing_else_is_built_is_no_setting() {
        let set = |names: &[&str]| {
            let named = names
                .iter()
                .map(|name| ((*name).to_owned(), "1".to_owned()));
            let session = Session {
                env: named.collect(),
                ..Session::default()
            };
            let settings = obeyed(&session, &Toolchain::default());
            settings.into_keys().collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        let places = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
        assert_eq!(set(&places), none);
        assert_eq!(set(&["CARGO_BUILD_JOBS"]), none);
        let other = "CARGO_BUILD_TARGET";
        assert_eq!(set(&[other]), [variable_setting(other)]);
    }

    #[test]
    fn a_feature_of_the_crate_itself_is_known_by_its_own_name() {
        let text = "[package]\nname = 'own'\n[dependencies]\npy = { package = 'pyo3' }\n";
        let cargo = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text);
        let member = Member {
            cargo: Arc::new(CargoToml::of(cargo.unwrap()).unwrap()),
            ..Member::default()
        };
        let flags = Flags {
            features: ["own/a", "a", "other/a", "py/abi3", "pyo3-ffi?/abi3"]
                .map(str::to_owned)
                .into(),
            ..Flags::default()
        };
        let options = Options::new(&member, None, &flags);
        let all = ["a", "other/a", "py/abi3", "pyo3-ffi?/abi3"];
        assert_eq!(options.features, all);
        assert!(options.own_features(&member).eq(["a", "other/a"]));
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
