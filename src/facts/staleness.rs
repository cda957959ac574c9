//! The environment, its packages and the members' builds, compared with what earlier runs recorded.

use camino::Utf8PathBuf;

use crate::model::error::Result;
use crate::model::reason::Reason;
use crate::world::disk;
use crate::world::interpreter::{self, Probe};
use crate::world::session::Session;

use super::build;
use super::dependencies::Dependencies;
use super::environment::{Environment, State};
use super::fingerprint::{Artifact, BuildKey, BuildRecords, EnvironmentRecord, LoadedRecord};
use super::hollow_package::HollowPackage;
use super::local_distributions::LocalDistribution;
use super::member_build::{Build, MemberRecords, Staleness};
use super::project::{Bindings, Member, Project};
use super::request::Request;
use super::required_packages::{DEV, DEVELOPERS, RequiredPackages, TEST};
use super::run_state::RunState;
use super::target_environment::TargetEnvironment;

/// What earlier runs recorded.
pub(super) struct Records {
    builds: LoadedRecord<BuildRecords>,
    environment: LoadedRecord<EnvironmentRecord>,
}

impl Records {
    /// `environment`: its record.
    pub(super) fn load(project: &Project, environment: LoadedRecord<EnvironmentRecord>) -> Self {
        Self {
            builds: BuildRecords::load(&project.build_records()),
            environment,
        }
    }

    fn of(&self, environment: &Environment, member: &str) -> MemberRecords<'_> {
        let key = BuildKey::new(&environment.path, member);
        MemberRecords {
            build: self.builds.record.builds.get(&key),
            attempt: self.builds.record.attempts.get(&key),
            installed: self.environment.record.installed.get(member),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let both = self.builds.warning.iter().chain(&self.environment.warning);
        both.cloned().collect()
    }

    /// Whether pyx created the environment.
    pub(super) fn made_environment(&self) -> bool {
        self.environment.record.made
    }

    /// What the environment's interpreter reports about itself; it is asked if that is not recorded.
    pub(super) fn probe(&self, session: &Session, environment: &Environment) -> Result<Probe> {
        let known = self.environment.record.interpreter.as_ref();
        match known.filter(|known| known.is_current(session)) {
            Some(known) => Ok(known.probe.clone()),
            None => interpreter::probe(session, &environment.python()),
        }
    }

    /// The environment compared with its record; `dependencies`: the project's, then the tests'.
    pub(super) fn target(
        &self,
        session: &Session,
        request: &Request,
        environment: Environment,
        dependencies: (Dependencies, Dependencies),
        project: &Project,
    ) -> TargetEnvironment {
        let stale = match &environment.state {
            State::Good { .. } => None,
            State::Missing => Some("new environment".to_owned()),
            State::Bad { why, .. } => Some(why.clone()),
        };
        let stale = stale.map(|why| Reason::Environment { why });
        let forced = request.force.then_some(&Reason::Forced);
        let all = forced.or(stale.as_ref());
        let record = &self.environment.record;
        let judge = |dependencies, name| {
            RequiredPackages::judge(dependencies, name, record, all, session, project)
        };
        let (mut own, mut tests) = dependencies;
        if request.network.locked {
            own.demand_current_locks(project);
            tests.demand_current_locks(project);
        }
        let mut test_dependencies = if tests.syncs.is_empty() {
            RequiredPackages::default()
        } else {
            judge(tests, TEST)
        };
        let mut dependencies = judge(own, DEV);
        if dependencies.stale.is_some() || test_dependencies.stale.is_some() {
            let members: Vec<Utf8PathBuf> = project.all().map(|it| it.dir.clone()).collect();
            let local = LocalDistribution::all(&environment, &members);
            dependencies.look_at_local(session, record.syncs.get(DEV), &local);
            test_dependencies.look_at_local(session, record.syncs.get(TEST), &local);
        }
        let gone = match stale {
            None => self.gone(project, &environment),
            Some(_) => Vec::new(), // it is recreated
        };
        TargetEnvironment {
            environment,
            stale,
            gone,
            dependencies,
            test_dependencies,
            ..TargetEnvironment::default()
        }
    }

