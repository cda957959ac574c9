//! The name that Python imports, and the name of the distribution.

use crate::facts::project_name::Name;
use crate::model::error::Result;
use crate::model::invocation::quote;
use crate::world::manifest::CargoToml;

use super::obstacles::Obstacle;
use super::options::AdoptionOptions;

/// The names of a crate in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleName {
    pub distribution: String,
    pub module: String,
}

impl ModuleName {
    pub(super) fn of(name: Name) -> Self {
        Self {
            distribution: name.krate,
            module: name.module,
        }
    }

    /// What was asked for; else the library's name, or, if Python would find another module of that name, the
    /// same with a suffix, and why.
    pub(super) fn choose(
        cargo: &CargoToml,
        options: &AdoptionOptions,
    ) -> Result<(Self, Option<Obstacle>)> {
        let own = cargo.lib_name().unwrap_or_default();
        let own = own.trim_matches('_');
        if let Some(module) = &options.module {
            let hint = |other: &str| format!("--module {}", other.replace('-', "_"));
            let named = Self::of(Name::parse(module, &[], hint)?);
            return Ok((named, None));
        }
        let package = cargo.package_name().unwrap_or_default();
        let file = quote(cargo.toml.path.as_str());
        let hint = |other: &str| {
            let other = other.replace('-', "_");
            format!("cargo pyx init --module {other}, or `[lib] name` in {file}")
        };
        let Err(error) = Name::parse(own, &[], hint) else {
            let distribution = package.trim_matches(['-', '_']).to_owned();
            let module = own.to_owned();
            return Ok((
                Self {
                    distribution,
                    module,
                },
                None,
            ));
        };
        let other = Name::parse(&format!("{own}_rs"), &[], hint)?;
        let why = format!("{error}; its name in Python is `{}`", other.module);
        let obstacle = Obstacle {
            why,
            is_final: false,
        };
        Ok((Self::of(other), Some(obstacle)))
    }
}
