//! What the project is: its packages, in dependency order, and where their things live.
//!
//! `discover` decides from a folder which packages those are, `found_package` what each is as a `member`;
//! `uv_workspace` is what uv puts into one environment with it. `crates` follows the references between
//! Cargo.toml files, `features` the features they enable in each other, `python_module` what a crate is to
//! Python, `extension_module` where PyO3's feature of that name is enabled, `layout` where the Python code
//! is, `cargo_directories` where cargo builds, `refused_by_cargo` and `refused_by_maturin` what those are known to
//! reject without compiling anything.

mod cargo_directories;
mod crates;
mod discover;
mod extension_module;
mod features;
mod found_package;
mod layout;
mod member;
mod python_module;
pub mod refused_by_cargo;
pub mod refused_by_maturin;
mod uv_workspace;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;

use crate::model::error::{Error, ProjectError, Result};
use crate::model::nearest::nearest;
use crate::model::path::shown;
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{CargoConfig, Config, Manifests, Toml};
use crate::world::session::{CacheFolder, Session};

use cargo_directories::{Directories, own_name};

pub use crates::{
    Locked, PYO3, abi3_floor, crates_outside, depends_on_python, links_python_optionally,
    pyo3_features, workspace_crates,
};
pub use extension_module::{HardWired, is_switched_on};
pub use features::FeatureSelection;
pub use layout::{Layout, package_folder, python_folders};
pub use member::{Bindings, MATURIN_READMES, METADATA, Member};
pub use python_module::makes_module;
pub use uv_workspace::UvWorkspace;

/// One or several packages that share one environment.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Where relative paths in messages start; absolute.
    pub root: Utf8PathBuf,
    /// The folder that holds `.venv` and uv.lock: the uv workspace's root, else the project's.
    pub home: Utf8PathBuf,
    /// `target/pyx`, absolute: records, locks and build directories.
    pub state: Utf8PathBuf,
    /// The packages that were asked for, in dependency order.
    pub members: Vec<Member>,
    /// The packages that were not asked for.
    pub others: Vec<Member>,
    /// The folders of packages of the same workspace that are neither meant nor needed.
    pub aside: Vec<Utf8PathBuf>,
    /// The folders of packages beside the others that cargo rejects, because the workspace above neither lists nor
    /// excludes them: nobody builds them.
    pub rejected: Vec<Utf8PathBuf>,
    /// The uv workspace at `home`, with the packages that maturin does not build.
    pub workspace: Option<UvWorkspace>,
    pub config: Config,
    /// The manifests that it was found by, and others read later.
    pub manifests: Manifests,
}

/// Which project, and which of its members.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `--manifest-path`: a Cargo.toml or pyproject.toml, absolute.
    pub manifest: Option<Utf8PathBuf>,
    /// `-p`: names or folders; empty for everything that the folder means.
    pub members: Vec<String>,
    /// `--workspace`: everything, even beyond what the folder means.
    pub workspace: bool,
    /// `--exclude`: names or folders.
    pub excluded: Vec<String>,
}

impl Project {
    /// Finds the project around the working directory, or at `--manifest-path`.
    pub fn discover(session: &Session, selection: &Selection) -> Result<Self> {
        Self::find(session, selection, Manifests::default())
    }

    /// A stand-in if there is no project: nothing is written into the working directory.
    pub(crate) fn none(session: &Session) -> Self {
        Self {
            root: session.cwd.clone(),
            home: session.cwd.clone(),
            state: session.cached(CacheFolder::WithoutProject),
            ..Self::default()
        }
    }

    fn find(session: &Session, selection: &Selection, manifests: Manifests) -> Result<Self> {
        let start = match &selection.manifest {
            Some(path) if disk::is_file(path) => path.parent().unwrap_or(&session.cwd).to_owned(),
            Some(path) => return Err(ProjectError::NoManifest(path.clone()).into()),
            None => session.cwd.clone(),
        };
        let found = discover::packages(&manifests, &start)?;
        let (mut members, mut aside) = (found.members, found.aside);
        if selection.workspace || !selection.members.is_empty() {
            members.append(&mut aside);
        }
        member::order(&mut members);
        let home = found.home;
        let shared = manifests.pyproject(&home.join("pyproject.toml"))?;
        let config = match &shared {
            Some(shared) if members.len() != 1 => Some(&shared.config),
            _ => members.first().map(Member::config),
        };
        let config = config.cloned().unwrap_or_default();
        let state = state_directory(&manifests, session, &home, &members)?;
        for member in members.iter_mut().chain(&mut aside) {
            let config = CargoConfig::read(&manifests, session, &member.dir)?;
            member.directories = Directories::gather(session, &config, &member.workspace);
            member.wraps_compiler = config.wraps_compiler(session);
            member.cargo_configs = config.places;
            member.target = member.directories.state(&member.workspace);
        }
        member::separate_target_dirs(&mut members, &aside);
        let wanted = if selection.members.is_empty() && !selection.workspace {
            &config.members
        } else {
            &selection.members
        };
        let (members, others) = choose(&found.root, members, wanted, &selection.excluded)?;
        Ok(Self {
            root: found.root,
            home,
            state,
            members,
            others,
            aside: aside.into_iter().map(|member| member.dir).collect(),
            rejected: found.rejected,
            workspace: found.workspace,
            config,
            manifests,
        })
    }

