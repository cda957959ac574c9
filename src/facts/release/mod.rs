//! What a release is made from, and how much of it is there.
//!
//! `pythons` and `platform` are what it is for, `abi` which wheels that makes, `foreign` what runs here of those
//! for other machines, `flags` what rustc is told,
//! `package` what is built of it, `links_out` what may not be packed. `linter` is who checks it, `record` is what is kept of its checks
//! and of the set in `dist/`, `check_rules` how long that holds, `set_in_dist` whether that set is still
//! there; `publication` and `index` are of `release publish`.

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
mod set_in_dist;
mod tops;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{DistributionName, Expected, SDIST_ENDING, Tags};
use crate::facts::preflight;
use crate::facts::project::{Member, Project};
use crate::facts::versions::Versioned;
use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::model::implementation::Implementation;
use crate::model::step::StepId;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::interpreter::{self, Interpreter};
use crate::world::machine;
use crate::world::manifest::CargoConfig;
use crate::world::python_request;
use crate::world::session::Session;
use crate::world::tool::{self, Toolbox, ToolboxState};

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
pub use platform::{HOSTED, Hosted, Platform};
pub use publication::{Publication, Publishable, short};
pub use pythons::Tried;
pub use record::{
    CheckOutcome, Checked, Checks, Entry, RELEASE_RECORD, ReleaseRecord, SUMS, VARIABLES, not_run,
};

#[derive(Clone, Debug)]
pub struct Release {
    pub product: Product,
    pub commit: Option<String>,
    /// What every file is dated, in seconds since the epoch: `SOURCE_DATE_EPOCH`, else the commit's
    /// time, else the oldest time that a zip archive knows.
    pub epoch: u64,
    /// `target/pyx/release`, absolute.
    pub dir: Utf8PathBuf,
    /// A folder of the project that is not in its checkout, absolute: what cargo reads of the folders
    /// above is not read there.
    pub elsewhere: Utf8PathBuf,
    /// Where finished sets go, absolute.
    pub dist: Utf8PathBuf,
    pub toolbox: Toolbox,
    pub toolbox_state: ToolboxState,
    /// What decides about the checks of a file besides the file, hashed.
    pub rules: String,
    /// pydistcheck's rules that the project leaves out: what stands on its command line hides them.
    pub distcheck_ignored: Vec<String>,
    /// What is checked as it is: for `release check` the files that were named, else those in
    /// `dist/`; for `release publish` those of the publication whose results are not known.
    pub existing: Vec<Utf8PathBuf>,
    /// Where the files of `existing` ran that are the released ones, in words.
    pub ran: BTreeMap<Utf8PathBuf, String>,
    /// What `release publish` sends.
    pub publication: Option<Publication>,
    pub packages: Vec<Package>,
    /// The interpreters at hand that the project allows, oldest first.
    pub pythons: Vec<Tried>,
    /// What runs here of the targets that are not this machine's.
    foreign: Vec<ForeignTarget>,
    /// Whether this system's C library is musl.
    has_musl: bool,
    /// Pythons that uv must get first.
    pub downloads: Vec<String>,
    /// Paths of this machine that no file may hold, and what they are called instead.
    pub remapped: Vec<(Utf8PathBuf, String)>,
    /// What the build is told besides: rustc's flags as the project has them.
    pub rustflags: Rustflags,
    /// What is wrong with the sdists that were packed, before anything is built of them.
    pub packed: Vec<Finding>,
}

/// `[tool.pydistcheck] ignore`, where that is run.
fn distcheck_ignored(project: &Project) -> Result<Vec<String>> {
    let pyproject = project
        .manifests
        .pyproject(&project.root.join("pyproject.toml"))?;
    let keys = ["tool", "pydistcheck", "ignore"];
    Ok(pyproject
        .map(|it| it.toml.strings(&keys))
        .unwrap_or_default())
}

/// Variables that compilers of C and linkers read.
const COMPILERS: [&str; 7] = [
    "AR",
    "ARCHFLAGS",
    "CC",
    "CFLAGS",
    "CXX",
    "CXXFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
];

/// The folder of a release for copies of the project's sources. Hidden: pytest, mypy and others that
/// search a project go into `target`, but not into such a folder.
pub const SOURCES: &str = ".sources";

