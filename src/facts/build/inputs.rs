//! Everything that can change the result of a build, in its current state.
//!
//! Fresh by construction: pyx compares more than cargo reads. If any of it differs, cargo is asked and
//! decides; so nothing here has to know cargo's rules exactly, as long as it leaves nothing out. cargo's own
//! records say what was read; a package whose build script declares nothing is compared whole; and for all
//! others, every Rust file that appears or disappears is noticed, which covers what cargo discovers and no
//! record can have.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Content, Input, LocalPackage, TreeScope};
use crate::facts::project::{Bindings, Member, python_folders};
use crate::world::disk;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use super::dep_info::{dep_infos, linked_sources, sources};
use super::output::{intermediate_dir, target_dir};
use super::units::fingerprints;
use super::variables::{ScriptOutputs, variables};

/// Whose build, and where.
#[derive(Clone, Copy)]
pub struct BuildPlace<'a> {
    pub session: &'a Session,
    pub member: &'a Member,
    pub toolchain: &'a Toolchain,
    pub environment: &'a Environment,
    /// As in [`output_dir`](super::output_dir).
    pub output: &'a Utf8Path,
    /// As in [`local_packages`](super::local_packages).
    pub packages: &'a [LocalPackage],
}

/// The parts of a [`BuildRecord`](crate::facts::fingerprint::BuildRecord) with these names.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub install: Vec<Input>,
    pub compile: Vec<Input>,
    pub surroundings: Vec<Input>,
}

impl Inputs {
    /// `since` as in [`Input::file`].
    pub fn gather(place: &BuildPlace<'_>, since: u64) -> Self {
        let scripts = ScriptOutputs::read(&intermediate_dir(place.member, place.output));
        let whole = compared_whole(place, &scripts);
        Self {
            install: install(place, since),
            compile: compile(place, &scripts, &whole, since),
            surroundings: surroundings(place, &whole),
        }
    }
}

/// What maturin installs besides the artifact: metadata, licences, data, and for which Python.
fn install(place: &BuildPlace<'_>, since: u64) -> Vec<Input> {
    let member = place.member;
    let mut files = BTreeSet::new();
    files.insert(member.manifest().to_owned());
    files.insert(member.workspace.join("Cargo.toml"));
    files.extend(member.pyproject.iter().map(|one| one.toml.path.clone()));
    files.extend(member.metadata_files.iter().cloned());
    files.extend(generator_config(member));
    let mut inputs = Vec::new();
    // maturin guide, "Metadata": licence files beside pyproject.toml are found by these names
    for prefix in ["LICEN", "COPYING", "NOTICE", "AUTHORS"] {
        inputs.push(Input::listing(&member.dir, prefix, ""));
        let found = disk::names(&member.dir)
            .into_iter()
            .filter(|name| name.starts_with(prefix));
        files.extend(found.map(|name| member.dir.join(name)));
    }
    inputs.extend(files.iter().map(|path| Input::file(path, Some(since))));
    let globs = member.pyproject.iter().flat_map(|it| it.licence_globs());
    inputs.extend(globs.flat_map(|glob| licences(place, glob, since)));
    for data in data_folders(member) {
        let dir = member.dir.join(data);
        inputs.push(Input::tree(&dir, TreeScope::Folder, &[], Some(since)));
    }
    inputs.push(Input::program(&place.environment.python()));
    inputs.push(Input::file(&place.environment.version_file(), None));
    inputs
}

/// What is installed next to the module, relative to pyproject.toml: without `data`, the folder named after
/// the module (maturin guide, "Data").
fn data_folders(member: &Member) -> BTreeSet<String> {
    let maturin = |key| member.pyproject.as_ref()?.maturin(key);
    if let Some(said) = maturin("data") {
        return [said.to_owned()].into();
    }
    let library = member.cargo.lib_name();
    let names = [
        maturin("module-name"),
        Some(&*member.module),
        library.as_deref(),
        member.cargo.package_name(),
    ];
    let names = names.into_iter().flatten().filter(|name| !name.is_empty());
    names.map(|name| format!("{name}.data")).collect()
}