    /// The same project as found from the root of its cargo workspace: with the packages that share it,
    /// needed or not. Unchanged if another project is found there.
    pub fn whole(self, session: &Session) -> Result<Self> {
        let Some(member) = self.members.first() else {
            return Ok(self);
        };
        let selection = Selection {
            manifest: Some(member.workspace.join("Cargo.toml")),
            ..Selection::default()
        };
        let whole = match Self::find(session, &selection, self.manifests.clone()) {
            Err(Error::Project(
                ProjectError::NoProject(_)
                | ProjectError::NotMaturin { .. }
                | ProjectError::Unconnected { .. },
            )) => {
                return Ok(self);
            }
            found => found?,
        };
        let known = |member: &Member| {
            whole
                .all()
                .any(|other| other.manifest() == member.manifest())
        };
        let same = self.members.iter().all(known);
        Ok(if same { whole } else { self })
    }

    /// Every package, asked for or not.
    pub fn all(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain(&self.others)
    }

    /// The name of the package that a path is in, as cargo chooses; all names if it is in none.
    pub fn around(&self, path: &Utf8Path) -> Vec<String> {
        let inside = self.all().filter(|member| path.starts_with(&member.dir));
        let nearest = inside.max_by_key(|member| member.dir.as_str().len());
        let all = self.members.iter().map(|member| member.name.clone());
        nearest.map_or_else(|| all.collect(), |member| vec![member.name.clone()])
    }

    /// The names of the members that `words` mean, without those that they need.
    ///
    /// # Errors
    /// [`ProjectError::UnknownMember`], [`ProjectError::AmbiguousMember`]
    pub fn named(&self, words: &[String]) -> Result<Vec<String>> {
        let all: Vec<Member> = self.all().cloned().collect();
        named(&self.root, &all, words)
    }

    /// The uv.lock that the packages are locked in. A development environment next to them may have one of
    /// its own, which is not theirs.
    ///
    /// # Errors
    /// [`Error::Manifest`] for a pyproject.toml that cannot be read.
    pub fn uv_lock(&self) -> Result<Option<Utf8PathBuf>> {
        let path = self.home.join("uv.lock");
        if !disk::is_file(&path) {
            return Ok(None);
        }
        let manifests = &self.manifests;
        let pyproject = manifests.pyproject(&self.home.join("pyproject.toml"))?;
        let is_workspace = pyproject.is_some_and(|pyproject| pyproject.is_uv_workspace());
        if is_workspace || self.all().any(|member| member.dir == self.home) {
            return Ok(Some(path));
        }
        let knows = |lock: &Toml| {
            let mut members = self.all();
            members.any(|member| lock.own_entry(&member.name).is_some())
        };
        // whatever needs a damaged one reports it
        let theirs = match manifests.toml(&path) {
            Ok(lock) => lock.is_some_and(|lock| knows(&lock)),
            Err(_) => true,
        };
        Ok(theirs.then_some(path))
    }

    /// The uv versions that are allowed here: `required-version` in uv.toml, else in `[tool.uv]`; a bare
    /// version means exactly that one. uv itself rejects invalid ones.
    ///
    /// # Errors
    /// [`Error::Manifest`] for a file that cannot be read.
    pub fn required_uv(&self) -> Result<VersionSpecifiers> {
        let own = self.manifests.toml(&self.home.join("uv.toml"))?;
        let said = if let Some(toml) = own {
            toml.string(&["required-version"])
        } else {
            let toml = self.manifests.toml(&self.home.join("pyproject.toml"))?;
            toml.and_then(|toml| toml.string(&["tool", "uv", "required-version"]))
        };
        let said = said.unwrap_or_default();
        let is_version = said.starts_with(|c: char| c.is_ascii_digit());
        let said = if is_version {
            format!("=={said}")
        } else {
            said
        };
        Ok(said.parse().unwrap_or_default())
    }

