//! cargo alone knows which features of PyO3 a build has. We read it where cargo is not to be asked: with them
//! goes whether a wheel is of the stable ABI, and from which Python on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cargo_pyx::facts::project::{FeatureSelection, Project as Facts, Selection, pyo3_features};
use cargo_pyx::world::session::Session;
use fastrand::Rng;

use crate::support::{Project, folder};

/// As many as find each rule broken, if it is.
const LAYOUTS: u64 = 60;

/// Features of the package that is called as PyO3.
const FEATURES: &str = "[features]\ndefault = ['of-pyo3']\nof-pyo3 = ['behind']\nbehind = []\n";

/// Each entry of it says another feature, so that one sees which entries counted.
struct Layout<'a> {
    rng: Rng,
    project: &'a Project,
    /// Features of PyO3 that an entry says.
    said: Vec<String>,
    key: &'static str,
    /// What cargo is told.
    chosen: Vec<String>,
    default: bool,
}

impl Layout<'_> {
    /// A feature of PyO3 that nothing else has.
    fn feature(&mut self) -> String {
        let name = format!("f{}", self.said.len());
        self.said.push(name.clone());
        name
    }

    fn words(&mut self, all: &[&str]) -> String {
        let mut words = String::new();
        for word in all {
            if self.rng.bool() {
                write!(words, ", {word}").unwrap();
            }
        }
        words
    }

    /// An entry of PyO3; `path`: to it.
    fn entry(&mut self, path: &str, optional: bool) -> String {
        let feature = self.feature();
        let source = if self.key == "shared" {
            "workspace = true".to_owned()
        } else {
            format!(
                "package = 'pyo3', path = '{path}'{}",
                self.words(&["default-features = false"])
            )
        };
        let optional = if optional { ", optional = true" } else { "" };
        format!(
            "{} = {{ {source}, features = ['{feature}']{optional} }}\n",
            self.key
        )
    }

    /// A table of features, by which a crate with PyO3 under a key switches on what it has; `other`: a
    /// crate that it depends on, with the same features.
    fn features(&mut self, optional: bool, other: Option<&str>) -> String {
        let key = self.key;
        let mut table = "[features]\n".to_owned();
        for name in ["default", "one", "two"] {
            let [strong, weak] = [self.feature(), self.feature()];
            let mut values = vec![format!("'{key}/{strong}'")];
            if optional {
                values.push(format!("'{key}?/{weak}'"));
                values.push(format!("'dep:{key}'"));
            }
            if let Some(other) = other {
                values.push(format!("'{other}/one'"));
                values.push(format!("'{other}/two'"));
            }
            if name != "two" {
                values.push("'two'".to_owned());
            }
            values.retain(|_| self.rng.u8(0..3) == 0);
            writeln!(table, "{name} = [{}]", values.join(", ")).unwrap();
        }
        table
    }

    fn write(&mut self) {
        let resolver = self.rng.choice(["1", "2"]).unwrap();
        let shared = self.feature();
        let shared_words = self.words(&["default-features = false"]);
        let mut root = format!(
            "[workspace]\nresolver = '{resolver}'\nmembers = ['ext', 'core', 'side', 'pyo3']\n\
             [workspace.dependencies]\n\
             shared = {{ package = 'pyo3', path = 'pyo3', features = ['{shared}']{shared_words} }}\n"
        );
        writeln!(root, "core = {{ path = 'core' }}").unwrap();
        let package = |name: &str, rest: &str| {
            format!("[package]\nname = '{name}'\nversion = '0.29.0'\nedition = '2021'\n{rest}")
        };
        let [of_ext, of_core] = [self.rng.bool(), self.rng.bool()];
        let core_table = self.features(of_core, None);
        let core_entry = self.entry("../pyo3", of_core);
        let core = format!("{core_table}[dependencies]\n{core_entry}");

        let mut ext = self.features(of_ext, Some("core"));
        let words = self.words(&["default-features = false", "features = ['one']"]);
        let own = self.entry("../pyo3", of_ext);
        write!(
            ext,
            "[dependencies]\n{own}core = {{ path = '../core'{words} }}\n"
        )
        .unwrap();
        for table in [
            "build-dependencies",
            "dev-dependencies",
            "target.'cfg(unix)'.dependencies",
            "target.'cfg(windows)'.dependencies",
            "target.'cfg(all(unix, not(target_os = \"none\")))'.dependencies",
        ] {
            if self.rng.u8(0..3) == 0 {
                let entry = self.entry("../pyo3", false);
                write!(ext, "[{table}]\n{entry}").unwrap();
            }
        }
        let side = self.entry("../pyo3", false);
        let said = self.said.iter().map(|name| format!("{name} = []\n"));
        let pyo3 = FEATURES.to_owned() + &said.collect::<String>();
        for (name, rest) in [
            ("ext", ext),
            ("core", core),
            ("side", format!("[dependencies]\n{side}")),
            ("pyo3", pyo3),
        ] {
            self.project
                .write(&format!("{name}/Cargo.toml"), &package(name, &rest));
            self.project.write(&format!("{name}/src/lib.rs"), "");
        }
        self.project.write("Cargo.toml", &root);
        self.default = self.rng.bool();
        let key = self.key;
        let extra = self.said[0].clone();
        let mut chosen = vec!["one".to_owned(), "two".to_owned(), format!("{key}/{extra}")];
        chosen.retain(|_| self.rng.bool());
        self.chosen = chosen;
    }

    /// As cargo builds `ext`.
    fn told(&self) -> BTreeSet<String> {
        let mut words = vec!["tree", "--offline", "--manifest-path", "ext/Cargo.toml"];
        words.extend(["-e", "normal", "--prefix", "none", "-f", "{p};{f}"]);
        let chosen = self.chosen.join(",");
        words.extend(["--features", &chosen]);
        if !self.default {
            words.push("--no-default-features");
        }
        let said = self.project.run("cargo", &words).succeeds().stdout;
        let of_pyo3 = said.lines().filter(|line| line.starts_with("pyo3 "));
        let features = of_pyo3.filter_map(|line| line.split_once(';'));
        let features =
            features.flat_map(|(_, features)| features.trim_end_matches(" (*)").split(','));
        let features = features.filter(|name| !name.is_empty());
        features.map(str::to_owned).collect()
    }

    fn read(&self) -> BTreeSet<String> {
        let session = Session {
            cwd: self.project.root.join("ext").try_into().unwrap(),
            ..Session::default()
        };
        let read = Facts::discover(&session, &Selection::default()).unwrap();
        let choice = FeatureSelection {
            features: &self.chosen,
            default: self.default,
        };
        let member = read.members.iter().find(|it| it.name == "ext").unwrap();
        pyo3_features(member, choice)
    }
}

#[test]
fn a_build_has_the_features_of_pyo3_that_cargo_switches_on() {
    let project = Project::at(&folder!());
    let _ = std::fs::remove_dir_all(&project.root);
    project.write(
        "ext/pyproject.toml",
        "[build-system]\nrequires = ['maturin>=1,<2']\nbuild-backend = 'maturin'\n\
         [project]\nname = 'ext'\nversion = '1.0.0'\n",
    );
    let mut seen = BTreeSet::new();
    for seed in 0..LAYOUTS {
        let mut rng = Rng::with_seed(seed);
        let key = rng.choice(["pyo3", "py", "shared"]).unwrap();
        let mut layout = Layout {
            rng,
            project: &project,
            said: Vec::new(),
            key,
            chosen: Vec::new(),
            default: true,
        };
        layout.write();
        let told = layout.told();
        let manifests = ["", "ext/", "core/"].map(|dir| project.read(&format!("{dir}Cargo.toml")));
        let words = format!("{:?}, default: {}", layout.chosen, layout.default);
        assert_eq!(
            layout.read(),
            told,
            "{seed}: {words}\n{}",
            manifests.join("\n")
        );
        seen.extend(told);
    }
    assert!(seen.len() > 20, "{seen:?}");
}
