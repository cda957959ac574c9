//! Facts as they could have been gathered.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;
use cargo_pyx::facts::build::{Flags, Options};
use cargo_pyx::facts::dependencies::{Dependencies, Scope, Source, Sync};
use cargo_pyx::facts::environment::{Environment, State};
use cargo_pyx::facts::project::{Bindings, Locked, Member, Project};
use cargo_pyx::facts::{Build, Caller, Facts, Staleness, TargetEnvironment, Tools};
use cargo_pyx::model::implementation::Implementation;
use cargo_pyx::model::reason::Reason;
use cargo_pyx::world::interpreter::{Interpreter, Probe};
use cargo_pyx::world::manifest::{CargoToml, PyProject, Toml};
use cargo_pyx::world::python_request::InterpreterChoice;
use cargo_pyx::world::tool::Tool;
use pep440_rs::Version;

pub(super) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

pub(super) fn tool(path: &str, release: &str) -> Tool {
    Tool {
        path: path.into(),
        version: Some(version(release)),
        missing: None,
    }
}

pub(super) fn toml(path: &str, text: &str) -> Toml {
    Toml::parse(Utf8Path::new(path), text).unwrap()
}

pub(super) fn pyproject(name: &str, text: &str) -> Arc<PyProject> {
    let toml = toml(&format!("/p/{name}/pyproject.toml"), text);
    Arc::new(PyProject::of(toml).unwrap())
}

pub(super) fn member(name: &str) -> Member {
    let library = "[lib]\ncrate-type = ['cdylib', 'rlib']\n";
    let cargo = toml(&format!("/p/{name}/Cargo.toml"), library);
    Member {
        name: name.into(),
        dir: format!("/p/{name}").into(),
        pyproject: Some(pyproject(name, "")),
        cargo: Arc::new(CargoToml::of(cargo).unwrap()),
        workspace: format!("/p/{name}").into(),
        target: "/p/target/pyx".into(),
        lib: Some(name.into()),
        module: name.into(),
        plain: true,
        ..Member::default()
    }
}

pub(super) fn build(member: Member, flags: &Flags) -> Build {
    Build {
        options: Options::new(&member, None, flags),
        staleness: Some(Staleness::whole(Reason::Changed {
            path: member.dir.join("src/lib.rs"),
        })),
        locked: Locked {
            exists: true,
            packages: 14,
            pyo3: Some(semver::Version::new(0, 29, 3)),
            ..Locked::default()
        },
        member,
        ..Build::default()
    }
}

/// A project of these members whose environment is good and whose builds are due.
pub(super) fn facts(members: Vec<Member>, flags: &Flags) -> Facts {
    let maturin = members
        .iter()
        .filter(|member| member.bindings != Bindings::Embed)
        .map(|member| (member.name.clone(), tool("/bin/maturin", "1.16.0")))
        .collect::<BTreeMap<_, _>>();
    Facts {
        project: Project {
            root: "/p".into(),
            home: "/p".into(),
            state: "/p/target/pyx".into(),
            members: members.clone(),
            ..Project::default()
        },
        target: TargetEnvironment {
            environment: Environment {
                path: "/p/.venv".into(),
                state: State::Good {
                    version: version("3.11.7"),
                    implementation: Implementation::CPython,
                },
                ..Environment::default()
            },
            probe: Some(Probe {
                name: "cpython".into(),
                major: 3,
                minor: 11,
                bits: 64,
                suffixes: vec![".cpython-311-x86_64-linux-gnu.so".into()],
                base_prefix: "/usr".into(),
                libdir: Some("/usr/lib".into()),
                link_name: "python3.11".into(),
                glibc: Some((2, 36)),
                moved: false,
            }),
            ..TargetEnvironment::default()
        },
        builds: members
            .into_iter()
            .map(|member| build(member, flags))
            .collect(),
        tools: Some(Tools {
            patchelf: None,
            cargo: "/bin/cargo".into(),
            uv: tool("/bin/uv", "0.13.9"),
            first_uv: None,
            maturin,
            any_python: Some("/bin/python3".into()),
            patience: BTreeMap::new(),
        }),
        caller: Caller {
            path: "/bin".into(),
            ..Caller::default()
        },
        ..Facts::default()
    }
}

/// As [`facts`], on a machine where nothing has been done yet.
pub(super) fn fresh_clone(members: Vec<Member>) -> Facts {
    let mut facts = facts(members, &Flags::default());
    let reason = Reason::Environment {
        why: "no `.venv` yet".into(),
    };
    facts.target.environment.state = State::Missing;
    facts.target.stale = Some(reason.clone());
    facts.target.dependencies.stale = Some(reason.clone());
    for build in &mut facts.builds {
        build.staleness = Some(Staleness::whole(reason.clone()));
    }
    facts.target.interpreter = Some(InterpreterChoice::Use(Interpreter {
        path: "/usr/bin/python3.11".into(),
        version: version("3.11.7"),
        implementation: Implementation::CPython,
    }));
    facts
}

pub(super) fn metadata(facts: &mut Facts, groups: &[&str]) {
    facts.target.dependencies.dependencies = Dependencies {
        syncs: vec![Sync {
            source: Source::Metadata("/p/hello/pyproject.toml".into()),
            groups: groups.iter().map(ToString::to_string).collect(),
            extras: Vec::new(),
            default_groups: true,
            scope: Scope::default(),
        }],
        ..Dependencies::default()
    };
}