/// The configuration next to Cargo.toml of the tool that writes the Python side of the bindings.
fn generator_config(member: &Member) -> Option<Utf8PathBuf> {
    let name = match member.bindings {
        Bindings::Cffi => "cbindgen.toml",
        Bindings::Uniffi => "uniffi.toml",
        Bindings::Bin | Bindings::Embed | Bindings::Pyo3 | Bindings::Pyo3Ffi => return None,
    };
    Some(member.manifest().with_file_name(name))
}

/// Whatever a licence glob may find: maturin has the last word.
fn licences(place: &BuildPlace<'_>, glob: &str, since: u64) -> Vec<Input> {
    let dir = &place.member.dir;
    let special = ['*', '?', '[', '{'];
    let parts = Utf8Path::new(glob).components();
    let fixed: Utf8PathBuf = parts
        .take_while(|part| !part.as_str().contains(special))
        .collect();
    if fixed == glob {
        return vec![Input::file(&dir.join(glob), Some(since))];
    }
    if fixed != "" {
        let folder = dir.join(fixed);
        return vec![Input::tree(&folder, TreeScope::Folder, &[], Some(since))];
    }
    if glob.contains(['/', '{']) || glob.starts_with(special) {
        let but = outside_sources(place, dir);
        return vec![Input::tree(dir, TreeScope::Package, &but, Some(since))];
    }
    let (prefix, _) = glob.split_once(special).unwrap_or((glob, ""));
    let mut names = disk::names(dir);
    names.retain(|name| name.starts_with(prefix));
    let files = names
        .iter()
        .map(|name| Input::file(&dir.join(name), Some(since)));
    [Input::listing(dir, prefix, "")]
        .into_iter()
        .chain(files)
        .collect()
}

/// What cargo reads, by its own records and the cargo book. `whole`: the packages that are compared whole.
fn compile(
    place: &BuildPlace<'_>,
    scripts: &ScriptOutputs,
    whole: &[&LocalPackage],
    since: u64,
) -> Vec<Input> {
    let BuildPlace {
        session, member, ..
    } = place;
    let built = intermediate_dir(member, place.output);
    let target = target_dir(member);
    let mut files = manifests(place);
    files.extend(place.toolchain.chosen_by.iter().cloned());
    files.extend(member.cargo_configs.iter().cloned());
    let mut folders = BTreeSet::new();
    let found = sources(member, place.output);
    // nothing that is known to be compiled: an edit would never be seen
    let is_known = found.iter().any(|path| disk::is_file(path)) && is_kept(member, &built);
    let packages = place.packages.iter().map(LocalPackage::dir);
    let links = linked_sources(&built, &member.workspace, &packages.collect::<Vec<_>>());
    for path in found
        .into_iter()
        .chain(scripts.declared_files())
        .chain(links)
    {
        if disk::is_dir(&path) {
            folders.insert(path);
        } else {
            files.insert(path);
        }
    }
    let lock = member.workspace.join("Cargo.lock"); // the build itself may have written it
    let mut inputs = vec![Input::file(&lock, None)];
    for path in &files {
        // what a build script writes for its crate, or maturin for PyO3, is new, and compiled as it is
        let is_made = path.starts_with(&built) || path.starts_with(&target);
        inputs.push(Input::file(path, (!is_made).then_some(since)));
    }
    for dir in &folders {
        inputs.push(Input::tree(dir, TreeScope::Folder, &[], Some(since)));
    }
    for package in whole {
        let but = outside_sources(place, package.dir());
        let scope = if package.is_vendored {
            TreeScope::Folder
        } else {
            TreeScope::Package
        };
        inputs.push(Input::tree(package.dir(), scope, &but, Some(since)));
    }
    for name in variables(&built, scripts, place.packages) {
        inputs.push(Input::variable(session, &name));
    }
    inputs.extend(
        place
            .toolchain
            .rustc
            .as_ref()
            .map(|path| Input::program(path)),
    );
    if !is_known {
        let unknown = |path| Input::File {
            path,
            content: Content::Unknown,
        };
        inputs.extend(dep_infos(member, place.output).into_iter().map(unknown));
    }
    inputs
}

/// Whether what cargo keeps of the member's crate is found: in a layout that is not known, nothing would
/// be, and so nothing that was read.
fn is_kept(member: &Member, built: &Utf8Path) -> bool {
    let own = member.cargo.package_name();
    let mut kept = fingerprints(built).into_iter();
    own.is_none_or(|own| kept.any(|it| it.package == own))
}

