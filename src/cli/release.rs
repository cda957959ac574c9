//! `cargo pyx release`: the steps to a published package.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::facts::project::Project;
use crate::facts::versions::{Versioned, texts};
use crate::model::error::Result;
use crate::model::version::Bump;
use crate::plan::{self, BothVersions, NewVersion, VersionPlan, VersionRequest};
use crate::ui::Ui;

use super::apply::{Consent, apply};
use super::build_args::{BuildArgs, member, members};
use super::distributions::{self, Check, Sdist, Wheel};
use super::global::CommandContext;
use super::publish::Publish;

/// Build, check and publish distributions
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  cargo pyx release version --bump minor     set the next version
  cargo pyx release wheel                    build, check and test
  cargo pyx release publish                  upload what passed")]
pub enum Release {
    Wheel(Wheel),
    Sdist(Sdist),
    Check(Check),
    Publish(Publish),
    Version(Version),
}

impl Release {
    /// Whether it builds nothing and sends nothing.
    pub(super) fn only_looks(&self) -> bool {
        matches!(self, Self::Check(_) | Self::Version(_))
    }

    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let none = BuildArgs::default();
        match self {
            Self::Wheel(wheel) => {
                let members = &wheel.set.package;
                distributions::perform(
                    context,
                    members,
                    &wheel.build,
                    wheel.releasing(context.session),
                )
            }
            Self::Sdist(sdist) => {
                let members = &sdist.set.package;
                distributions::perform(context, members, &none, sdist.releasing(context.session))
            }
            Self::Check(check) => {
                let releasing = check.releasing(context.session);
                distributions::perform(context, &check.package, &none, releasing)
            }
            Self::Publish(publish) => publish.perform(context),
            Self::Version(version) => version.perform(context),
        }
    }
}

/// Show the project's version, or set it everywhere at once
///
/// Sets it in Cargo.toml, pyproject.toml, a literal `__version__`, Cargo.lock and uv.lock, each in its
/// own spelling (1.2.0-rc.1 for cargo, 1.2.0rc1 for Python), and in the requirements of the workspace's
/// other crates. Every other byte stays. Without a version, shows the current one and where it is stated.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx release version                  show it, and where it is stated
  cargo pyx release version 1.2.0            set it
  cargo pyx release version --bump minor     set the next one
  cargo pyx release version 2.0.0 --dry-run  only print the patch")]
pub struct Version {
    /// New version, in cargo's or Python's spelling
    #[arg(value_name = "VERSION", conflicts_with = "bump")]
    pub new: Option<String>,
    /// Set the next version instead; `pre` counts up release candidates
    #[arg(long, value_name = "PART")]
    pub bump: Option<Bump>,
    /// Only the version of this package, by name or folder, and of those that share it
    #[arg(short = 'p', long = "package", value_name = "MEMBER", value_parser = member)]
    pub package: Vec<String>,
    /// Allow a version lower than the current one
    #[arg(long)]
    pub force: bool,
}

impl Version {
    fn target(&self) -> Result<Option<NewVersion>> {
        match (&self.new, self.bump) {
            (Some(text), _) => Ok(Some(NewVersion::Exactly(BothVersions::parse(text)?))),
            (None, bump) => Ok(bump.map(NewVersion::Next)),
        }
    }

    fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let target = self.target()?;
        let project = context.project()?.whole(session)?;
        let manifest = global.manifest(session);
        let start = manifest.as_deref().unwrap_or(&session.cwd);
        let names = match &self.package[..] {
            [] => project.around(start),
            words => project.named(&members(session, words))?,
        };
        let mut versions = Versioned::gather(&project)?;
        versions.retain(|one| one.members.iter().any(|name| names.contains(name)));
        let Some(target) = target else {
            show(&project, &versions, ui);
            return Ok(());
        };
        let force = self.force;
        let request = VersionRequest { target, force };
        let VersionPlan { plan, left } =
            plan::version(&request, &versions, &project.root, &texts(&versions)?)?;
        apply(context, &plan, Consent::Given)?;
        for lock in &left {
            ui.warn(&format!(
                "`{}` has another package of the same name and was left unchanged: run \
                 `cargo update --workspace`",
                project.display(lock)
            ));
        }
        Ok(())
    }
}

/// Every version, and the places that state it.
fn show(project: &Project, versions: &[Versioned], ui: &Ui) {
    for one in versions {
        let version = one.version.as_ref().map(ToString::to_string);
        let mut text = one.members.join(", ");
        let _ = writeln!(text, " {}", version.as_deref().unwrap_or("(no version)"));
        let mut places = Vec::new();
        for said in &one.statements {
            let path = project.display(&said.path);
            let _ = writeln!(text, "  {path}:{}: {}", said.line, said.text);
            places.push(json!({
                "path": path, "line": said.line, "kind": said.kind, "text": said.text,
            }));
        }
        ui.data(&text);
        ui.version(&json!({ "members": one.members, "version": version, "places": places }));
    }
}
