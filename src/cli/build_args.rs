//! Options of the commands that build.

use clap::Args;

use crate::facts::build::Flags;

/// What every command that builds takes.
#[derive(Debug, Default, Args)]
pub struct CommonArgs {
    /// Build this package, by name or folder, and those it needs
    #[arg(short = 'p', long = "package", value_name = "MEMBER")]
    pub package: Vec<String>,
    #[command(flatten)]
    pub build: BuildArgs,
    /// Install this dependency group as well
    #[arg(long, value_name = "GROUP")]
    pub group: Vec<String>,
    /// Install this extra (optional dependencies) as well
    #[arg(long, value_name = "EXTRA")]
    pub extra: Vec<String>,
    /// Do everything again, whatever is recorded
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Default, Args)]
pub struct BuildArgs {
    /// Build with the release profile
    #[arg(short, long, conflicts_with = "profile")]
    pub release: bool,
    /// Build with this cargo profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Cargo features on top of those in [tool.maturin], separated by blanks or commas
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Do not enable the crate's default features
    #[arg(long)]
    pub no_default_features: bool,
}

impl BuildArgs {
    pub(super) fn flags(&self) -> Flags {
        let features = self.features.iter().flat_map(|text| text.split([' ', ',']));
        Flags {
            profile: if self.release {
                Some("release".into())
            } else {
                self.profile.clone()
            },
            features: features
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            no_default_features: self.no_default_features,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct WatchArgs {
    /// Do it again after every change of a file, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}