    /// What is said of the packages that cargo rejects.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        self.rejected.iter().map(|dir| {
            let folder = self.display(dir);
            format!(
                "`{folder}` is left out: the cargo workspace around it neither lists nor excludes it, and cargo rejects such a crate"
            )
        })
    }

    /// The checkout that it is in, else its home.
    pub fn checkout(&self) -> &Utf8Path {
        checkout::root(&self.root).unwrap_or(&self.home)
    }

    /// A path relative to the root if it is below it, with forward slashes; otherwise unchanged.
    pub fn display(&self, path: &Utf8Path) -> Utf8PathBuf {
        shown(&self.root, path)
    }

    /// Every member's `requires-python`.
    pub fn requires_python(&self) -> Vec<VersionSpecifiers> {
        self.members
            .iter()
            .filter_map(|member| member.requires_python.clone())
            .collect()
    }

    /// The same, with what uv requires of the environment: what all packages of a workspace say, and its
    /// lock.
    pub fn environment_requires_python(&self) -> Vec<VersionSpecifiers> {
        let mut all = self.requires_python();
        let Some(workspace) = &self.workspace else {
            return all;
        };
        // uv says what is wrong with one that cannot be read
        let packages = workspace.packages().filter(|it| !it.builds_with_maturin());
        all.extend(packages.filter_map(|package| package.requires_python().ok().flatten()));
        let lock = self
            .manifests
            .toml(&self.home.join("uv.lock"))
            .ok()
            .flatten();
        let locked = lock.and_then(|lock| lock.str(&["requires-python"])?.parse().ok());
        all.extend(locked);
        all
    }

    /// The folder for what must not be shared with other projects: `state`, or one in it with the project's
    /// name if `state` belongs to a workspace around the project.
    pub fn own_state(&self) -> Utf8PathBuf {
        if self.owns(&self.state) {
            return self.state.clone();
        }
        self.state.join(own_name(&self.home))
    }

    /// Whether only this project builds in a folder.
    pub fn owns(&self, folder: &Utf8Path) -> bool {
        let own = own_name(&self.home);
        folder.starts_with(&self.home) || folder.components().any(|part| part.as_str() == own)
    }

    /// The folder of the environments other than the default one.
    pub fn envs(&self) -> Utf8PathBuf {
        self.own_state().join("envs")
    }

    /// The folder of the target directories for the environment `name` of [`envs`](Self::envs).
    pub fn builds(&self, name: &str) -> Utf8PathBuf {
        self.own_state().join("builds").join(name)
    }

    /// Where the inputs of builds are recorded.
    pub fn build_records(&self) -> Utf8PathBuf {
        self.state.join("state.json")
    }

    pub fn lock_path(&self) -> Utf8PathBuf {
        self.state.join("lock")
    }
}

/// `target/pyx` of whatever the environment belongs to, so that one environment has one lock: the cargo
/// target directory of a project's only package, else the one at the root.
fn state_directory(
    manifests: &Manifests,
    session: &Session,
    home: &Utf8Path,
    members: &[Member],
) -> Result<Utf8PathBuf> {
    let Some(first) = members.first() else {
        return Ok(home.join("target/pyx"));
    };
    let workspace = if first.dir == home {
        &first.workspace
    } else {
        home
    };
    let config = CargoConfig::read(manifests, session, home)?;
    let directories = Directories::gather(session, &config, workspace);
    Ok(directories.state(workspace))
}

/// The members named by `wanted` (name, folder name, or folder relative to the root) with those that
/// they need, and the others.
fn choose(
    root: &Utf8Path,
    members: Vec<Member>,
    wanted: &[String],
    excluded: &[String],
) -> Result<(Vec<Member>, Vec<Member>)> {
    if wanted.is_empty() && excluded.is_empty() {
        return Ok((members, Vec::new()));
    }
    let mut names = named(root, &members, wanted)?;
    if wanted.is_empty() {
        names = members.iter().map(|member| member.name.clone()).collect();
    }
    let without = named(root, &members, excluded)?;
    names.retain(|name| !without.contains(name));
    if names.is_empty() {
        return Err(Error::Usage("`--exclude` leaves no package".into()));
    }
    let needed = member::closure(&members, &names);
    Ok(members
        .into_iter()
        .partition(|member| needed.contains(&member.name)))
}

fn named(root: &Utf8Path, members: &[Member], words: &[String]) -> Result<Vec<String>> {
    let named = words
        .iter()
        .map(|word| match &member::answering(root, members, word)[..] {
            [] => Err(unknown_member(members, word)),
            [name] => Ok((*name).to_owned()),
            several => Err(Error::Project(ProjectError::AmbiguousMember {
                wanted: word.clone(),
                known: several.join(", "),
            })),
        });
    named.collect()
}

