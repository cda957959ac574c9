//! The packages that a release has, and the wheels of each.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{Expected, SDIST_ENDING};
use crate::facts::environment::requested_python;
use crate::facts::member_build::Build;
use crate::facts::project::Member;
use crate::facts::request::Product;
use crate::facts::versions::Versioned;
use crate::model::error::Result;
use crate::model::step::StepId;
use crate::world::interpreter::Interpreter;
use crate::world::python_request;

use super::abi::{self, Abi, label};
use super::context::ReleaseContext;
use super::foreign::ForeignPython;
use super::package::{Package, PlannedWheel, Staged, Trial};
use super::platform::{self, Platform};
use super::release_facts::{Release, SOURCES};
use super::tops;
use super::wheel_identity::WheelIdentity;

impl Release {
    pub(super) fn package(
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
            let installed = requested_python::installed(context.session, context.project)?;
            return Err(python_request::none_fits(&installed, &wanted));
        }
        if releasing.product == Product::Sdist {
            abis.truncate(1); // one is enough to see that it builds
        }
        let own = context.project.config.release.clone();
        let in_pyproject = build.member.pyproject.as_ref();
        let maturins = in_pyproject.and_then(|p| p.maturin("compatibility"));
        let compatibility = releasing.compatibility.as_deref();
        let compatibility = compatibility.or(own.compatibility.as_deref());
        compatibility.map_or(Ok(()), platform::check_compatibility)?;
        let compatibility = compatibility.or(maturins);
        let host = self.host();
        let mut planned = Vec::new();
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
                planned.push(self.planned(context, build, abi.clone(), platform, sdist));
            }
        }
        Ok(planned)
    }

    /// Where a wheel is tested.
    fn trial(&self, build: &Build, abi: &Abi, platform: &Platform) -> Trial {
        if platform.runs_here {
            return Trial::On(abi.serves.iter().map(label).collect());
        }
        let triple = platform.target.as_deref();
        let mut foreign = self.foreign.iter();
        let Some(target) = foreign.find(|it| Some(&*it.triple) == triple) else {
            return Trial::Nowhere("tests were not requested".into());
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
                Trial::Nowhere(format!("there is no Python {label} for {machine} here"))
            }
            _ => Trial::On(claimed),
        }
    }

    fn planned(
        &self,
        context: &ReleaseContext<'_>,
        build: &Build,
        abi: Abi,
        platform: Platform,
        sdist: Option<&Staged>,
    ) -> PlannedWheel {
        let maturin = context.tools.maturin.get(&build.member.name);
        let hash = sdist.map(|sdist| &*sdist.sha256);
        let session = context.session;
        let key = WheelIdentity::of(session, self, build, &abi, &platform, hash, maturin).key();
        let mut planned = PlannedWheel {
            trial: self.trial(build, &abi, &platform),
            abi,
            platform,
            folder: Utf8PathBuf::new(),
            staged: None,
            again: None,
        };
        let name = format!("{}-{}-{key}", build.member.name, planned.label());
        planned.folder = self.dir.join("wheels").join(&name);
        let staged = |folder: &Utf8Path| {
            sdist?; // without it, it is unknown what a wheel was built from
            Staged::wheel(context.session, folder, &self.rules)
        };
        planned.staged = staged(&planned.folder);
        if context.releasing.reproduce {
            let folder = self.dir.join("again/wheels").join(&name);
            let again = staged(&folder);
            planned.again = Some((folder, again));
        }
        planned
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
            abi3_floor: build.locked.stable_abis.abi3_floor(),
            modules: is_module.then(|| vec![member.module.clone()]),
            tops: tops::of(member),
            private_paths: self.remapped.iter().map(|(path, _)| path.clone()).collect(),
            ..Expected::default()
        }
    }
}
