//! The Rust tests of a plan.

use crate::facts::build::{self, is_own_feature};
use crate::facts::suites::{DocumentedFeatures, RustSuite};
use crate::facts::{Build, Testing};
use crate::model::error::{PythonError, Result};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::minor;
use crate::model::step::StepId;

use super::action::{Action, Listen, Run};
use super::arguments::{
    default_feature_args, feature_args, passed_args, passed_to_nextest, profile_args,
};
use super::context::PlanContext;
use super::embedding;
use super::import_path::ImportPath;
use super::step::{Plan, Step};
use super::test_action::{Runner, Test, Untestable};

/// What the tests of a suite need before they are compiled, and, if the member was due to be built, their
/// compilation: it waits only for what is planned so far, so that other tests can run meanwhile.
///
/// # Errors
/// What a program cannot be linked with, except Python itself.
pub(super) fn prepare(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    testing: &Testing,
) -> Result<()> {
    if suite.links_python {
        if embedding::probe(context, build).is_err() {
            return Ok(()); // said in the place of their result
        }
        // its Python is configured once, for all calls
        let packages = [&suite.tested[..], &suite.documented].concat();
        let features = own_features(context, build, &packages);
        embedding::prepare(plan, context, build, &features)?;
    }
    // with fail-fast, nothing else is waited for
    let is_due = build.staleness.is_some() && !testing.fail_fast;
    if suite.tested.is_empty() || !is_due {
        return Ok(());
    }
    // beside `--no-run` nextest refuses, or ignores with a warning, whatever is about running tests
    let plain = Testing {
        fail_fast: true,
        ..Testing::default()
    };
    let (call, _) = tests(context, suite, build, &plain);
    let call = finish(call.arg("--no-run"), context, suite, build, &[])?;
    let action = Action::Run(Run {
        is_silent: true,
        ..Run::quiet(call, Exit::Failed)
    });
    let id = StepId::TestPrograms(suite.manifest.clone());
    // where it fails, the tests say so
    plan.then(Step::new(id, "Compiling", title(suite), action).optional());
    Ok(())
}

/// Makes cargo recompile packages, by name, that it would consider fresh.
pub(super) fn forget(build: &Build, crates: &[String]) -> Step {
    let dir = embedding::dir(build);
    let action = Action::Forget {
        crates: crates.to_vec(),
        dirs: build::build_folders(&build.member, &dir),
    };
    let id = StepId::ForgetTests(build.member.name.clone());
    Step::new(
        id,
        "Forgetting",
        format!("tests of {}", crates.join(", ")),
        action,
    )
}

/// Runs a suite after everything that is planned so far.
///
/// # Errors
/// As [`prepare`].
pub(super) fn suite(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    testing: &Testing,
) -> Result<()> {
    if suite.links_python
        && let Err(error) = embedding::probe(context, build)
    {
        plan.then(untestable(suite, &error, testing));
        return Ok(());
    }
    if !suite.starting_examples.is_empty() {
        plan.then(examples(context, suite, build)?);
    }
    for part in parts(suite, testing) {
        let (call, runner) = tests(context, &part.suite, build, testing);
        let has_own_words = !part.suite.own_harness.is_empty();
        let arguments = if part.suite.nextest || has_own_words {
            testing.arguments.clone()
        } else {
            with_threads(testing)
        };
        let call = finish(call, context, suite, build, &arguments)?;
        let mut test = Test::of(context, build, testing, call, runner);
        test.imports = imports(context, suite, build)?;
        test.suite = title(&part.suite);
        test.share = test.share.filter(|_| part.package.is_none());
        let action = Action::Test(Box::new(test));
        let id = StepId::RustTests {
            manifest: suite.manifest.clone(),
            package: part.package,
        };
        plan.then(Step::new(id, "Testing", title(&part.suite), action));
    }
    // rustdoc takes what it is given apart at blanks, which are in the names of its tests: a package's are
    // run whole, by one of the shards
    let is_here = |package: &&String| {
        let shard = testing.reporting.shard;
        shard.is_none_or(|shard| shard.holds(&format!("doctests of {package}")))
    };
    let documented: Vec<String> = suite.documented.iter().filter(is_here).cloned().collect();
    if !documented.is_empty() {
        let suite = &RustSuite {
            documented,
            ..suite.clone()
        };
        let call = cargo_test(context, suite, build, testing, "--doc");
        let call = finish(call, context, suite, build, &testing.arguments)?;
        let runner = Runner::Cargo { own_words: false };
        let subject = format!("doctests of {}", suite.documented.join(", "));
        let mut test = Test::of(context, build, testing, call, runner);
        test.imports = imports(context, suite, build)?;
        test.suite.clone_from(&subject);
        test.share = None;
        let action = Action::Test(Box::new(test));
        let id = StepId::Doctests(suite.manifest.clone());
        plan.then(Step::new(id, "Testing", subject, action));
    }
    Ok(())
}

