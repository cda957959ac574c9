//! Reinstalls a module so that at every moment either the old or the new one can be imported.
//!
//! maturin and uv remove what is installed before they write its replacement, and a module among the sources
//! is removed and written there. A run that is killed in between, or finds the disk full, would leave
//! nothing. So what is installed is first copied into a folder of the environment, and a `.pth` file, which
//! Python runs at startup, has the copies found first. That file is the switch: it appears by one rename and
//! goes by one removal, before and after everything that the tool does.
//!
//! This needs no process to survive, unlike putting back what was kept. The copy is put back all the same if
//! the tool failed and pyx did not: a module that is later installed by hand must not be hidden by the copy.
//! Swapping folders would not do: the packages share one folder with all others, and a module among the
//! sources shares one with the user's files.
//!
//! If pyx is killed, the folder stays. It makes the next run install the module again, and holds the old
//! module until that has succeeded. Scripts are not kept, nor are libraries among the sources that Python
//! code loads by path.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact;
use crate::facts::environment::{self, Environment};
use crate::facts::fingerprint::EnvironmentRecord;
use crate::facts::project::Member;
use crate::model::error::Result;
use crate::model::native_file::is_native;
use crate::model::python_string::literal;
use crate::world::disk;

use super::prove::module_name;

/// Tells the tool, and whatever it starts, to see what is installed: pip removes a distribution where Python
/// finds it.
pub(super) const INSTALLING: &str = "CARGO_PYX_INSTALLING";

/// Installs a member; whatever happens meanwhile, what was installed before can be imported.
pub(super) fn keeping(
    environment: &Environment,
    member: &Member,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let Some(kept) = Kept::of(environment, member) else {
        return install();
    };
    let copies = kept.begin(environment, member)?;
    let installed = install();
    if installed.is_ok() {
        kept.end()?;
    } else if !copies.is_empty() {
        // if that fails too, Python still finds the copies
        let put_back = put_back(environment, member, &copies);
        let _ = put_back.and_then(|()| kept.end());
    }
    installed
}

/// What is kept of one member.
struct Kept {
    /// Where it is, absolute.
    folder: Utf8PathBuf,
    /// The folder of the environment's packages, absolute.
    packages: Utf8PathBuf,
    /// The file that leads Python to it, among the packages.
    switch: Utf8PathBuf,
}

impl Kept {
    /// `None` for an environment without packages.
    fn of(environment: &Environment, member: &Member) -> Option<Self> {
        let packages = environment.site_packages()?;
        let name = format!("_pyx_kept_{}.pth", member.escaped_name());
        Some(Self {
            folder: environment.kept(member),
            switch: packages.join(name),
            packages,
        })
    }

    /// The copies of what is among the packages, in the same layout.
    fn installed(&self) -> Utf8PathBuf {
        self.folder.join("installed")
    }

    /// Copies what is installed and makes Python find the copies. What a killed run has kept stays, as what
    /// is installed may be incomplete: it is not copied.
    fn begin(&self, environment: &Environment, member: &Member) -> Result<Vec<Copied>> {
        if disk::is_file(&self.switch) {
            return Ok(Vec::new());
        }
        disk::remove_dir(&self.folder)?;
        let Some(dist_info) = environment.dist_info(member) else {
            return Ok(Vec::new());
        };
        let mut files = artifact::installed(&dist_info)?;
        files.retain(|file| is_inside(file) && disk::is_file(&self.packages.join(file)));
        let inside = files.iter().map(|file| Copied {
            place: self.packages.join(file),
            copy: self.installed().join(file),
        });
        let mut copies: Vec<Copied> = inside.collect();
        let folders = environment::path_file_folders_of(&self.packages, &files);
        let mut modules = BTreeMap::new();
        for (number, place) in among_sources(environment, member).into_iter().enumerate() {
            let folder = self.folder.join(format!("in-place-{number}"));
            let copy = folder.join(place.file_name().unwrap_or_default());
            let names = folders.iter().filter_map(|root| module_name(root, &place));
            modules.extend(names.map(|name| (name, copy.clone())));
            copies.push(Copied { place, copy });
        }
        for Copied { place, copy } in &copies {
            disk::copy(place, copy)?;
        }
        self.switch_on(&self.program(&folders, &modules))?;
        let modules = copies.iter().map(|it| &it.place);
        for module in modules.filter(|place| is_native(place)) {
            disk::remove_later(module, &environment.aside())?;
        }
        Ok(copies)
    }

    fn switch_on(&self, program: &str) -> Result<()> {
        let start = self.folder.join("start.py");
        disk::write(&start, program.as_bytes())?;
        let start = literal(start.as_str());
        let line = format!("import sys; exec(open({start}, encoding='utf-8').read(), {{}})\n");
        let switch = self.folder.join("switch"); // Python reads all that ends in `.pth`
        disk::write(&switch, line.as_bytes())?;
        disk::rename(&switch, &self.switch)
    }

