//! uv, which may consider the distribution in the environment outdated and rebuild it by itself.

use camino::Utf8Path;

use crate::execute::context::Context;
use crate::execute::uv_cache;
use crate::model::error::Result;
use crate::model::invocation::Invocation;
use crate::model::package_name;
use crate::plan::Prove;
use crate::world::process;

/// Makes uv consider the installation up to date, or warns that it will not.
pub(super) fn leave_alone(
    context: &Context<'_>,
    prove: &Prove,
    dist_info: &Utf8Path,
) -> Result<()> {
    let member = &prove.build.member;
    let Some(pyproject) = &member.pyproject else {
        return Ok(());
    };
    if pyproject.toml.table(&["project"]).is_none() {
        return Ok(()); // no project to uv
    }
    let mut trouble = uv_cache::settle(context.session, pyproject, dist_info)?;
    if trouble.is_none() && prove.installed && !is_content(context, prove)? {
        trouble = Some("uv considers it outdated".into());
    }
    if let Some(trouble) = trouble {
        let name = &member.name;
        context.ui.warn(&format!(
            "`uv run` and `uv sync` may replace the build of {name} ({trouble}); \
             use `uv run --no-sync`"
        ));
    }
    Ok(())
}

/// Whether uv, asked with the project's lock, would leave the install alone; without a lock it would have to
/// resolve first, and is not asked.
fn is_content(context: &Context<'_>, prove: &Prove) -> Result<bool> {
    let member = &prove.build.member;
    if prove.lock.is_none() {
        return Ok(true);
    }
    let invocation = Invocation::new(prove.uv.clone(), &prove.home)
        .args([
            "sync",
            "--dry-run",
            "--frozen",
            "--inexact",
            "--offline",
            "--no-progress",
        ])
        .args(["--python", prove.environment.python().as_str()])
        .args(["--package", &member.name])
        .without(&context.session.scrubbed())
        .env("UV_PROJECT_ENVIRONMENT", prove.environment.path.as_str());
    let output = process::read(&invocation)?;
    let touched = output.stderr.lines().any(|line| {
        let mut words = line.split_whitespace();
        let sign = words.next().unwrap_or_default();
        let name = words.next().unwrap_or_default();
        let name = package_name::of_requirement(name);
        matches!(sign, "-" | "+" | "~") && name.as_ref() == Some(&member.name)
    });
    Ok(output.status.success() && !touched)
}
