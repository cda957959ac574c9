//! A build that another interpreter can use unchanged.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::{Environment, State};
use crate::facts::fingerprint::{BuildRecords, EnvironmentRecord};
use crate::facts::project::{Bindings, Project};
use crate::model::minor;
use crate::world::interpreter::Probe;
use crate::world::session::Session;

use super::member_build::{Build, MemberRecords, ReusableBuild};

/// The first environment whose install of `build` also works for the interpreter of `probe`.
///
/// `default`: the folder of the default environment's target directories.
pub(super) fn find(
    session: &Session,
    project: &Project,
    build: &Build,
    probe: &Probe,
    default: &Utf8Path,
) -> Option<ReusableBuild> {
    let name = &build.member.name;
    let records = BuildRecords::load(&project.build_records()).record;
    let builds = records.builds.iter();
    let mut of_member = builds.filter(|(key, _)| key.member == *name);
    of_member.find_map(|(key, then)| {
        let environment = Environment::at(key.environment.clone())?;
        let target = match environment.alternative(project) {
            Some(name) => project.builds(name),
            None if environment.path.starts_with(&project.home) => default.to_owned(),
            None => return None, // of another project that shares the target directory
        };
        let own = |path: &Utf8Path| path.starts_with(&target);
        if target == build.member.target || !then.artifacts.iter().all(|a| own(&a.path)) {
            return None;
        }
        let installed = EnvironmentRecord::load(&environment.record_path()).record;
        let installed = installed.installed.get(name)?;
        let records = MemberRecords {
            build: Some(then),
            installed: Some(installed),
            attempt: None,
        };
        let fits = fits(build, probe, &environment, &installed.modules)
            && build.judge(session, &records).is_none();
        fits.then_some(ReusableBuild {
            environment,
            target,
        })
    })
}

/// Whether modules that were built for one interpreter equal those for another: they do not see the
/// interpreter, or only its stable ABI from the version on that the crate names, else from that of the
/// interpreter that built it (PyO3 guide, "Building and distribution").
fn fits(build: &Build, probe: &Probe, from: &Environment, modules: &[Utf8PathBuf]) -> bool {
    let State::Good {
        version,
        implementation,
    } = &from.state
    else {
        return false;
    };
    match build.member.bindings {
        Bindings::Bin | Bindings::Cffi | Bindings::Uniffi => true,
        Bindings::Embed => false,
        Bindings::Pyo3 | Bindings::Pyo3Ffi => {
            let stable = build.locked.stable_abis;
            let Some((abi, floor)) = stable.of(*implementation, minor::of(version)) else {
                return false;
            };
            let importable = |path: &Utf8PathBuf| {
                let name = path.file_name().unwrap_or_default();
                let ending = name.find('.').map(|at| &name[at..]);
                probe.suffixes.iter().any(|own| Some(&**own) == ending)
            };
            abi.serves(floor, probe.implementation(), probe.version())
                && !modules.is_empty()
                && modules.iter().all(importable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::project::Locked;
    use crate::model::implementation::Implementation;
    use crate::model::stable_abi::{AbiFloor, StableAbis};
    use pep440_rs::Version;

    fn probe(minor: u64, suffixes: &[&str]) -> Probe {
        Probe {
            major: 3,
            minor,
            suffixes: suffixes.iter().map(|text| (*text).to_owned()).collect(),
            ..Probe::default()
        }
    }

    #[test]
    fn a_stable_abi_module_serves_every_interpreter_from_its_floor_on() {
        let abi3 = |floor| StableAbis {
            abi3: Some(floor),
            abi3t: None,
        };
        let from = Environment {
            state: State::Good {
                version: Version::new([3, 11, 7]),
                implementation: Implementation::default(),
            },
            ..Environment::default()
        };
        let mut build = Build {
            locked: Locked {
                stable_abis: abi3(AbiFloor::Named((3, 9))),
                ..Locked::default()
            },
            ..Build::default()
        };
        let own = [".cpython-310-x86_64-linux-gnu.so", ".abi3.so", ".so"];
        let stable = [Utf8PathBuf::from("/p/_m.abi3.so")];
        let tagged = [Utf8PathBuf::from("/p/_m.cpython-311-x86_64-linux-gnu.so")];
        assert!(fits(&build, &probe(10, &own), &from, &stable));
        assert!(!fits(&build, &probe(8, &own), &from, &stable));
        assert!(!fits(&build, &probe(10, &own), &from, &tagged));
        let free_threaded = [".cpython-313t-x86_64-linux-gnu.so", ".so"];
        assert!(!fits(&build, &probe(13, &free_threaded), &from, &stable));
        build.locked.stable_abis = abi3(AbiFloor::Interpreter); // then the interpreter that built it is the floor
        assert!(!fits(&build, &probe(10, &own), &from, &stable));
        assert!(fits(&build, &probe(12, &own), &from, &stable));
    }
}