/// The arguments of the test programs.
fn with_threads(testing: &Testing) -> Vec<String> {
    let mut arguments = testing.arguments.clone();
    let is_said = |word: &String| word.starts_with("--test-threads");
    if let Some(threads) = testing.threads
        && !arguments.iter().any(is_said)
    {
        arguments.push(format!("--test-threads={threads}"));
    }
    arguments
}

/// What one call tests.
struct Part {
    suite: RustSuite,
    /// The only one, which no other shard runs a part of.
    package: Option<String>,
}

/// One call for everything, unless it is shared among shards: a program with its own harness cannot be asked
/// for the names of its tests, so a package with one is tested entirely by one shard.
fn parts(suite: &RustSuite, testing: &Testing) -> Vec<Part> {
    let with = |tested: Vec<String>| RustSuite {
        own_harness: suite
            .own_harness
            .iter()
            .filter(|it| tested.contains(it))
            .cloned()
            .collect(),
        tested,
        ..suite.clone()
    };
    let has_own = |package: &&String| suite.own_harness.contains(package);
    let mut parts = Vec::new();
    match testing.reporting.shard {
        Some(shard) if !suite.nextest => {
            let (own, shared): (Vec<&String>, Vec<&String>) =
                suite.tested.iter().partition(has_own);
            let shared: Vec<String> = shared.into_iter().cloned().collect();
            parts.push(Part {
                suite: with(shared),
                package: None,
            });
            let own = own.into_iter().filter(|package| shard.holds(package));
            parts.extend(own.map(|package| Part {
                suite: with(vec![package.clone()]),
                package: Some(package.clone()),
            }));
        }
        _ => parts.push(Part {
            suite: suite.clone(),
            package: None,
        }),
    }
    parts.retain(|part| !part.suite.tested.is_empty());
    parts
}

fn title(suite: &RustSuite) -> String {
    format!("Rust tests of {}", suite.tested.join(", "))
}

/// The call that compiles and runs all but documentation tests, without arguments for them yet.
fn tests(
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    testing: &Testing,
) -> (Invocation, Runner) {
    if suite.nextest {
        return (nextest(context, suite, build, testing), Runner::Nextest);
    }
    let own_words = !suite.own_harness.is_empty();
    let call = cargo_test(context, suite, build, testing, "--tests");
    (call, Runner::Cargo { own_words })
}

/// Of all tested packages; cargo compiles them as for the tests themselves. If one does not compile, the test
/// that needs it fails.
fn examples(context: &PlanContext<'_>, suite: &RustSuite, build: &Build) -> Result<Step> {
    let mut call = context
        .cargo_call(&context.tools.cargo, build, &embedding::dir(build))
        .arg("build")
        .args(place_args(suite, build, &suite.tested))
        .args(profile_args(&build.options.profile))
        .args(features(context, suite, build, &suite.tested))
        .args(passed_args(context.request, &build.options))
        .arg("--examples");
    if suite.links_python {
        call = embedding::compile(call, context, build)?;
    }
    let packages = build.locked.packages;
    let action = Action::Run(Run::building(call, Listen::Cargo { packages }));
    let id = StepId::Examples(suite.manifest.clone());
    let subject = format!("the examples of {}", suite.starting_examples.join(", "));
    Ok(Step::new(id, "Building", subject, action).optional())
}

