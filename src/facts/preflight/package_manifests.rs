//! One package that is about to be released.

use crate::facts::project::{Member, Project};
use crate::model::admitted;
use crate::model::finding::Finding;
use crate::world::manifest::{CargoToml, PyProject};

/// One package and its manifests.
pub(super) struct PackageManifests<'a> {
    pub(super) project: &'a Project,
    pub(super) member: &'a Member,
    pub(super) pyproject: &'a PyProject,
    pub(super) cargo: &'a CargoToml,
}

impl<'a> PackageManifests<'a> {
    /// `None` for a crate that is not a Python package.
    pub(super) fn of(project: &'a Project, member: &'a Member) -> Option<Self> {
        Some(Self {
            project,
            member,
            pyproject: member.pyproject.as_ref()?,
            cargo: &member.cargo,
        })
    }

    /// Places a finding at a value in pyproject.toml.
    pub(super) fn at(&self, finding: Finding, keys: &[&str]) -> Finding {
        let toml = &self.pyproject.toml;
        finding.at(&toml.path, Some(toml.line_of(keys)))
    }

    /// Whether maturin takes a field from Cargo.toml: if `dynamic` says so, if there is no `[project]` at
    /// all, and always up to maturin 1.9.1.
    pub(super) fn takes_from_cargo(&self, field: &str) -> bool {
        let lax = !admitted::admits_from(&self.member.maturin, [1, 9, 2]);
        let is_described = self.pyproject.toml.table(&["project"]).is_some();
        lax || !is_described || self.pyproject.is_dynamic(field)
    }

    /// Whether the distributions get the field of `[project]`, from there or from `cargo_field`.
    pub(super) fn has(&self, field: &str, cargo_fields: &[&str]) -> bool {
        let in_cargo = |name: &&str| self.cargo.toml.get(&["package", name]).is_some();
        self.pyproject.toml.get(&["project", field]).is_some()
            || (self.takes_from_cargo(field) && cargo_fields.iter().any(in_cargo))
    }
}
