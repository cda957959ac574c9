//! What checks a distribution, by name: pyx's own rules and the established linters.

/// The name of pyx's own rules among the checks.
pub const OWN_RULES: &str = "pyx";

/// A program that judges a distribution. In the order of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linter {
    Twine,
    Pydistcheck,
    WheelContents,
    Unpack,
    Abi3audit,
    Auditwheel,
    Stubtest,
}

impl Linter {
    const ALL: [Self; 7] = [
        Self::Twine,
        Self::Pydistcheck,
        Self::WheelContents,
        Self::Unpack,
        Self::Abi3audit,
        Self::Auditwheel,
        Self::Stubtest,
    ];

    /// As in tables and in `release.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twine => "twine",
            Self::Pydistcheck => "pydistcheck",
            Self::WheelContents => "check-wheel-contents",
            Self::Unpack => "wheel unpack",
            Self::Abi3audit => "abi3audit",
            Self::Auditwheel => "auditwheel",
            Self::Stubtest => "stubtest",
        }
    }

    /// The setting in pyproject.toml that would accept a finding, by its text; `None` if the linter does not
    /// allow that.
    pub fn acceptance(self, message: &str) -> Option<String> {
        let rule = match self {
            Self::WheelContents => message.split_once(':')?.0,
            Self::Pydistcheck => message.strip_prefix('[')?.split_once(']')?.0,
            _ => return None,
        };
        let linter = self.name();
        Some(format!("ignore = [\"{rule}\"] in `[tool.{linter}]`"))
    }
}

/// The position of a check in tables: pyx's own rules first, and last what this version does not know.
pub fn column(check: &str) -> usize {
    let linters = Linter::ALL.iter().map(|linter| linter.name());
    let mut all = std::iter::once(OWN_RULES).chain(linters);
    all.position(|known| known == check).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_would_accept_it() {
        let said = |linter: Linter, message| linter.acceptance(message).unwrap_or_default();
        let contents = said(Linter::WheelContents, "W004: Module is misplaced: a/b-c.py");
        assert_eq!(
            contents,
            "ignore = [\"W004\"] in `[tool.check-wheel-contents]`"
        );
        let distcheck = said(Linter::Pydistcheck, "[path-too-long] Path too long");
        assert_eq!(
            distcheck,
            "ignore = [\"path-too-long\"] in `[tool.pydistcheck]`"
        );
        assert_eq!(said(Linter::Twine, "ERROR bad markup"), "");
    }
}
