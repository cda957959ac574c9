//! Packs sdists, and builds wheels from them.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{Flags, Options};
use crate::facts::preflight::cargo_config;
use crate::facts::project::METADATA;
use crate::facts::release::{
    DistributionKind, Entry, Package, PlannedWheel, Platform, Release, SOURCES, Staged,
};
use crate::facts::{Build, Product};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::path::executable;
use crate::model::step::StepId;
use crate::plan::action::{Action, Listen, Pack, Run};
use crate::plan::arguments::{maturin_feature_args, passed_args, without_notes};
use crate::plan::release_action::{Candidate, MendLock, ReleaseAction, Seal, Unpack, WheelRow};
use crate::plan::step::{Plan, Step};
use crate::world::tool::Tool;

use super::stage::{Stage, step};

/// Which wheels there will be, for people and for a CI matrix.
pub(super) fn overview(release: &Release) -> Vec<WheelRow> {
    let all = release
        .packages
        .iter()
        .flat_map(|package| package.wheels.iter().map(move |wheel| (package, wheel)));
    all.map(|(package, wheel)| WheelRow {
        package: package.name.clone(),
        abi: wheel.abi.label.clone(),
        python: wheel.abi.python.version.to_string(),
        platform: wheel.platform.wording(),
        target: wheel.platform.target.clone(),
        tests: wheel.trial.on().to_vec(),
        not_run: wheel.trial.lack().map(str::to_owned),
    })
    .collect()
}

pub(super) fn uses_zig(release: &Release) -> bool {
    let mut wheels = release.packages.iter().flat_map(|package| &package.wheels);
    wheels.any(|wheel| wheel.platform.zig)
}

/// Every package's sdist, packed again: only then is it known to match the sources.
pub(super) fn sdists(plan: &mut Plan, stage: &Stage<'_>) {
    let before: Vec<StepId> = plan.ids().collect();
    for (package, build) in stage.packages() {
        let mut needs = before.clone();
        let dir = package.copy.as_ref().unwrap_or(&build.member.dir);
        if let Some(copy) = &package.copy {
            let action = ReleaseAction::CopySources {
                from: build.member.dir.clone(),
                to: copy.clone(),
                without: METADATA,
            };
            let id = StepId::CopySources(copy.clone());
            needs.push(id.clone());
            let step = step(id, "Copying", "the unpacked sdist", action);
            plan.push(step.after(before.clone()));
        }
        let call = stage
            .maturin(package, build, dir, &stage.release.dir)
            .args(["sdist", "--out", package.sdist_dir.as_str()]);
        let action = Action::Pack(Box::new(Pack {
            run: Run::quiet(without_notes(call), Exit::Failed),
            dir: package.sdist_dir.clone(),
        }));
        let id = StepId::Sdist(package.name.clone());
        let subject = format!("the sdist of {}", package.name);
        plan.push(Step::new(id.clone(), "Packing", subject, action).after(needs));
        plan.push(mend_lock(stage, package, build).after([id]));
    }
}

/// maturin packs Cargo.lock unchanged, even if it leaves out members that the lock mentions.
fn mend_lock(stage: &Stage<'_>, package: &Package, build: &Build) -> Step {
    let scratch = stage
        .release
        .elsewhere
        .join("lock/target/package")
        .join(&package.name);
    let call = stage
        .context
        .cargo_call(&stage.context.tools.cargo, build, &scratch.join("target"))
        .dir(scratch.clone())
        .args(["metadata", "--format-version", "1", "--offline"])
        .env("CARGO_TARGET_DIR", scratch.join("target").as_str());
    let action = ReleaseAction::MendLock(MendLock {
        folder: package.sdist_dir.clone(),
        scratch,
        metadata: call,
    });
    let id = StepId::MendLock(package.name.clone());
    step(
        id,
        "Checking",
        format!("Cargo.lock in the sdist of {}", package.name),
        action,
    )
}

/// The wheels that are not staged yet, each ABI in a target directory of its own; with `--reproduce` also a
/// second time, at another path.
pub(super) fn wheels(plan: &mut Plan, stage: &Stage<'_>) {
    let dir = &stage.release.dir;
    for (package, build) in stage.packages() {
        let mut missing = Vec::new();
        let mut missing_again = Vec::new();
        for wheel in &package.wheels {
            if wheel.staged.is_none() {
                missing.push((wheel, wheel.folder.clone()));
            }
            if let Some((folder, None)) = &wheel.again {
                missing_again.push((wheel, folder.clone()));
            }
        }
        let once = BuildFolders::new(stage, dir, package);
        let again = BuildFolders::new(stage, &dir.join("again"), package);
        for (place, missing) in [(once, missing), (again, missing_again)] {
            if let Some(sdist) = &package.sdist
                && !missing.is_empty()
            {
                plan.then(unpack(sdist, &place));
                all(plan, stage, package, build, &place, &missing);
            }
        }
    }
}

