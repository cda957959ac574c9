//! `cargo pyx release wheel`, `sdist` and `check`: clap types to a [`Request`].

use camino::Utf8PathBuf;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::driver::Driver;
use crate::facts::{Product, Purpose, Releasing, Request, Strictness};
use crate::model::error::Result;
use crate::world::session::Session;

use super::build_args::{BuildArgs, folder, member, members as seen_from_here};
use super::global::CommandContext;

/// Build, check and test a set of wheels, then put them into `dist/`
///
/// Builds the wheels from the source distribution, for every installed Python that the project allows
/// (or one for all with the stable ABI). Each is checked, installed in a clean environment on every
/// installed interpreter it claims, imported and tested. Only a set that passes reaches `dist/`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx release wheel                                  for this machine's Pythons
  cargo pyx release wheel --dry-run                        list the wheels, and what tests them
  cargo pyx release wheel --python 3.12 --python 3.13      only for these
  cargo pyx release wheel --compatibility manylinux_2_28   for a newer glibc
  cargo pyx release wheel --target aarch64-unknown-linux-gnu
  cargo pyx release wheel --out-dir wheelhouse             to a folder other than dist/
  cargo pyx release wheel --reproduce                      prove that a second build is equal")]
pub struct Wheel {
    #[command(flatten)]
    pub set: SetArgs,
    /// Pythons to build for: versions or ranges [default: all that the project allows]. The path of a
    /// Python for another machine says where its wheels are tested
    #[arg(long, value_name = "REQ", value_parser = NonEmptyStringValueParser::new())]
    pub python: Vec<String>,
    /// Platform tag for Linux, as maturin names it [default: manylinux2014]
    #[arg(long, value_name = "TAG")]
    pub compatibility: Option<String>,
    /// Build for this target triple; wheels for another machine are tested if a Python for it and an
    /// emulator are installed
    #[arg(long, value_name = "TRIPLE")]
    pub target: Vec<String>,
    #[command(flatten)]
    pub build: BuildArgs,
}

/// What makes a set of distributions.
#[derive(Debug, Default, Args)]
pub struct SetArgs {
    /// Release only this package, by name or folder
    #[arg(short = 'p', long = "package", value_name = "MEMBER", value_parser = member)]
    pub package: Vec<String>,
    /// Also release uncommitted files
    #[arg(long)]
    pub allow_dirty: bool,
    #[command(flatten)]
    pub strict: StrictArgs,
    /// Only build and check; nothing goes to `dist/`
    #[arg(long)]
    pub no_test: bool,
    /// Build everything a second time elsewhere and prove that the bytes are equal
    #[arg(long)]
    pub reproduce: bool,
    #[command(flatten)]
    pub place: PlaceArgs,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct StrictArgs {
    /// Let linter warnings stop the release, too
    #[arg(long)]
    pub strict: bool,
}

impl StrictArgs {
    fn strictness(self) -> Strictness {
        if self.strict {
            Strictness::Warnings
        } else {
            Strictness::Errors
        }
    }
}

/// Where a released set is.
#[derive(Debug, Default, Args)]
pub struct PlaceArgs {
    /// Folder for the released set, instead of `dist/`
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub out_dir: Option<Utf8PathBuf>,
}

impl PlaceArgs {
    pub(super) fn out_dir(&self, session: &Session) -> Option<Utf8PathBuf> {
        self.out_dir.as_ref().map(|dir| session.absolute(dir))
    }
}

/// Build the source distribution, and test a wheel built from it
///
/// Builds the sdist, builds a wheel from the unpacked sdist, checks both, and tests the wheel in a
/// clean environment. Only an sdist that passes reaches `dist/`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx release sdist
  cargo pyx release sdist --allow-dirty --no-test")]
pub struct Sdist {
    #[command(flatten)]
    pub set: SetArgs,
}

/// Check the project and existing distributions, building nothing
///
/// Checks the project's versions, licences, Pythons and lock files, then wheels and sdists against every
/// rule, and with twine, auditwheel and other linters.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx release check                        the project, and what is in dist/
  cargo pyx release check --out-dir wheelhouse   a set that is elsewhere
  cargo pyx release check wheelhouse/*.whl       only these files")]
pub struct Check {
    /// Wheels and sdists to check [default: those in `dist/`]
    #[arg(value_name = "FILE")]
    pub files: Vec<Utf8PathBuf>,
    /// Check only this package, by name or folder
    #[arg(short = 'p', long = "package", value_name = "MEMBER", value_parser = member)]
    pub package: Vec<String>,
    /// Accept uncommitted files
    #[arg(long)]
    pub allow_dirty: bool,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
}

impl Wheel {
    pub(super) fn releasing(&self, session: &Session) -> Releasing {
        Releasing {
            product: Product::Wheels,
            pythons: self.python.clone(),
            compatibility: self.compatibility.clone(),
            targets: self.target.clone(),
            ..self.set.releasing(session)
        }
    }
}

impl SetArgs {
    fn releasing(&self, session: &Session) -> Releasing {
        Releasing {
            allow_dirty: self.allow_dirty,
            strictness: self.strict.strictness(),
            no_test: self.no_test,
            reproduce: self.reproduce,
            out_dir: self.place.out_dir(session),
            ..Releasing::default()
        }
    }
}

impl Sdist {
    pub(super) fn releasing(&self, session: &Session) -> Releasing {
        Releasing {
            product: Product::Sdist,
            ..self.set.releasing(session)
        }
    }
}

impl Check {
    pub(super) fn releasing(&self, session: &Session) -> Releasing {
        Releasing {
            product: Product::Check,
            allow_dirty: self.allow_dirty,
            strictness: self.strict.strictness(),
            files: self
                .files
                .iter()
                .map(|path| session.absolute(path))
                .collect(),
            out_dir: self.place.out_dir(session),
            ..Releasing::default()
        }
    }
}

/// Makes or checks distributions.
pub(super) fn perform(
    context: CommandContext<'_>,
    members: &[String],
    build: &BuildArgs,
    releasing: Releasing,
) -> Result<()> {
    let CommandContext {
        global,
        session,
        ui,
    } = context;
    let request = Request {
        manifest: global.manifest(session),
        members: seen_from_here(session, members),
        build: build.flags(session)?,
        network: global.network.into(),
        purpose: Purpose::Release(releasing),
        ..Request::default()
    };
    let driver = Driver {
        session,
        ui,
        request: &request,
    };
    if global.dry_run {
        return driver.show(&[]);
    }
    driver.perform().map(drop)
}