/// `which`: `--tests` or `--doc`.
fn cargo_test(
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    testing: &Testing,
    which: &str,
) -> Invocation {
    let packages = match which {
        "--doc" => &suite.documented,
        _ => &suite.tested,
    };
    context
        .cargo_call(&context.tools.cargo, build, &embedding::dir(build))
        .arg("test")
        .args(place_args(suite, build, packages))
        .args(profile_args(&build.options.profile))
        .args(features(context, suite, build, packages))
        .args((!testing.fail_fast).then_some("--no-fail-fast"))
        .args(passed_args(context.request, &build.options))
        .arg(which)
        // then no test is reported by name
        .args((testing.quiet && !testing.reporting.by_name).then_some("--quiet"))
}

/// nextest uses `--profile` for its own profiles.
fn nextest(
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    testing: &Testing,
) -> Invocation {
    let mut profile = profile_args(&build.options.profile);
    if let Some(flag) = profile.first_mut() {
        "--cargo-profile".clone_into(flag);
    }
    let quiet = ["--cargo-quiet", "--status-level", "fail"];
    let partition = testing
        .reporting
        .shard
        .map(|shard| ["--partition".to_owned(), format!("hash:{shard}")]);
    let threads = testing
        .threads
        .map(|it| ["--test-threads".to_owned(), it.to_string()]);
    let call = context
        .cargo_call(&context.tools.cargo, build, &embedding::dir(build))
        .args(["nextest", "run"])
        .args(place_args(suite, build, &suite.tested))
        .args(profile)
        .args(features(context, suite, build, &suite.tested))
        .args((!testing.fail_fast).then_some("--no-fail-fast"))
        .args(passed_to_nextest(context.request, &build.options))
        .args(testing.quiet.then_some(quiet).into_iter().flatten())
        .args(partition.into_iter().flatten())
        .args(threads.into_iter().flatten());
    if !testing.reporting.by_name {
        return call;
    }
    // one event a line on stdout, beside what people are told (nextest book, "Machine-readable output")
    call.args(["--message-format", "libtest-json-plus"])
        .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1")
}

fn place_args(suite: &RustSuite, build: &Build, packages: &[String]) -> Vec<String> {
    let member = &build.member;
    // there plain features are those of the package that the manifest is of
    let own = member.cargo.package_name().unwrap_or_default();
    let manifest = if member.resolver() == 1 && packages.iter().any(|package| package == own) {
        member.manifest()
    } else {
        &suite.manifest
    };
    let mut args = vec!["--manifest-path".to_owned(), manifest.to_string()];
    args.extend([
        "--target-dir".to_owned(),
        embedding::dir(build).into_string(),
    ]);
    for package in packages {
        let spec = suite.specs.get(package).unwrap_or(package);
        args.extend(["-p".to_owned(), spec.clone()]);
    }
    args
}

/// Adds the arguments of the test programs, and what those that embed Python need.
fn finish(
    mut call: Invocation,
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    arguments: &[String],
) -> Result<Invocation> {
    if !arguments.is_empty() {
        call = call.arg("--").args(arguments.iter().cloned());
    }
    if let Some(imports) = imports(context, suite, build)? {
        call = embedding::compile(call, context, build)?;
        call = embedding::execute(call, &imports, context, build)?;
    }
    Ok(call)
}

/// Where the tests import from, if they embed Python.
fn imports(
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
) -> Result<Option<ImportPath>> {
    if !suite.links_python {
        return Ok(None);
    }
    embedding::import_path(None, context, build).map(Some)
}

