//! What a release is made from, and how much of it exists.
//!
//! `release_facts` is all of it, gathered here; `wheels` has its packages and wheels, and `wheel_identity`
//! what each of these is built from. `pythons` and `platform` are the targets, `abi` the wheels that follow
//! from them, `foreign` what can run here of those for other machines, `flags` what rustc is told, `package`
//! what is built of it, `links_out` what may not be packed. `linter` is what checks it, `record` what is kept
//! of its checks and of the set in `dist/`, `check_rules` how long that holds, `set_in_dist` whether that set
//! is still there; `publication` and `index` belong to `release publish`.

mod abi;
mod check_rules;
mod context;
mod flags;
mod foreign;
mod index;
mod links_out;
mod linter;
mod package;
mod platform;
mod publication;
mod pythons;
mod record;
mod release_facts;
mod set_in_dist;
mod tops;
mod wheel_identity;
mod wheels;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{DistributionName, SDIST_ENDING, WHEEL_ENDING};
use crate::facts::environment::requested_python;
use crate::facts::preflight;
use crate::facts::project::Project;
use crate::facts::versions::Versioned;
use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::model::implementation::Implementation;
use crate::model::invocation::quote;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::interpreter::{self, Interpreter};
use crate::world::machine;
use crate::world::manifest::CargoConfig;
use crate::world::python_request;
use crate::world::session::{CacheFolder, Session};
use crate::world::tool::{self, Toolbox};

use super::member_build::Build;
use super::request::{Product, Releasing};

pub use abi::{Abi, label};
pub(super) use context::ReleaseContext;
pub use flags::Rustflags;
use foreign::ForeignTarget;
pub use foreign::{Emulator, ForeignPython};
pub use index::Index;
pub use linter::{Linter, OWN_RULES, column};
pub use package::{Package, PlannedWheel, Staged, Trial};
pub use platform::{HOSTED, Hosted, Platform, first_runners};
pub use publication::{Publication, Publishable, short};
pub use pythons::Tried;
pub use record::{
    CheckOutcome, Checked, Checks, DistributionKind, Entry, RELEASE_AGAIN, RELEASE_RECORD,
    ReleaseRecord, SUMS, VARIABLES, not_run,
};
pub use release_facts::{Release, SOURCES};

/// `[tool.pydistcheck] ignore`, where pydistcheck is run.
fn distcheck_ignored(project: &Project) -> Result<Vec<String>> {
    let pyproject = project
        .manifests
        .pyproject(&project.root.join("pyproject.toml"))?;
    let keys = ["tool", "pydistcheck", "ignore"];
    Ok(pyproject
        .map(|it| it.toml.strings(&keys))
        .unwrap_or_default())
}

impl Release {
    pub(super) fn gather(context: &ReleaseContext<'_>, builds: &[Build]) -> Result<Self> {
        let ReleaseContext {
            session,
            project,
            releasing,
            ..
        } = context;
        let installed = requested_python::installed(session, project)?;
        let (pythons, downloads) = tried(context, &installed)?;
        let (mut commit, epoch) = dated(session, &project.root)?;
        if releasing.allow_dirty {
            commit = None; // what is not committed is of no commit
        }
        let toolbox = toolbox(session, &installed)?;
        let config = CargoConfig::read(&project.manifests, session, &project.root)?;
        let toolchains = builds.iter().map(|build| &build.toolchain);
        let mut asked = toolchains.filter(|toolchain| toolchain.may_be_asked(session));
        let rustc = asked.find_map(|toolchain| toolchain.rustc.as_deref());
        let dist = releasing.dist(&project.root)?;
        let existing = existing(context, &dist)?;
        let mut release = Self {
            ran: set_in_dist::ran(&dist, &existing),
            existing,
            publication: None,
            toolbox_state: toolbox.state(),
            rules: check_rules::digest(session, &project.root, &toolbox, releasing.strictness),
            product: releasing.product,
            commit,
            epoch,
            dist,
            toolbox,
            packages: Vec::new(),
            pythons,
            foreign: Vec::new(),
            has_musl: machine::system_has_musl(),
            downloads,
            remapped: remapped(session, project),
            rustflags: rustflags(context, &config, rustc)?,
            dir: project.state.join("release"),
            elsewhere: elsewhere(session, &project.root),
            packed: Vec::new(),
            distcheck_ignored: distcheck_ignored(project)?,
        };
        release.foreign = release.foreign_targets(context, &config, rustc);
        release.look_at_packages(context, builds)?;
        if releasing.product == Product::Publication {
            let publication = Publication::gather(context, &release.dist, &release.packages)?;
            release.existing = publication.unchecked();
            release.publication = Some(publication);
        }
        Ok(release)
    }

