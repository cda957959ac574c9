//! Options of the commands that build.

use camino::Utf8PathBuf;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::facts::build::{CargoArguments, Flags};
use crate::facts::dependencies::DependencySelection;
use crate::facts::{CommandPart, Purpose, Request};
use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::session::Session;

use super::global::CommandContext;

// set at each option: a heading of a struct would be that of all options after it
const CARGO: &str = "Cargo options";
const DEPENDENCIES: &str = "Dependency options";

/// Which packages of the workspace.
#[derive(Debug, Default, Args)]
pub struct PackageArgs {
    /// Build this package, by name or folder, and those it needs
    #[arg(short = 'p', long = "package", value_name = "MEMBER", value_parser = member)]
    pub package: Vec<String>,
    /// Act on all packages of the workspace, even from the folder of one of them
    #[arg(long, conflicts_with = "package")]
    pub workspace: bool,
    /// Exclude this package, by name or folder; it is still built if another package needs it
    #[arg(long, value_name = "MEMBER", value_parser = member)]
    pub exclude: Vec<String>,
}

/// What every command that builds takes.
#[derive(Debug, Default, Args)]
pub struct CommonArgs {
    #[command(flatten)]
    pub packages: PackageArgs,
    #[command(flatten)]
    pub build: BuildArgs,
    /// Also install this dependency group
    #[arg(long, value_name = "GROUP", help_heading = DEPENDENCIES)]
    pub group: Vec<String>,
    /// Install all dependency groups
    #[arg(long, help_heading = DEPENDENCIES)]
    pub all_groups: bool,
    /// Do not install this dependency group, even if it is a default one
    #[arg(long, value_name = "GROUP", help_heading = DEPENDENCIES)]
    pub no_group: Vec<String>,
    /// Also install this extra (optional dependencies)
    #[arg(long, value_name = "EXTRA", help_heading = DEPENDENCIES)]
    pub extra: Vec<String>,
    /// Install all extras
    #[arg(long, help_heading = DEPENDENCIES)]
    pub all_extras: bool,
    /// Redo everything, even if it is up to date
    #[arg(long)]
    pub force: bool,
    /// Directory for builds, instead of `CARGO_TARGET_DIR`
    #[arg(long, value_name = "DIR", help_heading = CARGO, value_parser = folder)]
    pub target_dir: Option<Utf8PathBuf>,
}

impl CommonArgs {
    /// For no Python in particular.
    ///
    /// # Errors
    /// As [`BuildArgs::flags`].
    pub(super) fn request(&self, context: CommandContext<'_>, purpose: Purpose) -> Result<Request> {
        let CommandContext {
            global, session, ..
        } = context;
        Ok(Request {
            manifest: global.manifest(session),
            members: members(session, &self.packages.package),
            workspace: self.packages.workspace,
            excluded: members(session, &self.packages.exclude),
            build: self.build.flags(session)?,
            python: None,
            wanted: self.dependencies(),
            force: self.force,
            network: global.network.into(),
            purpose,
            part: CommandPart::Whole,
        })
    }

    fn dependencies(&self) -> DependencySelection {
        DependencySelection {
            groups: self.group.clone(),
            all_groups: self.all_groups,
            without_groups: self.no_group.clone(),
            extras: self.extra.clone(),
            all_extras: self.all_extras,
        }
    }
}

#[derive(Debug, Default, Args)]
pub struct BuildArgs {
    /// Build with the release profile
    #[arg(short, long, conflicts_with = "profile")]
    pub release: bool,
    /// Build with this cargo profile
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub profile: Option<String>,
    /// Cargo features in addition to those in [tool.maturin], separated by spaces or commas
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Enable all features of the crate
    #[arg(long)]
    pub all_features: bool,
    /// Do not enable the crate's default features
    #[arg(long)]
    pub no_default_features: bool,
    #[command(flatten)]
    pub cargo: CargoArgs,
}

