//! The arguments of cargo and maturin for a build.

use crate::facts::Request;
use crate::facts::build::Options;
use crate::model::invocation::Invocation;

/// For a call that compiles nothing and has no target directory of pyx: cargo would record its compiler in
/// `target`, which a checkout need not ignore.
pub(super) fn without_notes(call: Invocation) -> Invocation {
    call.env("CARGO_CACHE_RUSTC_INFO", "0")
}

/// Profile, features, lock files.
pub(super) fn build_args(request: &Request, options: &Options) -> Vec<String> {
    let mut args = profile_args(&options.profile);
    args.extend(feature_args(&options.features));
    args.extend(default_feature_args(options).map(str::to_owned));
    args.extend(passed_args(request, options));
    args
}

pub(super) fn profile_args(profile: &str) -> Vec<String> {
    match profile {
        "dev" => Vec::new(),
        other => vec!["--profile".into(), other.into()],
    }
}

pub(super) fn feature_args(features: &[String]) -> Vec<String> {
    let mut args = Vec::new();
    for feature in features {
        args.extend(["--features".to_owned(), feature.clone()]);
    }
    args
}

/// maturin's own flag replaces the features in `[tool.maturin]`: it gets all of them or none.
pub(super) fn maturin_feature_args(options: &Options) -> Vec<String> {
    let mut args = Vec::new();
    if options.features_added {
        args.extend(feature_args(&options.features));
    }
    args.extend(default_feature_args(options).map(str::to_owned));
    args
}

pub(super) fn default_feature_args(options: &Options) -> Option<&'static str> {
    options
        .no_default_features
        .then_some("--no-default-features")
}

/// The arguments of every cargo and maturin call that compiles: about lock files, and those passed on to
/// cargo.
pub(super) fn passed_args(request: &Request, options: &Options) -> Vec<String> {
    let mut args: Vec<String> = lock_args(request).map(str::to_owned).collect();
    args.extend(options.cargo.words("--jobs"));
    args
}

/// Like [`passed_args`], for nextest, whose `--jobs` are tests.
pub(super) fn passed_to_nextest(request: &Request, options: &Options) -> Vec<String> {
    let mut args: Vec<String> = lock_args(request).map(str::to_owned).collect();
    args.extend(options.cargo.words("--build-jobs"));
    args
}

fn lock_args(request: &Request) -> impl Iterator<Item = &'static str> {
    let flags = [
        (request.network.offline, "--offline"),
        (request.network.locked, "--locked"),
    ];
    flags
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| flag)
}