    fn look_at_packages(&mut self, context: &ReleaseContext<'_>, builds: &[Build]) -> Result<()> {
        let versions = Versioned::gather(context.project).unwrap_or_default();
        for build in builds.iter().filter(|b| abi::has_wheels(&b.member)) {
            let package = self.package(context, build, &versions)?;
            if let Some(sdist) = &package.sdist {
                let found = links_out::findings(context.project, &build.member, &sdist.path)?;
                self.packed.extend(found);
            }
            self.packages.push(package);
        }
        Ok(())
    }

    /// Empty if no wheel is tested.
    fn foreign_targets(
        &self,
        context: &ReleaseContext<'_>,
        config: &CargoConfig,
        rustc: Option<&Utf8Path>,
    ) -> Vec<ForeignTarget> {
        let releasing = context.releasing;
        if releasing.no_test || releasing.product != Product::Wheels {
            return Vec::new();
        }
        let host = self.host();
        let targets = releasing.targets.iter();
        let targets = targets.filter(|target| !platform::runs_on(target, &host));
        let mut found: Vec<ForeignTarget> = Vec::new();
        for target in targets {
            let twin = found.iter().find(|known| known.is_twin_of(target));
            found.push(match twin {
                Some(twin) => ForeignTarget::lacking(target, twin.serves_already()),
                None => ForeignTarget::gather(context, config, rustc, target),
            });
        }
        found
    }
}

/// The interpreters that the release is for, each with its probe, and what uv must get first.
fn tried(
    context: &ReleaseContext<'_>,
    installed: &[Interpreter],
) -> Result<(Vec<Tried>, Vec<String>)> {
    let (chosen, downloads) = pythons::chosen(context, installed)?;
    let requires = context.project.requires_python();
    let wanted = match chosen {
        Some(chosen) => chosen,
        None => pythons::one_of_each(&pythons::released(installed, &requires)),
    };
    let tried = wanted.into_iter().map(|interpreter| {
        let probe = interpreter::probe(context.session, &interpreter.path)?;
        Ok(Tried { interpreter, probe })
    });
    Ok((tried.collect::<Result<_>>()?, downloads))
}

fn rustflags(
    context: &ReleaseContext<'_>,
    config: &CargoConfig,
    rustc: Option<&Utf8Path>,
) -> Result<Rustflags> {
    let (root, releasing) = (&context.project.root, context.releasing);
    let found = Rustflags::gather(context.session, config, root, rustc, &releasing.targets)?;
    Ok(match releasing.product {
        Product::Sdist => found.elsewhere(), // an sdist has no configuration of the checkout
        _ => found,
    })
}

/// Whether a named file can be checked.
///
/// # Errors
/// [`Error::Refused`] for what is neither a wheel nor an sdist.
fn checkable(file: &Utf8Path) -> Result<()> {
    let hint = format!("pass wheels (`{WHEEL_ENDING}`) and sdists (`{SDIST_ENDING}`)");
    if disk::is_dir(file) {
        let hint = format!("cargo pyx release check --out-dir {}", quote(file.as_str()));
        return Err(Error::refused(format!("`{file}` is a folder"), hint));
    }
    if !disk::is_file(file) {
        return Err(Error::refused(format!("there is no file `{file}`"), hint));
    }
    let endings = [WHEEL_ENDING, SDIST_ENDING];
    let is_known = endings.iter().any(|it| file.as_str().ends_with(it));
    let message = format!("`{file}` is neither a wheel nor an sdist");
    is_known
        .then_some(())
        .ok_or_else(|| Error::refused(message, hint))
}

/// The distributions that are checked as they are, absolute: the named ones, else those of the members in
/// `dist`.
///
/// # Errors
/// [`Error::Refused`] for what is neither a wheel nor an sdist.
fn existing(context: &ReleaseContext<'_>, dist: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let ReleaseContext {
        project,
        members,
        releasing,
        ..
    } = context;
    if releasing.product != Product::Check {
        return Ok(Vec::new());
    }
    let mut files = releasing.files.clone(); // `dist/*` includes what we write next to them
    files.retain(|file| ![Some(RELEASE_RECORD), Some(SUMS)].contains(&file.file_name()));
    for file in &files {
        checkable(file)?;
    }
    if !releasing.files.is_empty() {
        return Ok(files);
    }
    let mut names = disk::names(dist);
    let wanted = project.named(members)?;
    let is_wanted = |name: &String| {
        let name = DistributionName::parse(name);
        name.is_some_and(|name| members.is_empty() || wanted.contains(&name.package()))
    };
    names.retain(is_wanted);
    Ok(names.into_iter().map(|name| dist.join(name)).collect())
}

