//! What a file must pass besides its tests: pyx's own rules and the established linters.
//!
//! A linter has its name in [`Linter`], its pin in `world/tool/release.txt`, its command here, and its output
//! is interpreted in `execute/release/linters.rs`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{DistributionName, Expected, WHEEL_ENDING, WheelName};
use crate::facts::release::{CheckOutcome, Checked, Linter, OWN_RULES, Package, Release, Staged};
use crate::facts::{Product, Strictness};
use crate::model::error::{Error, Result};
use crate::model::finding;
use crate::model::package_name;
use crate::model::venv;
use crate::world::disk;

use crate::model::step::StepId;
use crate::plan::release_action::{Check, How, RecordChecks, ReleaseAction, Verdict};
use crate::plan::step::{Plan, Step};

use super::stage::{Stage, step};

/// How many checks run at a time.
const LANES: usize = 2;

/// The checks of what is staged, unless an earlier run made them.
pub(super) fn staged(plan: &mut Plan, stage: &Stage<'_>) {
    let mut lanes = Lanes::after(plan);
    for package in &stage.release.packages {
        for file in files(stage.release, package) {
            if file.checks.is_some() {
                continue;
            }
            let steps = of(stage, &file.path, file.name(), &package.expected);
            let own: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
            for step in steps {
                lanes.push(plan, step);
            }
            plan.push(
                record(stage.release, file)
                    .after(lanes.before.clone())
                    .after(own),
            );
        }
    }
}

/// The checks of existing files, and the verdict on them.
///
/// # Errors
/// [`Error::Refused`] if there are none.
pub(super) fn existing(plan: &mut Plan, stage: &Stage<'_>) -> Result<()> {
    let files = &stage.release.existing;
    if files.is_empty() {
        let dist = stage.context.show(&stage.release.dist);
        let message = format!("no wheel and no sdist in `{dist}`");
        return Err(Error::refused(message, "cargo pyx release wheel"));
    }
    let mut lanes = Lanes::after(plan);
    let labels = labels(stage, files);
    for (file, label) in files.iter().zip(&labels) {
        for step in of(stage, file, label, &expected(stage.release, file)) {
            lanes.push(plan, step);
        }
    }
    let ran = files.iter().zip(&labels);
    let ran = ran.filter_map(|(file, label)| {
        let words = stage.release.ran.get(file)?;
        Some((label.clone(), words.clone()))
    });
    let verdict = Verdict {
        ran: ran.collect(),
        files: labels,
        errors: finding::errors(stage.findings),
        known: Vec::new(),
    };
    plan.then(judge(verdict));
    Ok(())
}

fn judge(verdict: Verdict) -> Step {
    let action = ReleaseAction::Verdict(verdict);
    step(StepId::Verdict, "Judging", "the checks", action)
}

/// Without tests nothing is released: the checks decide, and the files stay where they are staged.
pub(super) fn verdict_on_staged(plan: &mut Plan, stage: &Stage<'_>) {
    let mut paths = Vec::new();
    for package in &stage.release.packages {
        let files = files(stage.release, package);
        paths.extend(files.into_iter().map(|file| file.path.clone()));
    }
    plan.then(judge(Verdict {
        files: labels(stage, &paths),
        errors: 0,
        known: known(stage.release),
        ran: BTreeMap::new(),
    }));
}

/// Checks run side by side, this many at a time.
struct Lanes {
    /// What all of them wait for.
    before: Vec<StepId>,
    planned: Vec<StepId>,
}

impl Lanes {
    fn after(plan: &Plan) -> Self {
        Self {
            before: plan.ids().collect(),
            planned: Vec::new(),
        }
    }

    fn push(&mut self, plan: &mut Plan, step: Step) {
        let earlier = self.planned.len().checked_sub(LANES);
        let earlier = earlier.map(|at| self.planned[at].clone());
        self.planned.push(step.id.clone());
        plan.push(step.after(self.before.clone()).after(earlier));
    }
}

/// The files' names; their paths if two have the same name.
fn labels(stage: &Stage<'_>, files: &[Utf8PathBuf]) -> Vec<String> {
    let mut names: Vec<Option<&str>> = files.iter().map(|file| file.file_name()).collect();
    names.sort_unstable();
    let is_unique = names.windows(2).all(|pair| pair[0] != pair[1]);
    let label = |file: &Utf8PathBuf| match file.file_name() {
        Some(name) if is_unique => name.to_owned(),
        _ => stage.context.show(file),
    };
    files.iter().map(label).collect()
}

