//! The projects, and what Python should see of them: read from the files as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{entries, name_of, read};

use super::texts::{self, Binding};
use super::world::World;

pub(super) type Values = BTreeMap<String, String>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One package with nothing around it.
    Pure,
    /// Python beside Rust, a build script, crates in other workspaces, a patched and a vendored one.
    Mixed,
    /// Two members of one workspace whose libraries have the same name.
    Two,
}

#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) binding: Binding,
}

const fn kind(name: &'static str, shape: Shape, binding: Binding) -> Kind {
    Kind {
        name,
        shape,
        binding,
    }
}

impl Kind {
    /// The Rust that compiles it, by the second number of its version.
    pub(super) fn oldest_rust(&self) -> u32 {
        let shape = match self.shape {
            Shape::Mixed => 85, // cargo looks for a workspace up to this repository's manifest, of edition 2024
            Shape::Pure | Shape::Two => 0,
        };
        self.binding.oldest_rust().max(shape)
    }
}

/// Those that compile within a second come first.
pub(super) const KINDS: [Kind; 8] = [
    kind("pure", Shape::Pure, Binding::Ffi),
    kind("mixed", Shape::Mixed, Binding::Ffi),
    kind("two", Shape::Two, Binding::Ffi),
    kind("abi3", Shape::Mixed, Binding::Abi3),
    kind("cffi", Shape::Pure, Binding::Cffi),
    kind("bin", Shape::Pure, Binding::Bin),
    kind("pyo3", Shape::Pure, Binding::Real),
    kind("uniffi", Shape::Pure, Binding::Uniffi),
];

#[derive(Clone)]
pub(super) struct Member {
    /// Below the root.
    pub(super) folder: &'static str,
    pub(super) package: &'static str,
    /// Name of a value, and the file below the root that holds it.
    tokens: Vec<(&'static str, &'static str)>,
}

#[derive(Clone)]
pub(super) struct Project {
    pub(super) kind: Kind,
    /// Another one when the folder is moved.
    pub(super) root: PathBuf,
    pub(super) members: Vec<Member>,
}