/// Where a package is built.
struct BuildFolders {
    /// The folder of all unpacked sdists, absolute: rustc is given one replacement for it, so that packages
    /// share dependencies.
    sources: Utf8PathBuf,
    /// Its unpacked sdist, absolute.
    source: Utf8PathBuf,
    /// The folder of its target directories, one for each ABI, absolute.
    targets: Utf8PathBuf,
    /// Where maturin puts a wheel, absolute.
    out: Utf8PathBuf,
}

impl BuildFolders {
    fn new(stage: &Stage<'_>, dir: &Utf8Path, package: &Package) -> Self {
        // below the checkout its configuration would be found, which other users do not have
        let root = match stage.release.product {
            Product::Sdist => stage.release.elsewhere.clone(),
            Product::Wheels | Product::Check | Product::Publication => dir.join(SOURCES),
        };
        // cargo looks for no workspace above a folder of this name: it unpacks its own packages
        // in one
        let sources = root.join("target/package");
        Self {
            source: sources.join(&package.name),
            sources,
            targets: dir.join("builds"),
            out: dir.join("out"),
        }
    }
}

fn unpack(sdist: &Staged, place: &BuildFolders) -> Step {
    let action = ReleaseAction::Unpack(Unpack {
        sdist: sdist.path.clone(),
        to: place.source.clone(),
    });
    let id = StepId::Unpack(place.source.clone());
    step(id, "Unpacking", sdist.name(), action)
}

/// `missing`: wheels, each with its target folder.
fn all(
    plan: &mut Plan,
    stage: &Stage<'_>,
    package: &Package,
    build: &Build,
    place: &BuildFolders,
    missing: &[(&PlannedWheel, Utf8PathBuf)],
) {
    let mut seed: Option<Utf8PathBuf> = None;
    for (wheel, folder) in missing {
        let target = place.targets.join(wheel.label());
        // what does not depend on Python is compiled for the first only
        if let Some(from) = seed.clone()
            && wheel.platform.target.is_none()
        {
            let to = target.clone();
            let action = Action::Seed { from, to };
            let id = StepId::Seed(target.clone());
            plan.then(Step::new(id, "Seeding", "the build", action));
        }
        seed = seed.or(Some(target.clone()));
        let out = place.out.join(wheel.label());
        let call = stage.wheel(package, build, wheel, place, &out);
        let packages = build.locked.packages;
        let action = Action::Pack(Box::new(Pack {
            run: Run {
                hint: stage.lack(),
                ..Run::building(call, Listen::Maturin { packages })
            },
            dir: out.clone(),
        }));
        let (abi, platform) = (&wheel.abi.label, wheel.platform.wording());
        let words = format!("{} {abi} {platform}", package.name);
        let id = StepId::Wheel(folder.clone());
        plan.then(Step::new(id, "Building", words, action));
        let action = ReleaseAction::Seal(Seal {
            from: out,
            to: folder.clone(),
            remapped: stage.remapped(&place.sources),
            compiled: build.member.intermediate_dir(&target),
        });
        let id = StepId::Seal(folder.clone());
        plan.then(step(id, "Sealing", &package.name, action));
    }
}

/// With `--reproduce`: checks that both builds have the same bytes.
pub(super) fn compare(plan: &mut Plan, stage: &Stage<'_>) {
    for package in &stage.release.packages {
        for wheel in &package.wheels {
            if let (Some(first), Some((_, Some(second)))) = (&wheel.staged, &wheel.again) {
                let action = ReleaseAction::Compare {
                    first: first.path.clone(),
                    second: second.path.clone(),
                };
                let id = StepId::Compare(first.path.clone());
                plan.then(step(id, "Comparing", first.name(), action));
            }
        }
    }
}

/// What goes to `dist/` if everything passes.
pub(super) fn entries(stage: &Stage<'_>) -> Vec<Candidate> {
    let release = stage.release;
    let entry = |package: &Package, kind| Entry {
        distribution: package.name.clone(),
        version: package.version.clone(),
        kind,
        commit: release.commit.clone(),
        source: package.sdist.as_ref().map(|sdist| sdist.sha256.clone()),
        source_date_epoch: release.epoch,
        ..Entry::default()
    };
    let mut candidates = Vec::new();
    for package in &release.packages {
        match release.product {
            Product::Sdist => {
                let wheels = package.wheels.iter();
                let serves: Vec<String> = wheels.flat_map(|it| it.trial.on().to_vec()).collect();
                candidates.extend(package.sdist.iter().map(|staged| Candidate {
                    path: staged.path.clone(),
                    entry: entry(package, DistributionKind::Sdist),
                    serves: serves.clone(),
                }));
            }
            Product::Wheels | Product::Check | Product::Publication => {
                candidates.extend(package.wheels.iter().filter_map(|wheel| {
                    Some(Candidate {
                        path: wheel.staged.as_ref()?.path.clone(),
                        entry: Entry {
                            not_run: wheel.trial.lack().map(str::to_owned),
                            ..entry(package, DistributionKind::Wheel)
                        },
                        serves: wheel.trial.on().to_vec(),
                    })
                }));
            }
        }
    }
    candidates
}