/// What is expected of a file, according to the package it is a distribution of.
fn expected(release: &Release, file: &Utf8Path) -> Expected {
    let name = file.file_name().unwrap_or_default();
    let known = DistributionName::parse(name).and_then(|name| {
        let own = name.package();
        release.packages.iter().find(|package| package.name == own)
    });
    known
        .map(|package| package.expected.clone())
        .unwrap_or_default()
}

fn files<'a>(release: &Release, package: &'a Package) -> Vec<&'a Staged> {
    let wheels = package
        .wheels
        .iter()
        .filter_map(|wheel| wheel.staged.as_ref());
    match release.product {
        Product::Sdist => package.sdist.iter().chain(wheels).collect(),
        Product::Wheels | Product::Check | Product::Publication => wheels.collect(),
    }
}

/// What earlier runs found about the staged files.
pub(super) fn known(release: &Release) -> Vec<Checked> {
    let files = release.packages.iter().flat_map(|p| files(release, p));
    files
        .flat_map(|file| file.checks.clone().unwrap_or_default())
        .collect()
}

fn record(release: &Release, file: &Staged) -> Step {
    let action = ReleaseAction::RecordChecks(RecordChecks {
        file: file.name().to_owned(),
        path: file.path.with_file_name("checks.json"),
        rules: release.rules.clone(),
    });
    let id = StepId::RecordChecks(file.path.clone());
    step(id, "Recording", file.name(), action)
}

fn of(stage: &Stage<'_>, file: &Utf8Path, label: &str, expected: &Expected) -> Vec<Step> {
    let mut checks = vec![How::Inspect(Box::new(expected.clone()))];
    checks.extend(linters(stage, file, &expected.tops));
    // which says whether others may unpack it
    let first = StepId::Check(OWN_RULES, file.to_owned());
    let as_step = |how: How| {
        let check = match &how {
            How::Inspect(_) => OWN_RULES,
            How::Tool { linter, .. } => linter.name(),
        };
        let action = ReleaseAction::Check(Check {
            check,
            file: file.to_owned(),
            label: label.to_owned(),
            how,
        });
        let id = StepId::Check(check, file.to_owned());
        let before = (id != first).then(|| first.clone());
        step(id, "Checking", format!("{label} ({check})"), action).after(before)
    };
    checks.into_iter().map(as_step).collect()
}

/// So wide that no linter breaks its lines.
const WIDE: &str = "1000";

/// A folder that only this file's checks use.
fn own(stage: &Stage<'_>, folder: &str, file: &Utf8Path) -> Utf8PathBuf {
    let key = disk::digest(file.as_str().as_bytes());
    stage.release.dir.join(folder).join(&key[..16])
}

/// pydistcheck's rules on taste: hidden files, blanks in paths, the number of files. Sizes are judged by
/// PyPI's limits.
const TASTE: [&str; 7] = [
    "distro-too-large-compressed",
    "distro-too-large-uncompressed",
    "expected-files",
    "mixed-file-extensions",
    "path-contains-spaces",
    "too-many-files",
    "unexpected-files",
];

/// Its rule for any library whose symbols were not all stripped.
const SYMBOLS: &str = "compiled-objects-have-debug-symbols";

/// Whether it is a wheel with a library whose symbols were needed to generate its Python code.
fn holds_read_symbols(stage: &Stage<'_>, file: &Utf8Path) -> bool {
    let name = file.file_name().and_then(WheelName::parse);
    name.is_some_and(|name| {
        let mut packages = stage.packages();
        packages.any(|(package, build)| {
            build.member.has_read_symbols()
                && package_name::normalize(&name.distribution) == package.name
        })
    })
}