/// The failure in place of Rust tests that cannot be linked.
fn untestable(suite: &RustSuite, error: &PythonError, testing: &Testing) -> Step {
    let action = Action::Untestable(Box::new(Untestable {
        member: suite.member.clone(),
        why: error.to_string(),
        hint: error.hint(),
        fail_fast: testing.fail_fast,
    }));
    let packages = [&suite.tested[..], &suite.documented].concat();
    let subject = format!("Rust tests of {}", packages.join(", "));
    Step::new(
        StepId::RustTests {
            manifest: suite.manifest.clone(),
            package: None,
        },
        "Testing",
        subject,
        action,
    )
}

/// The feature flags for the packages that a call selects: those of the project's automation, with the
/// requested ones; else the extension's own, and those of its local dependencies in the extension.
fn features(
    context: &PlanContext<'_>,
    suite: &RustSuite,
    build: &Build,
    packages: &[String],
) -> Vec<String> {
    if let Some(said) = &suite.documented_features {
        return [documented_args(said), asked_features(build, said)].concat();
    }
    let mut args = own_features(context, build, packages);
    if build.member.resolver() > 1 {
        for package in packages {
            let taken = build.member.features_of(package);
            let named: Vec<String> = taken.iter().map(|it| format!("{package}/{it}")).collect();
            args.extend(feature_args(&named));
        }
    }
    args.extend(default_feature_args(&build.options).map(str::to_owned));
    args
}

fn documented_args(said: &DocumentedFeatures) -> Vec<String> {
    let flags = [
        (said.all, "--all-features"),
        (said.no_default, "--no-default-features"),
    ];
    let said_flags = flags.into_iter().filter(|(is_said, _)| *is_said);
    let mut args: Vec<String> = said_flags.map(|(_, flag)| flag.to_owned()).collect();
    args.extend(feature_args(&said.names));
    args
}

/// Those of the command line and of `[tool.pyx]`, if the extension's are not used.
fn asked_features(build: &Build, said: &DocumentedFeatures) -> Vec<String> {
    let member = &build.member;
    let own = build.options.own_features(member);
    let named: Vec<String> = own
        .filter(|feature| !member.features.contains(feature))
        .chain(&member.config().test.rust_features)
        .cloned()
        .collect();
    let mut args = feature_args(&named);
    let without_default = default_feature_args(&build.options)
        .filter(|_| !member.no_default_features() && !said.no_default);
    args.extend(without_default.map(str::to_owned));
    args
}

/// Those of the extension's crate, for the build and for tests, as far as a call selects a package that has
/// them: cargo rejects features of others.
fn own_features(context: &PlanContext<'_>, build: &Build, packages: &[String]) -> Vec<String> {
    let member = &build.member;
    let package = member.cargo.package_name().unwrap_or_default();
    let is_selected = |name: &str| packages.iter().any(|it| it == name);
    let is_known = |feature: &&String| {
        let of_dependency = feature
            .split_once('/')
            .map(|(name, _)| name.trim_end_matches('?'));
        is_selected(package) || of_dependency.is_some_and(is_selected)
    };
    // `PACKAGE/FEATURE` of the package itself is known to the second resolver only
    let is_prefixed = member.resolver() > 1;
    let python = context.target.base();
    let version = minor::of(&python.version);
    let conditional = member.conditional_features.iter();
    let conditional = conditional.filter(|it| it.is_for(python.implementation, version));
    let conditional = conditional.map(|it| &it.feature);
    let own = build.options.own_features(member);
    let named: Vec<String> = own
        .chain(conditional.filter(|it| is_own_feature(&member.cargo, it)))
        .chain(&member.config().test.rust_features)
        .filter(is_known)
        .map(|feature| {
            if is_prefixed && !feature.contains('/') {
                format!("{package}/{feature}")
            } else {
                feature.clone()
            }
        })
        .collect();
    feature_args(&named)
}