/// The manifest of every local package, and whatever it may inherit from: those in the folders above,
/// existing or not.
fn manifests(place: &BuildPlace<'_>) -> BTreeSet<Utf8PathBuf> {
    let mut files = BTreeSet::new();
    files.insert(place.member.workspace.join("Cargo.toml"));
    for package in place.packages {
        let mut crates = place.member.crates();
        files.extend(
            match crates.find(|known| known.toml.path == package.manifest) {
                Some(cargo) => cargo.build_script(),
                None => Some(package.dir().join("build.rs")),
            },
        );
        files.extend(package.dir().ancestors().map(|dir| dir.join("Cargo.toml")));
    }
    files
}

/// What else cargo would find in the packages' folders.
fn surroundings(place: &BuildPlace<'_>, whole: &[&LocalPackage]) -> Vec<Input> {
    let others = place
        .packages
        .iter()
        .filter(|package| !whole.contains(package));
    let tree = |package: &LocalPackage| {
        let but = outside_sources(place, package.dir());
        Input::tree(package.dir(), TreeScope::RustNames, &but, None)
    };
    others.map(tree).collect()
}

/// The packages whose build scripts declare no inputs, and those whose files cargo does not look at.
fn compared_whole<'a>(place: &BuildPlace<'a>, scripts: &ScriptOutputs) -> Vec<&'a LocalPackage> {
    // one that is gone has left what it printed
    let has_no_script = |package: &LocalPackage| {
        let mut crates = place.member.crates();
        crates.any(|known| known.toml.path == package.manifest && !known.has_build_script())
    };
    let watches = |package: &LocalPackage| {
        !has_no_script(package) && scripts.watches_everything(&package.name)
    };
    let packages = place.packages.iter();
    packages
        .filter(|package| package.is_vendored || watches(package))
        .collect()
}

/// What pyx and its tools write in a package, for [`package_files`](disk::package_files) to leave out.
fn outside_sources(place: &BuildPlace<'_>, package: &Utf8Path) -> Vec<Utf8PathBuf> {
    let member = place.member;
    let mut paths = vec![
        member.target.clone(),
        member.directories.target.clone(),
        package.join("target"),
        place.environment.path.clone(),
        // compared by itself, as the build may write it
        member.workspace.join("Cargo.lock"),
    ];
    paths.extend(modules_in_sources(member));
    paths.retain(|path| path.starts_with(package));
    paths.sort();
    paths.dedup();
    paths
}