impl Stage<'_> {
    /// maturin with the settings of every release build: where the tools are, and the date.
    fn maturin(
        &self,
        package: &Package,
        build: &Build,
        dir: &Utf8Path,
        target: &Utf8Path,
    ) -> Invocation {
        let tool = self.context.tools.maturin.get(&package.name);
        let program = tool.map_or_else(|| Utf8PathBuf::from("maturin"), |tool| tool.path.clone());
        self.context
            .cargo_call(&program, build, target)
            .dir(dir.to_owned())
            .path(&self.context.tool_dirs(), &self.context.caller.path)
            .env("SOURCE_DATE_EPOCH", self.release.epoch.to_string())
    }

    fn wheel(
        &self,
        package: &Package,
        build: &Build,
        wheel: &PlannedWheel,
        place: &BuildFolders,
        out: &Utf8Path,
    ) -> Invocation {
        let target = place.targets.join(wheel.label());
        let mut call = self
            .maturin(package, build, &place.source, &target)
            .arg("build")
            .args((!build.member.has_read_symbols()).then_some("--strip"))
            .args(["--out", out.as_str()])
            .args(["--interpreter", wheel.abi.python.path.as_str()])
            .args(platform_args(&wheel.platform))
            .args(release_options(build, &self.context.request.build))
            .args(passed_args(self.context.request, &build.options))
            .env("CARGO_TARGET_DIR", target.as_str());
        if !self.context.request.network.locked {
            let tool = self.context.tools.maturin.get(&package.name);
            call = call.arg(locked(tool)); // the sdist holds the lock
        }
        if wheel.platform.zig {
            let name = format!("ziglang/{}", executable("zig"));
            let zig = self.release.toolbox.site_packages().join(name);
            call = call.env("CARGO_ZIGBUILD_ZIG_PATH", zig.as_str());
        }
        self.flags(call, build, wheel, &place.sources)
    }

    /// rustc's flags: the project's own, and replacements for the paths of this machine.
    fn flags(
        &self,
        call: Invocation,
        build: &Build,
        wheel: &PlannedWheel,
        sources: &Utf8Path,
    ) -> Invocation {
        let own = self.remapped(sources);
        let own = own
            .iter()
            .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
            .chain(build.member.has_read_symbols().then(|| {
                // to zig, all is the same
                let what = if wheel.platform.zig {
                    "none"
                } else {
                    "debuginfo"
                };
                format!("-Cstrip={what}")
            }));
        let target = wheel.platform.target.as_deref();
        let (name, value) = self.release.rustflags.with(target, own.collect());
        call.env(&name, value)
    }

    /// What a build of the sdist lacks, if anything is known.
    fn lack(&self) -> Option<String> {
        if self.release.product != Product::Sdist {
            return None;
        }
        let finding = self
            .findings
            .iter()
            .find(|one| one.rule == cargo_config::RULE)?;
        Some(finding.wording(&self.context.project.root))
    }

    /// The paths that no file may contain, shorter ones first: rustc uses the last match.
    fn remapped(&self, sources: &Utf8Path) -> Vec<(Utf8PathBuf, String)> {
        let mut all = self.release.remapped.clone();
        all.push((sources.to_owned(), "/pyx/source".into()));
        all
    }
}

/// maturin accepts cargo's own options since 0.13; earlier versions passed on the value of an option of their
/// own.
fn locked(maturin: Option<&Tool>) -> &'static str {
    if maturin.is_none_or(|tool| tool.at_least([0, 13])) {
        "--locked"
    } else {
        "--cargo-extra-args=--locked"
    }
}

/// The profile and features of a wheel: maturin's defaults unless stated otherwise.
fn release_options(build: &Build, flags: &Flags) -> Vec<String> {
    let member = &build.member;
    let options = Options::new(member, None, flags);
    let mut args = match (&flags.profile, member.profile()) {
        (Some(profile), _) => vec!["--profile".to_owned(), profile.clone()],
        (None, Some(_)) => Vec::new(),
        (None, None) => vec!["--release".to_owned()],
    };
    args.extend(maturin_feature_args(&options));
    args
}

fn platform_args(platform: &Platform) -> Vec<String> {
    let mut args = Vec::new();
    if let Some(tag) = &platform.compatibility {
        args.extend(["--compatibility".to_owned(), tag.clone()]);
    }
    if let Some(target) = &platform.target {
        args.extend(["--target".to_owned(), target.clone()]);
    }
    args.extend(platform.zig.then(|| "--zig".to_owned()));
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_maturin_hands_on_what_cargo_is_to_be_told() {
        for (version, expected) in [
            ("0.12.20", "--cargo-extra-args=--locked"),
            ("0.13.0", "--locked"),
            ("1.9.6", "--locked"),
        ] {
            let tool = Tool {
                path: "/bin/maturin".into(),
                version: version.parse().ok(),
                missing: None,
            };
            assert_eq!(locked(Some(&tool)), expected, "{version}");
        }
        assert_eq!(locked(None), "--locked");
    }
}