    /// What Python runs at startup: the copies come before the packages, modules among the sources before
    /// everything.
    fn program(&self, folders: &[Utf8PathBuf], modules: &BTreeMap<String, Utf8PathBuf>) -> String {
        let folders: Vec<String> = folders.iter().map(|dir| literal(dir.as_str())).collect();
        let modules = modules
            .iter()
            .map(|(name, copy)| format!("{}: {}", literal(name), literal(copy.as_str())));
        let modules: Vec<String> = modules.collect();
        format!(
            include_str!("kept.py"),
            installing = literal(INSTALLING),
            packages = literal(self.packages.as_str()),
            installed = literal(self.installed().as_str()),
            folders = folders.join(", "),
            modules = modules.join(", "),
        )
    }

    /// Makes Python find what is installed.
    fn end(&self) -> Result<()> {
        disk::remove_file(&self.switch)?;
        disk::remove_dir(&self.folder)?;
        let around = self.folder.parent().unwrap_or(&self.folder);
        disk::remove_empty(around, &[])
    }
}

/// Restores what was installed, except for files that only the new one has.
fn put_back(environment: &Environment, member: &Member, copies: &[Copied]) -> Result<()> {
    let is_other = |dir: &Utf8PathBuf| copies.iter().all(|it| !it.place.starts_with(dir));
    while let Some(other) = environment.dist_info(member).filter(is_other) {
        disk::remove_dir(&other)?;
    }
    for Copied { place, copy } in copies {
        if disk::hash(copy) != disk::hash(place) {
            disk::replace(copy, place)?;
        }
    }
    Ok(())
}

/// An installed file and its copy, both absolute.
struct Copied {
    place: Utf8PathBuf,
    copy: Utf8PathBuf,
}

/// Whether a file of RECORD is among the packages; scripts are not.
fn is_inside(file: &Utf8Path) -> bool {
    file.is_relative() && !file.components().any(|part| part.as_str() == "..")
}

/// The modules of a member that were installed outside the environment, absolute.
fn among_sources(environment: &Environment, member: &Member) -> Vec<Utf8PathBuf> {
    let known = EnvironmentRecord::load(&environment.record_path()).record;
    let installed = known.installed.get(&member.name);
    let mut modules = installed.map_or_else(Vec::new, |installed| installed.modules.clone());
    modules.retain(|module| !module.starts_with(&environment.path) && disk::is_file(module));
    modules
}

#[cfg(test)]
mod tests {
    use crate::model::error::Error;
    use crate::model::venv;

    use super::*;

    /// An environment with a package `a` in it, and where its packages are.
    fn installed(root: &Utf8Path) -> (Environment, Member, Utf8PathBuf) {
        let packages = venv::site_packages(root, "python3.12");
        let record = "a/__init__.py,,\na-1.dist-info/RECORD,,\n../../../bin/a,,\n";
        disk::write(&packages.join("a/__init__.py"), b"old").unwrap();
        disk::write(&packages.join("a-1.dist-info/RECORD"), record.as_bytes()).unwrap();
        let environment = Environment {
            path: root.to_owned(),
            ..Environment::default()
        };
        let member = Member {
            name: "a".into(),
            ..Member::default()
        };
        (environment, member, packages)
    }

    #[test]
    fn what_was_there_can_be_found_until_the_tool_has_ended_and_is_put_back_when_it_failed() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let (environment, member, packages) = installed(root);
        let before = disk::all_files(root);
        let kept = environment.kept(&member);
        for fails in [true, false] {
            let result = keeping(&environment, &member, || {
                disk::remove_dir(&packages.join("a-1.dist-info"))?;
                disk::write(&packages.join("a/__init__.py"), b"new")?;
                disk::write(&packages.join("a-2.dist-info/RECORD"), b"")?;
                assert!(disk::is_file(&packages.join("_pyx_kept_a.pth")));
                assert!(disk::is_file(&kept.join("installed/a-1.dist-info/RECORD")));
                if fails { Err(Error::Bug) } else { Ok(()) }
            });
            assert_eq!(result.is_err(), fails);
            assert_eq!(disk::all_files(root) == before, fails);
            let text = disk::read_text(&packages.join("a/__init__.py")).unwrap();
            assert_eq!(text.as_deref(), Some(if fails { "old" } else { "new" }));
            assert!(!disk::is_there(kept.parent().unwrap()));
            assert!(!disk::is_there(&packages.join("_pyx_kept_a.pth")));
        }
    }
}