/// Where maturin puts the module among the sources, without the suffix: next to the package's own modules;
/// cffi's and `UniFFI`'s in a folder of its own.
pub fn modules_in_sources(member: &Member) -> Vec<Utf8PathBuf> {
    let mut parts = member.module.split('.');
    let name = parts.next_back().unwrap_or_default();
    let below: Utf8PathBuf = parts.skip(1).collect();
    let library = member.lib.as_deref().unwrap_or(name);
    let names = [name, library, &format!("lib{library}"), "native"];
    let mut paths = Vec::new();
    for package in python_folders(member) {
        let package = member.dir.join(package);
        let own = package.join(&below);
        for folder in [own.join(name), own, package] {
            paths.extend(names.map(|name| folder.join(name)));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::world::manifest::{CargoToml, Toml};

    use super::*;

    fn write(path: &Utf8Path, text: &str) {
        disk::write(path, text.as_bytes()).unwrap();
    }

    /// What a build of a crate `m` reads; the output of its build script is `script`.
    fn gathered(dir: &Utf8Path, bindings: Bindings, script: &str, since: u64) -> Inputs {
        let cargo = "[package]\nname = 'm'\n";
        let cargo = Toml::parse(&dir.join("Cargo.toml"), cargo).unwrap();
        let has_module = bindings != Bindings::Bin;
        let member = Member {
            cargo: Arc::new(CargoToml::of(cargo).unwrap()),
            dir: dir.to_owned(),
            workspace: dir.to_owned(),
            target: dir.join("target/pyx"),
            module: if has_module {
                "m".into()
            } else {
                String::new()
            },
            lib: has_module.then(|| "m".into()),
            bins: vec!["m".into()],
            bindings,
            ..Member::default()
        };
        let output = dir.join("target/pyx/ext/debug");
        write(&output.join("build/m-1/output"), script);
        write(&output.join(".fingerprint/m-1/lib-m"), "");
        for name in ["libm", "m"] {
            let read = format!("{output}/{name}: {dir}/Cargo.toml\n");
            write(&output.join(name).with_extension("d"), &read);
        }
        let package = LocalPackage {
            name: "m".into(),
            manifest: dir.join("Cargo.toml"),
            is_vendored: false,
        };
        let place = BuildPlace {
            session: &Session::default(),
            member: &member,
            toolchain: &Toolchain::default(),
            environment: &Environment::default(),
            output: &output,
            packages: &[package],
        };
        Inputs::gather(&place, since)
    }

    fn stale(inputs: &[Input]) -> Option<String> {
        let reason = inputs.iter().find_map(|it| it.stale(&Session::default()));
        reason.map(|reason| reason.to_string())
    }

    #[test]
    fn what_is_installed_beside_the_module_counts_without_being_named() {
        let temp = tempfile::tempdir().unwrap();
        let dir = &disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let path = dir.join("m.data/scripts/hello");
        for bindings in [Bindings::Pyo3, Bindings::Bin] {
            write(&path, "one");
            let inputs = gathered(dir, bindings, "", u64::MAX);
            assert_eq!(stale(&inputs.install), None);
            write(&path, "two");
            assert!(stale(&inputs.install).is_some_and(|it| it.contains("hello")));
        }
    }

    #[test]
    fn what_the_generators_of_bindings_go_by_counts() {
        for (bindings, name) in [
            (Bindings::Cffi, Some("cbindgen.toml")),
            (Bindings::Uniffi, Some("uniffi.toml")),
            (Bindings::Pyo3, None),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let dir = &disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
            let inputs = gathered(dir, bindings, "", u64::MAX).install;
            let files = inputs.iter().filter_map(|it| it.path()?.file_name());
            let found: Vec<&str> = files
                .filter(|name| ["cbindgen.toml", "uniffi.toml"].contains(name))
                .collect();
            assert_eq!(found.first().copied(), name);
        }
    }

    #[test]
    fn a_build_of_which_cargo_keeps_nothing_that_is_known_is_never_fresh() {
        for (kept, is_known) in [
            (".fingerprint/m-1/lib-m", true),
            ("build/m/1/fingerprint/lib-m", true),
            ("build/other/1/fingerprint/lib-m", false),
            ("units/m/1/lib-m", false),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            write(&dir.join(kept), "");
            let cargo = Toml::parse(&dir.join("Cargo.toml"), "[package]\nname = 'm'\n").unwrap();
            let member = Member {
                cargo: Arc::new(CargoToml::of(cargo).unwrap()),
                ..Member::default()
            };
            assert_eq!(is_kept(&member, dir), is_known, "{kept}");
        }
    }

    #[test]
    fn all_that_a_script_without_declarations_may_read_counts_but_what_the_build_writes() {
        let temp = tempfile::tempdir().unwrap();
        let dir = &disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let read = ["dist/app.js", "native/libx.so", "m/vendored.dll"];
        for name in read
            .iter()
            .chain(&["m/__init__.py", "build.rs", "Cargo.toml"])
        {
            write(&dir.join(name), "one");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        let since = disk::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(&dir.join("Cargo.lock"), "of the build itself");
        let inputs = gathered(dir, Bindings::Pyo3, "cargo:rustc-cfg=x", since);
        let stale = || stale(&inputs.compile);
        assert_eq!(stale(), None);
        for made in [
            "m/m.cpython-312-x86_64-linux-gnu.so",
            "m/m.abi3.so",
            "m/m.pyd",
            "m/m.so",
            "dist/m-1.0.0-cp39-abi3-win_amd64.whl",
            "dist/m-1.0.0.tar.gz",
            "target/x",
        ] {
            write(&dir.join(made), "one");
            assert_eq!(stale(), None, "{made}");
        }
        for path in read.map(|name| dir.join(name)) {
            write(&path, "two");
            let name = path.file_name().unwrap();
            assert!(stale().is_some_and(|it| it.contains(name)), "{name}");
            write(&path, "one");
            assert_eq!(stale(), None);
        }
    }
}
