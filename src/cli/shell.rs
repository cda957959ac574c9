//! The shells that pyx prints scripts for.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    #[value(alias = "sh")]
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
}