/// The linters for such a file. `tops`: what is to be at the top level of a wheel, if stated.
fn linters(stage: &Stage<'_>, file: &Utf8Path, tops: &[String]) -> Vec<How> {
    let toolbox = &stage.release.toolbox;
    // where the project may configure them
    let root = &stage.context.project.root;
    let on_file = |linter, program: &str, words: &[&str]| How::Tool {
        before: Vec::new(),
        invocation: stage
            .context
            .call(&toolbox.program(program), root)
            .args(words.iter().copied())
            .arg(file.as_str())
            .env("NO_COLOR", "1")
            .env("COLUMNS", WIDE),
        linter,
    };
    let twine: &[&str] = match stage.releasing.strictness {
        Strictness::Warnings => &["check", "--strict"],
        Strictness::Errors => &["check"],
    };
    let needed = holds_read_symbols(stage, file).then_some(&SYMBOLS);
    let accepted = stage.release.distcheck_ignored.iter().map(|rule| &**rule);
    let ignored = TASTE.into_iter().chain(needed.copied()).chain(accepted);
    let ignored: Vec<&str> = ignored.flat_map(|rule| ["--ignore", rule]).collect();
    let mut linters = vec![
        on_file(Linter::Twine, "twine", twine),
        on_file(Linter::Pydistcheck, "pydistcheck", &ignored),
    ];
    let name = file.file_name().unwrap_or_default();
    if !name.ends_with(WHEEL_ENDING) {
        return linters;
    }
    let named = tops.join(",");
    let words = ["--toplevel", &named];
    let words = if tops.is_empty() { &[] } else { &words[..] };
    linters.push(on_file(
        Linter::WheelContents,
        "check-wheel-contents",
        words,
    ));
    let scratch = own(stage, "scratch", file);
    let unpack = ["unpack", "--dest", scratch.as_str()];
    linters.push(on_file(Linter::Unpack, "wheel", &unpack));
    let tags = WheelName::parse(name).map(|name| name.tags);
    let tags = tags.unwrap_or_default();
    if tags.is_stable_abi() {
        let words = ["--strict", "--report"];
        linters.push(on_file(Linter::Abi3audit, "abi3audit", &words));
    }
    if tags.glibc().is_some() && cfg!(target_os = "linux") {
        let words = ["show", "--json"];
        linters.push(on_file(Linter::Auditwheel, "auditwheel", &words));
    }
    if imports(stage) && tags.admit(toolbox.minor) && stage.release.installs(&tags) {
        linters.push(stubtest(stage, file));
    }
    linters
}

/// Whether what is checked may be imported: what was just built, and what the user named. A file in `dist/`
/// may come from anyone.
fn imports(stage: &Stage<'_>) -> bool {
    match stage.releasing.product {
        Product::Wheels | Product::Sdist => true,
        Product::Check => !stage.releasing.files.is_empty(),
        Product::Publication => false,
    }
}

/// Where the other distributions of the set are, which this one may depend on.
fn siblings(stage: &Stage<'_>, file: &Utf8Path) -> Vec<String> {
    let release = stage.release;
    let staged = release
        .packages
        .iter()
        .flat_map(|package| files(release, package));
    let all = staged
        .map(|one| &*one.path)
        .chain(release.existing.iter().map(|one| &**one));
    let mut folders: Vec<&Utf8Path> = all.chain([file]).filter_map(Utf8Path::parent).collect();
    folders.sort();
    folders.dedup();
    let pairs = folders.into_iter();
    pairs
        .flat_map(|folder| ["--find-links".to_owned(), folder.to_string()])
        .collect()
}

/// mypy's comparison of stubs with the installed module, on the interpreter that mypy is installed in.
fn stubtest(stage: &Stage<'_>, file: &Utf8Path) -> How {
    let toolbox = &stage.release.toolbox;
    let env = own(stage, "stubs", file);
    let python = venv::python(&env);
    let uv = |words: &[&str]| stage.context.uv().args(words.iter().copied());
    let made = [
        "venv",
        "--quiet",
        "--clear",
        "--no-project",
        "--no-config",
        "--python",
    ];
    let install = ["pip", "install", "--quiet", "--python", python.as_str()];
    let install = || uv(&install).arg(file.as_str());
    let alone = install().args(["--no-deps", "--no-index", "--no-cache"]);
    let dependencies = install()
        .args(siblings(stage, file))
        .args(stage.context.offline());
    How::Tool {
        before: vec![
            (
                uv(&made).args([toolbox.python.as_str(), env.as_str()]),
                CheckOutcome::Crashed,
            ),
            (alone, CheckOutcome::Finding),
            (dependencies, CheckOutcome::Crashed),
        ],
        invocation: stage
            .context
            .call(&python, &env)
            .args(["-m", "mypy.stubtest", "--concise", "--ignore-missing-stub"])
            .env("PYTHONPATH", toolbox.site_packages().as_str()),
        linter: Linter::Stubtest,
    }
}
