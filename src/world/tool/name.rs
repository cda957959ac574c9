//! The tools that pyx provides.

use pep440_rs::Version;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolName {
    Uv,
    Maturin,
    Just,
    Patchelf,
    Sccache,
}

impl ToolName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Maturin => "maturin",
            Self::Just => "just",
            Self::Patchelf => "patchelf",
            Self::Sccache => "sccache",
        }
    }

    /// The oldest version whose command line pyx supports. uv: `pip install --group`; maturin: CPython 3.10
    /// and `[tool.maturin]`; just: `[metadata]` of recipes; sccache: numbers as JSON, and Redis by its
    /// endpoint.
    pub fn oldest(self) -> Version {
        Version::new(match self {
            Self::Uv | Self::Sccache => [0, 7, 0],
            Self::Maturin => [0, 12, 0],
            Self::Just => [1, 42, 0],
            Self::Patchelf => [0, 0, 0], // maturin looks for it, and at its version
        })
    }
}