/// What is handed to cargo as it is (cargo book, `cargo build`).
#[derive(Debug, Default, Args)]
pub struct CargoArgs {
    /// Number of crates to compile in parallel and, for `test`, of tests to run in parallel
    #[arg(short, long, value_name = "N", help_heading = CARGO, value_parser = jobs)]
    pub jobs: Option<String>,
    /// Report how long each crate took, in cargo-timings/ in the target directory
    #[arg(long, help_heading = CARGO)]
    pub timings: bool,
    /// Override a cargo configuration value, or load a configuration file
    #[arg(long, value_name = "KEY=VALUE", help_heading = CARGO)]
    pub config: Vec<String>,
    /// Unstable flags for a nightly cargo
    #[arg(short = 'Z', value_name = "FLAG", help_heading = CARGO)]
    pub unstable: Vec<String>,
}

impl CargoArgs {
    fn arguments(&self, session: &Session) -> Result<CargoArguments> {
        let mut arguments = CargoArguments {
            jobs: self.jobs.clone(),
            timings: self.timings,
            unstable: self.unstable.clone(),
            ..CargoArguments::default()
        };
        for text in &self.config {
            let path = session.absolute(text);
            if text.contains('=') {
                arguments.config.push(text.clone());
            } else if disk::is_file(&path) {
                arguments.config_files.push(path);
            } else {
                let message = format!("`--config {text}` is neither KEY=VALUE nor a file");
                return Err(Error::Usage(message));
            }
        }
        Ok(arguments)
    }
}

/// As cargo takes it: how many, how many less than there are, or `default`.
fn jobs(text: &str) -> std::result::Result<String, String> {
    let is_number = text.parse::<i32>().is_ok_and(|number| number != 0);
    if is_number || text == "default" {
        return Ok(text.to_owned());
    }
    Err("expected a number other than 0, or `default`".to_owned())
}

/// What names a package of the project.
pub(super) fn member(text: &str) -> std::result::Result<String, String> {
    if text.is_empty() {
        return Err("the name or the folder of a package".to_owned());
    }
    Ok(text.to_owned())
}

/// The same words, with folders that are seen from the working directory absolute: the project knows the others
/// from its root.
pub(super) fn members(session: &Session, words: &[String]) -> Vec<String> {
    let seen = |word: &String| {
        let is_path = word.contains(std::path::is_separator) || [".", ".."].contains(&&**word);
        let path = session.absolute(word);
        if is_path && disk::is_dir(&path) {
            disk::resolve(&path).into_string()
        } else {
            word.clone()
        }
    };
    words.iter().map(seen).collect()
}

pub(super) fn folder(text: &str) -> std::result::Result<Utf8PathBuf, String> {
    if text.is_empty() {
        return Err("expected the path of a folder".to_owned());
    }
    Ok(text.into())
}

impl BuildArgs {
    /// What cargo is told, with the paths of `--config` absolute.
    ///
    /// # Errors
    /// [`Error::Usage`] where `--config` is neither a value nor a file.
    pub(super) fn flags(&self, session: &Session) -> Result<Flags> {
        let features = self.features.iter().flat_map(|text| text.split([' ', ',']));
        Ok(Flags {
            profile: if self.release {
                Some("release".into())
            } else {
                self.profile.clone()
            },
            features: features
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            all_features: self.all_features,
            no_default_features: self.no_default_features,
            cargo: self.cargo.arguments(session)?,
        })
    }
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct WatchArgs {
    /// Repeat after every file change, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_may_be_the_folder_that_one_sees_from_where_one_is() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for name in ["alpha", "beta"] {
            disk::write(&root.join(name).join("pyproject.toml"), b"").unwrap();
        }
        let session = Session {
            cwd: root.join("alpha"),
            ..Session::default()
        };
        let [alpha, beta] =
            ["alpha", "beta"].map(|name| disk::resolve(&root.join(name)).into_string());
        for (word, meant) in [
            (".", &alpha),
            ("../beta", &beta),
            ("../beta/", &beta),
            (&*beta, &beta),
            ("beta", &"beta".to_owned()),
            ("ws/beta", &"ws/beta".to_owned()),
        ] {
            assert_eq!(
                members(&session, &[word.to_owned()]),
                std::slice::from_ref(meant),
                "{word}"
            );
        }
    }
}
