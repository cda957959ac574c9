//! What cargo keeps of each crate that it compiled and of each build script that it ran, in both layouts of
//! a build directory.
//!
//! Which one it is depends on the cargo (the newer is the default from 1.100 on), and as both may have built
//! in one folder, both are looked for. Below the folder of a profile:
//!
//! | | until 1.99 | since |
//! |---|---|---|
//! | whether it is fresh | `.fingerprint/NAME-HASH/` | `build/NAME/HASH/fingerprint/` |
//! | the compiler's dep-info | `deps/*.d`, `build/NAME-HASH/*.d` | `build/NAME/HASH/out/*.d` |
//! | what a build script printed | `build/NAME-HASH/output` | `build/NAME/HASH/run/stdout` |

use camino::{Utf8Path, Utf8PathBuf};

use crate::world::disk;

/// Something of one package, by that package's name.
#[derive(Debug, PartialEq, Eq)]
pub struct OfPackage {
    pub package: String,
    /// Absolute.
    pub path: Utf8PathBuf,
}

/// The folders by which cargo knows whether something is fresh: without its own, it is made again.
///
/// `built`: the folder of one profile, as of `build_folders`.
pub fn fingerprints(built: &Utf8Path) -> Vec<OfPackage> {
    let mut found: Vec<OfPackage> = hashed(built.join(".fingerprint")).collect();
    found.extend(units(built).map(|unit| unit.below("fingerprint")));
    found
}

/// The files in which the compiler says what it read of a crate or build script, absolute.
///
/// `built`: as of [`fingerprints`].
fn compiler_dep_infos(built: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut folders = vec![built.join("deps")];
    folders.extend(hashed(built.join("build")).map(|script| script.path));
    // what a build script leaves in its own folder is not the compiler's
    let compiled = units(built).filter(|unit| !disk::is_dir(&unit.path.join("run")));
    folders.extend(compiled.map(|unit| unit.path.join("out")));
    let files = folders.iter().flat_map(|dir| {
        let mut names = disk::names(dir);
        names.retain(|name| Utf8Path::new(name).extension() == Some("d"));
        names.into_iter().map(|name| dir.join(name))
    });
    files.collect()
}

/// The texts of the compiler's own dep-info in `built`, one for each crate and build script.
pub(super) fn dep_info_texts(built: &Utf8Path) -> Vec<String> {
    let files = compiler_dep_infos(built);
    let texts = files
        .iter()
        .filter_map(|path| disk::read_text(path).ok().flatten());
    texts.collect()
}

/// The files with what build scripts printed.
///
/// `built`: as of [`fingerprints`].
pub(super) fn script_outputs(built: &Utf8Path) -> Vec<OfPackage> {
    let former = hashed(built.join("build")).map(|script| script.below("output"));
    let outputs = former.chain(units(built).map(|unit| unit.below("run/stdout")));
    outputs.filter(|it| disk::is_file(&it.path)).collect()
}

/// The folders of every profile, target and interpreter that is built below `dir`, absolute.
pub(super) fn build_folders(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        let names = disk::names(&dir);
        let has = |name: &str| names.iter().any(|known| known == name);
        if has(".fingerprint") || has("build") && units(&dir).next().is_some() {
            found.push(dir);
            continue;
        }
        let folders = names.iter().map(|name| dir.join(name));
        waiting.extend(folders.filter(|path| disk::is_dir(path)));
    }
    found.sort();
    found
}

impl OfPackage {
    fn below(self, path: &str) -> Self {
        Self {
            path: self.path.join(path),
            ..self
        }
    }
}

/// The folders `NAME-HASH`.
fn hashed(dir: Utf8PathBuf) -> impl Iterator<Item = OfPackage> {
    disk::names(&dir).into_iter().filter_map(move |name| {
        let (package, _) = name.rsplit_once('-')?;
        Some(OfPackage {
            package: package.to_owned(),
            path: dir.join(&name),
        })
    })
}

/// The folders `NAME/HASH` of the newer layout.
fn units(built: &Utf8Path) -> impl Iterator<Item = OfPackage> {
    let root = built.join("build");
    disk::names(&root).into_iter().flat_map(move |package| {
        let dir = root.join(&package);
        let folders = disk::names(&dir)
            .into_iter()
            .map(move |hash| dir.join(hash));
        // in the former layout a build script may write whatever it likes at that depth
        let units = folders.filter(|path| {
            path.file_name() != Some("out") && disk::is_dir(&path.join("fingerprint"))
        });
        let units = units.map(move |path| OfPackage {
            package: package.clone(),
            path,
        });
        units.collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap().to_owned();
        for file in files {
            disk::write(&root.join(file), b"").unwrap();
        }
        (temp, root)
    }

    fn shown(root: &Utf8Path, found: Vec<OfPackage>) -> Vec<String> {
        let show = |it: OfPackage| {
            let path = it.path.strip_prefix(root).unwrap().as_str();
            format!("{}: {}", it.package, path.replace('\\', "/"))
        };
        let mut found: Vec<String> = found.into_iter().map(show).collect();
        found.sort();
        found
    }

    #[test]
    fn what_cargo_keeps_is_found_in_both_layouts() {
        for (files, of_scripts, fingerprints_are, outputs_are, read) in [
            (
                &[
                    "p/debug/.fingerprint/a-b-11/lib-a_b",
                    "p/debug/.fingerprint/a-b-22/run-build-script-build-script-build",
                    "p/debug/deps/a_b-11.d",
                    "p/debug/deps/liba_b.rlib",
                    "p/debug/build/a-b-22/output",
                    "p/debug/build/a-b-33/build_script_build-33.d",
                ] as &[&str],
                [
                    "p/debug/build/a-b-22/out/c.d",
                    "p/debug/build/a-b-22/out/fingerprint/x",
                ],
                ["a-b: .fingerprint/a-b-11", "a-b: .fingerprint/a-b-22"],
                ["a-b: build/a-b-22/output"],
                ["build/a-b-33/build_script_build-33.d", "deps/a_b-11.d"],
            ),
            (
                &[
                    "p/debug/build/a-b/11/fingerprint/lib-a_b",
                    "p/debug/build/a-b/11/out/a_b-11.d",
                    "p/debug/build/a-b/22/fingerprint/run-build-script-build-script-build",
                    "p/debug/build/a-b/22/run/stdout",
                ],
                [
                    "p/debug/build/a-b/22/out/c.d",
                    "p/debug/build/a-b/22/out/fingerprint/x",
                ],
                [
                    "a-b: build/a-b/11/fingerprint",
                    "a-b: build/a-b/22/fingerprint",
                ],
                ["a-b: build/a-b/22/run/stdout"],
                ["build/a-b/11/out/a_b-11.d", ""],
            ),
        ] {
            let (_temp, root) = tree(&[files, &of_scripts].concat());
            let built = root.join("p/debug");
            assert_eq!(build_folders(&root), std::slice::from_ref(&built));
            assert_eq!(shown(&built, fingerprints(&built)), fingerprints_are);
            assert_eq!(shown(&built, script_outputs(&built)), outputs_are);
            let mut found = compiler_dep_infos(&built);
            found.sort();
            let expected = read.iter().filter(|path| !path.is_empty());
            assert!(
                found
                    .iter()
                    .eq(&expected.map(|path| built.join(path)).collect::<Vec<_>>())
            );
        }
    }
}