    /// Python would still import them, or what git ignores of them.
    fn gone(&self, project: &Project, environment: &Environment) -> Vec<String> {
        let installed = self.environment.record.installed.values();
        let folders = installed.map(|record| &record.package);
        let is_built = |dir: &Utf8PathBuf| {
            let mut modules = project.all().filter(|it| it.bindings != Bindings::Embed);
            modules.any(|member| member.dir == *dir)
        };
        let is_gone = |dir: &&Utf8PathBuf| {
            dir.starts_with(project.checkout())
                && !disk::is_file(&dir.join("pyproject.toml"))
                && !is_built(dir)
        };
        let folders: Vec<&Utf8PathBuf> = folders.filter(is_gone).collect();
        if folders.is_empty() {
            return Vec::new();
        }
        let local = LocalDistribution::all(environment, &[]).into_iter();
        let left = local.filter(|one| folders.contains(&&one.from));
        left.map(|one| one.name).collect()
    }

    /// What the project lists for its developers, compared with what is installed.
    pub(super) fn developers(
        &self,
        session: &Session,
        request: &Request,
        project: &Project,
        target: &TargetEnvironment,
    ) -> Result<RequiredPackages> {
        let mut listed = Dependencies::for_developers(project)?;
        if listed.syncs.is_empty() {
            return Ok(RequiredPackages::default());
        }
        if request.network.locked {
            listed.demand_current_locks(project);
        }
        let forced = request.force.then_some(&Reason::Forced);
        let all = forced.or(target.stale.as_ref());
        let record = &self.environment.record;
        Ok(RequiredPackages::judge(
            listed, DEVELOPERS, record, all, session, project,
        ))
    }

    /// Any environment's modules may be among the sources.
    fn hollow(
        &self,
        session: &Session,
        member: &Member,
        own: &MemberRecords<'_>,
    ) -> Option<HollowPackage> {
        let builds = self.builds.record.builds.values();
        let artifacts = builds.flat_map(|build| &build.artifacts);
        HollowPackage::of(session, member, &|file| {
            let is_put = own
                .installed
                .is_some_and(|installed| installed.has_put(file));
            is_put || {
                let hash = disk::hash(file);
                let mut artifacts = artifacts.clone();
                artifacts.any(|artifact| hash.as_ref() == Some(&artifact.hash))
            }
        })
    }

    /// The members' builds compared with their records.
    pub(super) fn builds(
        &self,
        session: &Session,
        request: &Request,
        run_state: &RunState,
        project: &Project,
        target: &TargetEnvironment,
    ) -> Vec<Build> {
        let builds = project.members.iter().map(|member| {
            let mut build = Build::of(session, member, project, request);
            let records = self.of(&target.environment, &member.name);
            if let Some(hollow) = self.hollow(session, member, &records) {
                let name = build::PYTHON_PACKAGE.to_owned();
                build.settings.insert(name, hollow.others(member));
                build.hollow = Some(hollow);
            }
            let elsewhere = |artifact: &Artifact| !artifact.path.starts_with(&member.target);
            let artifacts = records.build.map_or(&[][..], |build| &build.artifacts);
            build.copied = artifacts.iter().any(elsewhere);
            build.patched = records.installed.is_some_and(|installed| installed.patched);
            let staleness = if request.force {
                Some(Staleness::whole(Reason::Forced))
            } else if let Some(reason) = &target.stale {
                Some(Staleness::whole(reason.clone()))
            } else if disk::is_dir(&target.environment.kept(member)) {
                Some(Staleness::whole(Reason::Interrupted))
            } else {
                let found = build.judge(session, &records).or_else(|| {
                    // what is proved again is compared with what cargo has left
                    let is_proved = target.packages_are_stale();
                    let gone = artifacts.iter().find(|it| !disk::is_file(&it.path));
                    let path = gone.filter(|_| is_proved)?.path.clone();
                    Some(Staleness::whole(Reason::Vanished { path }))
                });
                let is_unlinked = run_state.unlinked.contains(&member.name);
                match found {
                    Some(found) if is_unlinked => Some(Staleness::whole(found.reason)),
                    found => found,
                }
            };
            if let Some(staleness) = staleness {
                build.remember(session, records.build);
                build.staleness = Some(Staleness {
                    unseen: build.unseen(session, project, &self.builds.record, request.force),
                    reason: staleness.reason.relative_to(&project.root),
                    ..staleness
                });
            }
            build
        });
        builds.collect()
    }
}