impl Project {
    pub(super) fn new(kind: Kind, root: PathBuf) -> Self {
        let source = kind.binding.root_source();
        let member = |folder, package, more: &[(&'static str, &'static str)], own| Member {
            folder,
            package,
            tokens: [&[("lib", own)], more].concat(),
        };
        let mut pure = vec![("text", "app/data/text.txt"), ("note", "shared/note.txt")];
        if kind.binding.is_patched() {
            pure.push(("ffi", "ffi/src/lib.rs"));
        }
        let own = if source == "src/main.rs" {
            "app/src/main.rs"
        } else {
            "app/src/lib.rs"
        };
        let members = match kind.shape {
            Shape::Pure => vec![member("app", "law_app", &pure, own)],
            Shape::Mixed => vec![member("app", "law_app", &MIXED, own)],
            Shape::Two => vec![
                member("a", "law_a", &[TWO[0], TWO[1]], "a/src/lib.rs"),
                member("b", "law_b", &[TWO[0], TWO[2]], "b/src/lib.rs"),
            ],
        };
        Self {
            kind,
            root,
            members,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where dev is run.
    pub(super) fn dir(&self) -> PathBuf {
        match self.kind.shape {
            Shape::Two => self.root.clone(),
            Shape::Pure | Shape::Mixed => self.root.join("app"),
        }
    }

    pub(super) fn is_mixed(&self) -> bool {
        self.kind.shape == Shape::Mixed
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(read(&self.path(name))).unwrap()
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Every file with a value that is compiled, with its value's name.
    pub(super) fn tokens(&self) -> Vec<(&'static str, PathBuf)> {
        let mut all = BTreeSet::new();
        for member in &self.members {
            all.extend(
                member
                    .tokens
                    .iter()
                    .map(|(name, file)| (*name, self.path(file))),
            );
            let mods = self.mods(member);
            all.extend(mods.iter().map(|name| ("mod", self.file_of(member, name))));
        }
        all.into_iter().collect()
    }

    /// What Python calls the module.
    pub(super) fn module(&self, member: &Member) -> String {
        let text = self.text(&format!("{}/pyproject.toml", member.folder));
        let told = value_of(&text, "module-name");
        told.unwrap_or_else(|| member.package.to_owned())
    }

    pub(super) fn distribution(&self, member: &Member) -> String {
        let text = self.text(&format!("{}/pyproject.toml", member.folder));
        value_of(&text, "name").unwrap()
    }

    /// The modules that the root source declares, besides those that are always there.
    pub(super) fn mods(&self, member: &Member) -> Vec<String> {
        let source = format!("{}/{}", member.folder, self.kind.binding.root_source());
        let text = self.text(&source);
        let declared = text.lines().filter_map(|line| line.strip_prefix("mod "));
        let names = declared.map(|name| name.trim_end_matches(';').to_owned());
        names.filter(|name| name != "linked").collect()
    }

    /// The file of a module.
    pub(super) fn file_of(&self, member: &Member, module: &str) -> PathBuf {
        let dir = self.path(member.folder).join("src");
        let file = dir.join(format!("{module}.rs"));
        if file.exists() {
            return file;
        }
        dir.join(module).join("mod.rs")
    }

    /// By distribution, then by name.
    pub(super) fn expected(&self, world: &World) -> BTreeMap<String, Values> {
        let all = self.members.iter();
        all.map(|member| (self.distribution(member), self.values(member, world)))
            .collect()
    }

    fn values(&self, member: &Member, world: &World) -> Values {
        let manifest = self.text(&format!("{}/Cargo.toml", member.folder));
        let project = self.text(&format!("{}/pyproject.toml", member.folder));
        let mut values = Values::new();
        let mut put = |name: &str, value: String| drop(values.insert(name.to_owned(), value));
        for (name, file) in &member.tokens {
            put(name, token(&self.text(file), name));
        }
        let mods = self.mods(member);
        let mods = mods.iter().map(|name| {
            let file = self.file_of(member, name);
            token(&String::from_utf8(read(&file)).unwrap(), "mod")
        });
        put("mods", mods.collect::<Vec<_>>().join(","));
        put("version", value_of(&manifest, "version").unwrap());
        put("metadata", value_of(&project, "version").unwrap());
        if self.kind.binding.is_patched() && self.kind.shape != Shape::Two {
            let patched = self.text("ffi/Cargo.toml");
            put("ffiversion", value_of(&patched, "version").unwrap());
        }
        let config = self.config();
        let configured = value_of(&config, "LAW_FLAVOR");
        let flavor = world.env.get("LAW_FLAVOR").cloned().or(configured);
        put("flavor", flavor.unwrap_or_else(|| "none".into()));
        let flag = match world.env.contains_key("RUSTFLAGS") {
            true => "env",
            false if config.contains("law_flag") => "config",
            false => "none",
        };
        put("flag", flag.into());
        let on = |is_on: bool| if is_on { "on" } else { "off" };
        put("debug", on(world.profile == "dev").into());
        let by_default = manifest.contains("default = [\"extra\"]");
        put("extra", on(world.extra || by_default).into());
        if self.is_mixed() {
            put("dir", self.watched());
            put("rustc", World::rustc(&self.toolchain()));
            let told = world.env.get("LAW_SCRIPT").cloned();
            put("told", told.unwrap_or_else(|| "none".into()));
            put("loud", on(manifest.contains("\"loud\"")).into());
            let other = self.text("other/Cargo.toml");
            put("innerversion", value_of(&other, "version").unwrap());
            let vended = self.text("vendor/law-vended/Cargo.toml");
            put("vendedversion", value_of(&vended, "version").unwrap());
            let package = self.text("app/python/law_app/__init__.py");
            put("python", token(&package, "python"));
            put(
                "package",
                self.text("app/python/law_app/data.txt").trim().into(),
            );
        }
        values
    }

    /// The configuration of cargo that may change: beside the project, or above it.
    fn config(&self) -> String {
        let files = ["app/.cargo/config.toml", ".cargo/config.toml"];
        let found = files.map(|name| fs::read_to_string(self.path(name)).unwrap_or_default());
        found.concat()
    }

    /// The toolchain that a file of the project names; empty: none does.
    fn toolchain(&self) -> String {
        let file = self.dir().join("rust-toolchain.toml");
        let text = fs::read_to_string(file).unwrap_or_default();
        value_of(&text, "channel").unwrap_or_default()
    }

    fn watched(&self) -> String {
        let files = entries(&self.path("app/data/dir"));
        let texts = files
            .iter()
            .map(|path| String::from_utf8(read(path)).unwrap());
        let trimmed: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
        trimmed.join(",")
    }

    /// Every extension module that lies among the sources or in an environment.
    pub(super) fn modules(&self, environment: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        extensions(&self.root, &mut found);
        extensions(environment, &mut found);
        found
    }

    /// Writes all files.
    pub(super) fn create(&self) {
        self.write(".gitignore", texts::IGNORED);
        self.write("NOTES.md", "nothing reads this\n");
        self.write("shared/note.txt", "note=1000\n");
        if self.kind.binding.is_patched() {
            self.write("ffi/Cargo.toml", texts::FFI_MANIFEST);
            self.write("ffi/src/lib.rs", texts::FFI);
        }
        match self.kind.shape {
            Shape::Pure => self.create_pure(),
            Shape::Mixed => self.create_mixed(),
            Shape::Two => self.create_two(),
        }
    }

    fn create_pure(&self) {
        let mut more = "    put(\"text\", include_str!(\"../data/text.txt\"));\n    put(\"note\", include_str!(\"../../shared/note.txt\"));\n".to_owned();
        if self.kind.binding.is_patched() {
            more += "    put(\"ffi\", pyo3_ffi::V);\n";
            more += "    put(\"ffiversion\", pyo3_ffi::VERSION);\n";
        }
        self.create_member(&self.members[0], "law_app", &more);
        let patch = if self.kind.binding.is_patched() {
            texts::PATCH.replace("FFI", "../ffi")
        } else {
            String::new()
        };
        let manifest = self.text("app/Cargo.toml");
        let table = "\n[workspace]\n";
        self.write(
            "app/Cargo.toml",
            &[&manifest, table, &patch, texts::PROFILES].concat(),
        );
        self.write("app/data/text.txt", "text=1000\n");
    }

    fn create_mixed(&self) {
        let member = &self.members[0];
        self.create_member(member, "_core", texts::MIXED_VALUES);
        let source = self.text("app/src/lib.rs");
        let linked = source.replacen("mod m0;\n", "mod linked;\nmod m0;\n", 1);
        self.write("app/src/lib.rs", &linked);
        let manifest = self.text("app/Cargo.toml");
        let needs = "[dependencies]\nlaw-dep = { path = \"../dep\", features = [] }\nlaw-inner = { path = \"../other/inner\" }\nlaw-vended = \"0.1\"\n";
        let manifest = manifest.replace("[dependencies]\n", needs);
        let patch = texts::PATCH.replace("FFI", "../ffi");
        self.write(
            "app/Cargo.toml",
            &[&manifest, "\n[workspace]\n", &patch, texts::PROFILES].concat(),
        );
        self.write("app/build.rs", texts::BUILD_SCRIPT);
        self.write("app/data/text.txt", "text=1000\n");
        self.write("app/data/built.txt", "built=1000\n");
        self.write("app/data/dir/a.txt", "a=1000\n");
        self.write("shared/linked.rs", "pub const V: &str = \"linked=1000\";\n");
        let link = self.path("app/src/linked.rs");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink("../../shared/linked.rs", link).unwrap();
        let package = texts::PACKAGE.replace("MODULE", "_core");
        self.write("app/python/law_app/__init__.py", &package);
        self.write("app/python/law_app/data.txt", "package=1000\n");
        let features = "\n[features]\nloud = []\n";
        self.write("dep/Cargo.toml", &(cargo("law-dep", "0.1.0") + features));
        self.write("dep/build.rs", texts::DEP_SCRIPT);
        self.write("dep/src/lib.rs", texts::DEP);
        self.write("dep/data.txt", "depdata=1000\n");
        self.write("dep/notes.txt", "watched=1000\n");
        let workspace = "[workspace]\nresolver = \"2\"\nmembers = [\"inner\"]\n\n[workspace.package]\nversion = \"0.3.0\"\nedition = \"2021\"\n";
        self.write("other/Cargo.toml", workspace);
        let inherited =
            "[package]\nname = \"law-inner\"\nversion.workspace = true\nedition.workspace = true\n";
        self.write("other/inner/Cargo.toml", inherited);
        self.write("other/inner/src/lib.rs", texts::INNER);
        self.write(
            "vendor/law-vended/Cargo.toml",
            &cargo("law-vended", "0.1.0"),
        );
        self.write("vendor/law-vended/src/lib.rs", texts::VENDED);
        let sums = "{\"files\": {}, \"package\": null}";
        self.write("vendor/law-vended/.cargo-checksum.json", sums);
        self.write(".cargo/config.toml", VENDORED);
    }

    fn create_two(&self) {
        for member in &self.members {
            let own = member.folder;
            let more = format!(
                "    put(\"base\", law_base::V);\n    put(\"own-{own}\", include_str!(\"../own.txt\"));\n"
            );
            self.create_member(member, "_core", &more);
            let name = format!("{own}/Cargo.toml");
            let needs = "[dependencies]\nlaw-base = { path = \"../base\" }\n";
            let manifest = self.text(&name).replace("[dependencies]\n", needs);
            self.write(&name, &manifest);
            self.write(&format!("{own}/own.txt"), &format!("own-{own}=1000\n"));
            let package = format!("{own}/python/{}/__init__.py", member.package);
            self.write(&package, "from ._core import VALUES\n");
        }
        self.write("base/Cargo.toml", &cargo("law-base", "0.1.0"));
        self.write("base/src/lib.rs", "pub const V: &str = \"base=1000\";\n");
        let workspace = "[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"b\", \"base\"]\nexclude = [\"ffi\"]\n";
        let patch = texts::PATCH.replace("FFI", "ffi");
        self.write("Cargo.toml", &[workspace, &patch, texts::PROFILES].concat());
    }

    fn create_member(&self, member: &Member, module: &str, more: &str) {
        let binding = self.kind.binding;
        let folder = member.folder;
        let name = member.package.replace('_', "-");
        let in_package = module == "_core";
        let library = if in_package { module } else { member.package };
        let mut manifest = cargo(&name, "0.1.0");
        if binding != Binding::Bin {
            let table = format!("\n[lib]\nname = \"{library}\"\ncrate-type = [\"cdylib\"]\n");
            manifest.push_str(&table);
        }
        manifest += "\n[features]\ndefault = []\nextra = []\n";
        if binding == Binding::Uniffi {
            let tables = format!("bindgen = [\"uniffi/cli\"]\n{}", texts::BINDGEN_MANIFEST);
            manifest.push_str(&tables);
            self.write(&format!("{folder}/uniffi-bindgen.rs"), texts::BINDGEN);
        }
        manifest += "\n[dependencies]\n";
        manifest += binding.dependency();
        self.write(&format!("{folder}/Cargo.toml"), &manifest);
        let mut project = format!(
            "[build-system]\nrequires = [\"maturin>=1.9,<2\"]\nbuild-backend = \"maturin\"\n\n[project]\nname = \"{name}\"\nversion = \"1.0.0\"\nrequires-python = \">=3.9\"\n\n[tool.maturin]\n"
        );
        if binding == Binding::Cffi {
            let needs = "requires-python = \">=3.9\"\ndependencies = [\"cffi\"]\n";
            project = project.replace("requires-python = \">=3.9\"\n", needs);
        }
        project += binding.setting();
        if in_package {
            let package = member.package;
            let place =
                format!("python-source = \"python\"\nmodule-name = \"{package}.{module}\"\n");
            project.push_str(&place);
        }
        self.write(&format!("{folder}/pyproject.toml"), &project);
        let source = texts::source(binding, module, &["m0".into()], more);
        self.write(&format!("{folder}/{}", binding.root_source()), &source);
        self.write(
            &format!("{folder}/src/m0.rs"),
            "pub const V: &str = \"mod=1000\";\n",
        );
    }
}

const VENDORED: &str =
    "[source.crates-io]\nreplace-with = \"law\"\n\n[source.law]\ndirectory = \"vendor\"\n\n";

const MIXED: [(&str, &str); 11] = [
    ("text", "app/data/text.txt"),
    ("note", "shared/note.txt"),
    ("linked", "shared/linked.rs"),
    ("built", "app/data/built.txt"),
    ("script", "app/build.rs"),
    ("dep", "dep/src/lib.rs"),
    ("depdata", "dep/data.txt"),
    ("watched", "dep/notes.txt"),
    ("inner", "other/inner/src/lib.rs"),
    ("vended", "vendor/law-vended/src/lib.rs"),
    ("ffi", "ffi/src/lib.rs"),
];

const TWO: [(&str, &str); 3] = [
    ("base", "base/src/lib.rs"),
    ("own-a", "a/own.txt"),
    ("own-b", "b/own.txt"),
];

fn cargo(name: &str, version: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n")
}

/// `VALUE` of the first line `name = "VALUE"`.
pub(super) fn value_of(toml: &str, name: &str) -> Option<String> {
    let start = format!("{name} = \"");
    let mut lines = toml.lines();
    let rest = lines.find_map(|line| line.strip_prefix(&start))?;
    Some(rest.trim_end_matches('"').to_owned())
}

/// `NAME=NUMBER`
pub(super) fn token(text: &str, name: &str) -> String {
    let [from, to] = place_of(text, name);
    format!("{name}={}", &text[from..to])
}

/// Where the number of a token begins and ends.
pub(super) fn place_of(text: &str, name: &str) -> [usize; 2] {
    let start = format!("{name}=");
    let from = text
        .find(&start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    let from = from + start.len();
    let digits = text[from..]
        .chars()
        .take_while(char::is_ascii_digit)
        .count();
    [from, from + digits]
}

fn extensions(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in entries(dir) {
        let name = name_of(&path);
        if path.is_dir() && !path.is_symlink() {
            if !["target", ".venv", ".git"].contains(&&*name) {
                extensions(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "so")
            && !name.starts_with("_cffi_backend")
        {
            found.push(path);
        }
    }
}