impl Release {
    pub(super) fn gather(context: &ReleaseContext<'_>, builds: &[Build]) -> Result<Self> {
        let ReleaseContext {
            session,
            project,
            releasing,
            ..
        } = context;
        let installed = interpreter::installed(session);
        let requires = project.requires_python();
        let (chosen, downloads) = pythons::chosen(context, &installed)?;
        let all = pythons::one_of_each(&pythons::released(&installed, &requires));
        let tried = |python: &Interpreter| {
            let probe = interpreter::probe(session, &python.path)?;
            let interpreter = python.clone();
            Ok(Tried { interpreter, probe })
        };
        let pythons: Vec<Tried> = chosen
            .as_ref()
            .unwrap_or(&all)
            .iter()
            .map(tried)
            .collect::<Result<_>>()?;
        let (mut commit, epoch) = dated(session, &project.root)?;
        if releasing.allow_dirty {
            commit = None; // what is not committed is of no commit
        }
        let dir = project.state.join("release");
        let toolbox = toolbox(session, &installed)?;
        let rustc = builds
            .iter()
            .find_map(|build| build.toolchain.rustc.as_deref());
        let config = CargoConfig::read(&project.manifests, session, &project.root)?;
        let mut rustflags =
            Rustflags::gather(session, &config, &project.root, rustc, &releasing.targets)?;
        if releasing.product == Product::Sdist {
            rustflags = rustflags.elsewhere(); // an sdist has no configuration of the checkout
        }
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
            rustflags,
            dir,
            elsewhere: elsewhere(session, &project.root),
            packed: Vec::new(),
            distcheck_ignored: distcheck_ignored(project)?,
        };
        release.foreign = release.foreign_targets(context, &config, rustc);
        let versions = Versioned::gather(project).unwrap_or_default();
        for build in builds.iter().filter(|b| abi::has_wheels(b.member.bindings)) {
            let package = release.package(context, build, &versions)?;
            if let Some(sdist) = &package.sdist {
                let found = links_out::findings(project, &build.member, &sdist.path)?;
                release.packed.extend(found);
            }
            release.packages.push(package);
        }
        if releasing.product == Product::Publication {
            let publication = Publication::gather(context, &release.dist, &release.packages)?;
            release.existing = publication.unchecked();
            release.publication = Some(publication);
        }
        Ok(release)
    }

    fn package(
        &self,
        context: &ReleaseContext<'_>,
        build: &Build,
        versions: &[Versioned],
    ) -> Result<Package> {
        let member = &build.member;
        let name = &member.name;
        let sdist_dir = self.dir.join("sdist").join(name);
        let packed = context
            .run_state
            .done
            .contains(&StepId::Sdist(name.clone()));
        let sdist = if packed {
            Staged::find(&sdist_dir, SDIST_ENDING, &self.rules)
        } else {
            None
        };
        let own = |one: &&Versioned| one.members.contains(name);
        let version = versions.iter().find(own).and_then(|v| v.version.clone());
        let config = &context.project.config.release;
        Ok(Package {
            name: name.clone(),
            version: version
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            copy: member
                .is_packed()
                .then(|| self.dir.join(SOURCES).join("copy").join(name)),
            sdist_dir,
            wheels: self.wheels(context, build, sdist.as_ref())?,
            expected: self.expected(member, build, version),
            tested: config.test.or(member.config().release.test) != Some(false),
            sdist,
        })
    }

    fn wheels(
        &self,
        context: &ReleaseContext<'_>,
        build: &Build,
        sdist: Option<&Staged>,
    ) -> Result<Vec<PlannedWheel>> {
        let releasing = context.releasing;
        let supported = context.supported_pythons(build);
        let pythons = self.pythons.iter().map(|tried| tried.interpreter.clone());
        let pythons: Vec<Interpreter> = pythons.collect();
        let mut abis = abi::abis(build, &pythons, &supported);
        let none = abis.is_empty() && self.downloads.is_empty();
        if none && matches!(releasing.product, Product::Wheels | Product::Sdist) {
            let name = &build.member.name;
            let wanted = format!("the requires-python of {name} and its PyO3");
            let installed = interpreter::installed(context.session);
            return Err(python_request::none_fits(&installed, &wanted));
        }
        if releasing.product == Product::Sdist {
            abis.truncate(1); // one is enough to see that it builds
        }
        let own = context.project.config.release.clone();
        let in_pyproject = build.member.pyproject.as_ref();
        let maturins = in_pyproject.and_then(|p| p.maturin("compatibility"));
        let compatibility = releasing.compatibility.as_deref();
        let compatibility = compatibility.or(own.compatibility.as_deref()).or(maturins);
        let host = self.host();
        let mut wanted = Vec::new();
        let none = [None];
        let targets: Vec<Option<&str>> = match &releasing.targets[..] {
            [] => none.to_vec(),
            targets => targets.iter().map(|target| Some(&**target)).collect(),
        };
        for target in targets {
            if let Some(target) = target {
                platform::check_target(build.toolchain.rustc.as_deref(), target)?;
            }
            let said = platform::StatedPlatform {
                target,
                compatibility,
                zig: own.zig,
                reads_symbols: build.member.has_read_symbols(),
            };
            for abi in &abis {
                let platform = Platform::new(&host, &said);
                wanted.push(self.wanted(context, build, (abi.clone(), platform), sdist));
            }
        }
        Ok(wanted)
    }

    /// Nothing where no wheel is tested.
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

    /// Whether this system installs a wheel of those tags.
    pub fn installs(&self, tags: &Tags) -> bool {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        tags.fit_system(os, arch, self.has_musl)
    }

    /// The Pythons for other machines on which wheels are tested.
    pub fn foreign_pythons(&self) -> impl Iterator<Item = &ForeignPython> {
        self.foreign.iter().flat_map(|target| &target.pythons)
    }

    /// Where a wheel is tried.
    fn trial(&self, build: &Build, abi: &Abi, platform: &Platform) -> Trial {
        if platform.runs_here {
            return Trial::On(abi.serves.iter().map(label).collect());
        }
        let triple = platform.target.as_deref();
        let mut foreign = self.foreign.iter();
        let Some(target) = foreign.find(|it| Some(&*it.triple) == triple) else {
            return Trial::Nowhere("no test was asked for".into());
        };
        let claimed = target
            .pythons
            .iter()
            .filter(|python| abi::claims(build, abi, &python.tried.interpreter));
        let claimed: Vec<String> = claimed.map(ForeignPython::label).collect();
        match (&claimed[..], &target.pythons[..]) {
            ([], []) => Trial::Nowhere(target.lack.clone()),
            ([], [first, ..]) => {
                let (label, machine) = (&abi.label, &first.machine);
                Trial::Nowhere(format!("no Python {label} for {machine} is here"))
            }
            _ => Trial::On(claimed),
        }
    }

    fn host(&self) -> platform::Host {
        platform::Host {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            glibc: self.pythons.first().and_then(|tried| tried.probe.glibc),
        }
    }

    fn wanted(
        &self,
        context: &ReleaseContext<'_>,
        build: &Build,
        (abi, platform): (Abi, Platform),
        sdist: Option<&Staged>,
    ) -> PlannedWheel {
        let maturin = context.tools.maturin.get(&build.member.name);
        let rustc = build.toolchain.rustc.as_deref();
        let configs: Vec<_> = build
            .member
            .cargo_configs
            .iter()
            .filter_map(|path| disk::hash(path))
            .collect();
        let compilers = COMPILERS.map(|name| context.session.var(name));
        let identity = format!(
            "{} {:?} {maturin:?} {rustc:?} {:?} {} {:?} {platform:?} {} {:?} {:?} {:?} {} {:?} \
             {configs:?} {compilers:?}",
            env!("CARGO_PKG_VERSION"),
            sdist.map(|sdist| &sdist.sha256),
            rustc.and_then(disk::signature),
            abi.label,
            abi.python,
            self.epoch,
            self.rustflags,
            build.options,
            build.settings,
            self.toolbox.digest(),
            self.remapped,
        );
        let key = &disk::digest(identity.as_bytes())[..16];
        let mut wanted = PlannedWheel {
            trial: self.trial(build, &abi, &platform),
            abi,
            platform,
            folder: Utf8PathBuf::new(),
            staged: None,
            again: None,
        };
        let name = format!("{}-{}-{key}", build.member.name, wanted.label());
        wanted.folder = self.dir.join("wheels").join(&name);
        let staged = |folder: &Utf8Path| {
            sdist?; // without it nobody knows what a wheel was built from
            Staged::wheel(context.session, folder, &self.rules)
        };
        wanted.staged = staged(&wanted.folder);
        if context.releasing.reproduce {
            let folder = self.dir.join("again/wheels").join(&name);
            let again = staged(&folder);
            wanted.again = Some((folder, again));
        }
        wanted
    }

    fn expected(
        &self,
        member: &Member,
        build: &Build,
        version: Option<pep440_rs::Version>,
    ) -> Expected {
        let is_module = member.bindings.is_pyo3();
        Expected {
            name: Some(member.name.clone()),
            version,
            requires_python: member.requires_python.clone(),
            abi3_floor: build.locked.stable_abis.abi3.flatten(),
            modules: is_module.then(|| vec![member.module.clone()]),
            tops: tops::of(member),
            private_paths: self.remapped.iter().map(|(path, _)| path.clone()).collect(),
            ..Expected::default()
        }
    }
}

/// # Errors
/// [`Error::Usage`] for a file that is not there.
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
    if let Some(file) = releasing.files.iter().find(|file| !disk::is_file(file)) {
        return Err(Error::Usage(format!("no file `{file}`")));
    }
    if !releasing.files.is_empty() {
        let mut files = releasing.files.clone(); // `dist/*` has what we write beside them
        files.retain(|file| ![Some(RELEASE_RECORD), Some(SUMS)].contains(&file.file_name()));
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

/// The newest interpreter that the tools are locked for makes their environment.
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
    session.cache().join("sdist-builds").join(name)
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

/// Longer paths after shorter ones: the last that fits counts for rustc.
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

/// What is wrong with the project; where files are named, only these are looked at. `members`: `-p`.
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

/// # Errors
/// [`Error::Refused`] where there is nothing to release.
pub(super) fn check_members(builds: &[Build]) -> Result<()> {
    if builds
        .iter()
        .any(|build| abi::has_wheels(build.member.bindings))
    {
        return Ok(());
    }
    Err(Error::refused(
        "nothing to release: no member makes a Python distribution".into(),
        "`cargo pyx init` gives a crate a Python package",
    ))
}
