//! What is recorded of a build and of an install.

use crate::execute::records;
use crate::facts::artifact;
use crate::facts::build::{self, BuildPlace, Inputs};
use crate::facts::fingerprint::{
    self, Artifact, BuildKey, BuildRecord, Content, EnvironmentRecord, Input, InstallRecord,
};
use crate::model::error::Result;
use crate::model::path::normalize;

use super::installed::{InstalledModule, update_record};
use super::{Proof, uv};

impl Proof<'_> {
    /// Every name next to the module that could take precedence over it.
    pub(super) fn neighbourhood(&self, module: &InstalledModule) -> Vec<Input> {
        let last = module.name.rsplit('.').next().unwrap_or_default();
        let top = module.name.split('.').next().unwrap_or_default();
        let folder = module.file.parent().unwrap_or(&module.file);
        let own = &self.prove.suffixes;
        let beside = std::env::consts::DLL_SUFFIX;
        let mut inputs = vec![
            Input::importable(folder, last, "", own),
            Input::importable(&self.member.dir, &format!("{top}."), beside, own),
            // a folder of the module's name becomes a package that comes before it
            Input::listing(&folder.join(last), "__init__", ""),
        ];
        if let Some(packages) = self.prove.environment.site_packages() {
            inputs.push(Input::listing(&packages, top, ""));
        }
        inputs
    }

    /// The installed distribution's own files: RECORD has the replaced module's hash, and uv leaves the
    /// install alone.
    pub(super) fn distribution(&self, install: &mut InstallRecord) -> Result<()> {
        let Some(packages) = self.prove.environment.site_packages() else {
            return Ok(());
        };
        let dist_info = self.prove.environment.dist_info(self.member);
        let dist_info = dist_info.ok_or_else(|| self.nowhere())?;
        for input in &install.inputs {
            if let (Some(module), Some(hash)) = (input.path(), input.hash()) {
                update_record(&dist_info, &packages, module, hash)?;
            }
        }
        uv::leave_alone(self.context, self.prove, &dist_info)?;
        for name in artifact::installed(&dist_info)? {
            let path = normalize(&packages.join(name));
            if !install.modules.contains(&path) {
                install.inputs.push(Input::file(&path, None));
            }
        }
        Ok(())
    }

    pub(super) fn record(&self, artifacts: Vec<Artifact>, install: InstallRecord) -> Result<()> {
        let environment = &self.prove.environment;
        if self.prove.build.staleness.is_some() {
            self.record_build(artifacts)?;
        }
        let path = environment.record_path();
        let mut known = EnvironmentRecord::load(&path).record;
        let is_other = |record: &InstallRecord| record.package != self.member.dir;
        known.installed.retain(|_, record| is_other(record));
        known.installed.insert(self.member.name.clone(), install);
        records::store(&path, &known)
    }

    /// What was built corresponds to the files before it began. What changed meanwhile is recorded in its old
    /// state, so that the next look notices the difference.
    fn record_build(&self, artifacts: Vec<Artifact>) -> Result<()> {
        let build = &self.prove.build;
        let environment = &self.prove.environment;
        let session = self.context.session;
        let mut packages = build.earlier.packages.clone();
        if packages.is_empty() {
            let toolchain = &build.toolchain;
            packages = build::local_packages(session, self.member, toolchain, &self.prove.cargo);
        }
        let place = BuildPlace {
            session,
            member: self.member,
            toolchain: &build.toolchain,
            environment,
            output: &self.output,
            packages: &packages,
        };
        let since = if self.prove.is_last() {
            u64::MAX
        } else {
            self.context.since
        };
        let mut inputs = Inputs::gather(&place, since);
        let mut changed = None;
        if !self.prove.is_last() {
            as_it_was(&mut inputs.compile, &build.earlier.compile);
            changed = fingerprint::stale(&inputs.compile, session)
                .or_else(|| fingerprint::stale(&inputs.install, session));
        }
        let record = BuildRecord {
            settings: build.settings.clone(),
            install: inputs.install,
            compile: inputs.compile,
            surroundings: inputs.surroundings,
            packages,
            began: self.context.since,
            artifacts,
        };
        let key = BuildKey::new(&environment.path, &self.member.name);
        records::update_builds(&self.prove.state, |records| {
            records.attempts.remove(&key);
            records.builds.insert(key, record);
        })?;
        if let Some(reason) = changed {
            self.stop(reason);
        }
        Ok(())
    }
}

/// Files that were known before the build, with the content that they had then.
fn as_it_was(now: &mut [Input], before: &[Input]) {
    for input in now {
        let Input::File { path, content } = input else {
            continue;
        };
        let known = before.iter().find_map(|known| match known {
            Input::File {
                path: other,
                content,
            } if other == path => Some(content),
            _ => None,
        });
        // of what only a build script has made there was nothing to see
        if let Some(known) = known
            && *known != Content::Absent
        {
            content.clone_from(known);
        }
    }
}