fn unknown_member(members: &[Member], word: &str) -> Error {
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    Error::Project(ProjectError::UnknownMember {
        wanted: word.to_owned(),
        known: names.join(", "),
        similar: nearest(word, names.iter().copied()).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::slashed;

    #[test]
    fn a_lock_beside_the_packages_is_theirs_where_it_knows_them_or_is_of_their_workspace() {
        let temp = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let mut project = Project {
            home: home.clone(),
            members: vec![Member {
                name: "one".into(),
                dir: home.join("one"),
                ..Member::default()
            }],
            ..Project::default()
        };
        let write =
            |name: &str, text: &str| disk::write(&home.join(name), text.as_bytes()).unwrap();
        let entry = |name: &str| {
            format!("[[package]]\nname = '{name}'\nsource = {{ editable = '{name}' }}\n")
        };
        let uv_lock = |project: &Project| {
            let mut project = project.clone();
            project.manifests = Manifests::default();
            project.uv_lock().unwrap()
        };
        let path = Some(home.join("uv.lock"));
        assert_eq!(uv_lock(&project), None);
        write("uv.lock", &entry("other"));
        assert_eq!(uv_lock(&project), None);
        write("uv.lock", &entry("one"));
        assert_eq!(uv_lock(&project), path);
        write("uv.lock", "[[package");
        assert_eq!(uv_lock(&project), path, "damaged");
        write("uv.lock", &entry("other"));
        write("pyproject.toml", "[tool.uv.workspace]\n");
        assert_eq!(uv_lock(&project), path);
        write("pyproject.toml", "");
        project.members[0].dir = home.clone();
        assert_eq!(uv_lock(&project), path);
    }

    #[test]
    fn the_python_of_an_environment_is_for_all_of_a_uv_workspace_and_its_lock() {
        let temp = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for (name, text) in [
            ("pyproject.toml", "[tool.uv.workspace]\nmembers = ['*']\n"),
            (
                "shop/pyproject.toml",
                "[project]\nrequires-python = '>=3.12'\n",
            ),
            ("uv.lock", "requires-python = '>=3.13'\n"),
        ] {
            disk::write(&home.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let required = |workspace: Option<UvWorkspace>| {
            let project = Project {
                home: home.clone(),
                workspace,
                ..Project::default()
            };
            let all = project.environment_requires_python();
            let all = all.iter().map(ToString::to_string);
            all.collect::<Vec<_>>()
        };
        assert!(required(None).is_empty());
        let workspace = UvWorkspace::at(&manifests, &home).unwrap();
        assert_eq!(required(workspace), [">=3.12", ">=3.13"]);
    }

    #[test]
    fn the_uv_that_a_project_requires_is_said_in_its_own_file_or_in_pyproject() {
        let temp = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let required = |file: &str, text: &str| {
            disk::write(&home.join(file), text.as_bytes()).unwrap();
            let project = Project {
                home: home.clone(),
                ..Project::default()
            };
            project.required_uv().unwrap().to_string()
        };
        assert_eq!(required("pyproject.toml", ""), "");
        let table = "[tool.uv]\nrequired-version = '==0.9.*'\n";
        assert_eq!(required("pyproject.toml", table), "==0.9.*");
        assert_eq!(
            required("uv.toml", "required-version = '0.9.2'\n"),
            "==0.9.2"
        );
        assert_eq!(required("uv.toml", "required-version = 'new'\n"), "");
    }

    #[test]
    fn projects_that_share_a_target_directory_have_environments_of_their_own() {
        let project = |home: &str, state: &str| Project {
            home: home.into(),
            state: state.into(),
            ..Project::default()
        };
        let alone = project("/a/hello", "/a/hello/target/pyx");
        assert_eq!(alone.envs(), "/a/hello/target/pyx/envs");
        assert_eq!(alone.builds("3.13"), "/a/hello/target/pyx/builds/3.13");
        // the workspace around both
        let sharing = ["/c/a/hello", "/c/b/hello"].map(|home| project(home, "/c/target/pyx"));
        let [one, other] = sharing.each_ref().map(Project::envs);
        assert_ne!(one, other);
        assert!(slashed(&one).starts_with("/c/target/pyx/hello-"), "{one}");
        assert_ne!(sharing[0].builds("3.13"), sharing[1].builds("3.13"));
        // a folder that is the project's own already, in a target directory that is not
        let own = format!("/shared/pyx/{}", own_name("/a/hello".into()));
        assert_eq!(project("/a/hello", &own).envs(), format!("{own}/envs"));
    }
}