/// The newest interpreter that the tools are locked for is used for their environment.
fn toolbox(session: &Session, installed: &[Interpreter]) -> Result<Toolbox> {
    let good = pythons::one_of_each(&pythons::released(installed, &[]));
    let mut good = good
        .into_iter()
        .filter(|python| python.implementation == Implementation::CPython);
    let oldest = (tool::OLDEST[0], tool::OLDEST[1]);
    let newest = good.rfind(|python| abi::minor(python) >= oldest);
    let python = newest.ok_or_else(|| {
        let wanted = format!(">={}.{}, for the release tools", oldest.0, oldest.1);
        python_request::none_fits(installed, &wanted)
    })?;
    Ok(Toolbox::release(session, &python.path, abi::minor(&python)))
}

fn elsewhere(session: &Session, root: &Utf8Path) -> Utf8PathBuf {
    let name = &disk::digest(root.as_str().as_bytes())[..16];
    session.cached(CacheFolder::SdistBuilds).join(name)
}

/// The commit of HEAD, and the time that everything is dated with.
fn dated(session: &Session, root: &Utf8Path) -> Result<(Option<String>, u64)> {
    const OLDEST: u64 = 315_532_800; // 1980-01-01
    let said = session.var("SOURCE_DATE_EPOCH");
    let said = said.and_then(|text| text.parse().ok());
    let git = Git { session, dir: root };
    let words = ["log", "-1", "--no-show-signature", "--format=%H %ct"];
    let head = git.ask(words.map(str::to_owned).to_vec())?;
    let mut words = head.split_whitespace();
    let commit = words.next().map(str::to_owned);
    let time = words.next().and_then(|word| word.parse().ok());
    Ok((commit, said.or(time).unwrap_or(OLDEST).max(OLDEST)))
}

/// Longer paths after shorter ones: rustc uses the last match.
fn remapped(session: &Session, project: &Project) -> Vec<(Utf8PathBuf, String)> {
    vec![
        (session.home(), "/pyx/home".to_owned()),
        (session.cargo_home(), "/pyx/cargo".to_owned()),
        (project.root.clone(), "/pyx/project".to_owned()),
    ]
    .into_iter()
    .filter(|(path, _)| path != "/")
    .collect()
}

/// Problems of the project; if files are named, only these are checked. `members`: `-p`.
pub(super) fn findings(
    session: &Session,
    project: &Project,
    releasing: &Releasing,
    members: &[String],
) -> Result<Vec<Finding>> {
    match releasing.product {
        Product::Check if !releasing.files.is_empty() => {
            set_in_dist::findings(project, releasing, members)
        }
        Product::Check => {
            let mut found = preflight::findings(session, project, releasing.allow_dirty)?;
            found.extend(set_in_dist::findings(project, releasing, members)?);
            Ok(found)
        }
        Product::Publication => Ok(Vec::new()), // the files are what they were made from
        _ => preflight::findings(session, project, releasing.allow_dirty),
    }
}

/// Checks that some member builds a distribution.
///
/// # Errors
/// [`Error::Refused`] if there is nothing to release.
pub(super) fn check_members(builds: &[Build]) -> Result<()> {
    if builds.iter().any(|build| abi::has_wheels(&build.member)) {
        return Ok(());
    }
    Err(Error::refused(
        "nothing to release: no member builds a Python distribution".into(),
        "`cargo pyx init` gives a crate a Python package",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_to_be_checked_is_a_distribution() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let said = |name: &str| {
            let refused = checkable(&dir.join(name)).unwrap_err();
            (refused.to_string(), refused.hint().unwrap())
        };
        for name in ["a.whl", "b.tar.gz", "c.md"] {
            std::fs::write(dir.join(name), "").unwrap();
        }
        checkable(&dir.join("a.whl")).unwrap();
        checkable(&dir.join("b.tar.gz")).unwrap();
        assert!(
            said("c.md")
                .0
                .ends_with("c.md` is neither a wheel nor an sdist")
        );
        assert!(said("d.whl").0.starts_with("there is no file `"));
        let (folder, hint) = said("");
        assert!(folder.ends_with("is a folder"), "{folder}");
        assert!(
            hint.starts_with("cargo pyx release check --out-dir "),
            "{hint}"
        );
    }
}
