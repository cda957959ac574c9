//! Platform tags (PEP 425, PEP 600, PEP 656).

use crate::model::manylinux;

use super::Format;

/// A platform tag, as far as it constrains binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlatformTag<'a> {
    Any,
    /// The oldest glibc 2.x on which it runs.
    Manylinux {
        glibc: u64,
        machine: &'a str,
    },
    Musllinux {
        machine: &'a str,
    },
    /// Without any promise.
    Linux {
        machine: &'a str,
    },
    Mac {
        machine: &'a str,
    },
    Windows {
        machine: &'a str,
    },
    Other,
}

impl<'a> PlatformTag<'a> {
    pub(super) fn parse(tag: &'a str) -> Self {
        let numbered = |rest: &'a str| {
            let (major, rest) = rest.split_once('_')?;
            let (minor, machine) = rest.split_once('_')?;
            Some((
                major.parse::<u64>().ok()?,
                minor.parse::<u64>().ok()?,
                machine,
            ))
        };
        if let Some(((2, glibc), machine)) = manylinux::promise(tag)
            && !machine.is_empty()
        {
            return Self::Manylinux { glibc, machine };
        }
        let known = tag.split_once('_').unwrap_or((tag, ""));
        match (known, numbered(known.1)) {
            (("any", ""), _) => Self::Any,
            (("win32", ""), _) => Self::Windows { machine: "x86" },
            (("win", machine), _) => Self::Windows { machine },
            (("linux", machine), _) => Self::Linux { machine },
            (("musllinux", _), Some((_, _, machine))) => Self::Musllinux { machine },
            (("macosx", _), Some((_, _, machine))) => Self::Mac { machine },
            _ => Self::Other,
        }
    }

    /// The binary format that it can load, and the machines it must be for; `None` if unknown.
    pub(super) fn machines(self) -> Option<(Format, Vec<&'a str>)> {
        Some(match self {
            Self::Manylinux { machine, .. }
            | Self::Musllinux { machine }
            | Self::Linux { machine } => match machine {
                "armv6l" | "armv7l" => (Format::Elf, vec!["arm"]),
                _ => (Format::Elf, vec![machine]),
            },
            Self::Mac { machine } => match machine {
                "arm64" => (Format::MachO, vec!["aarch64"]),
                "universal2" => (Format::MachO, vec!["aarch64", "x86_64"]),
                "x86_64" => (Format::MachO, vec!["x86_64"]),
                _ => return None, // older sets of machines
            },
            Self::Windows { machine } => match machine {
                "amd64" => (Format::Pe, vec!["x86_64"]),
                "arm64" => (Format::Pe, vec!["aarch64"]),
                "x86" => (Format::Pe, vec!["i686"]),
                _ => (Format::Pe, vec![machine]),
            },
            Self::Any | Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_tags_are_understood() {
        let manylinux = |glibc| PlatformTag::Manylinux {
            glibc,
            machine: "x86_64",
        };
        for (tag, platform) in [
            ("any", PlatformTag::Any),
            ("manylinux2014_x86_64", manylinux(17)),
            ("manylinux_2_34_x86_64", manylinux(34)),
            (
                "musllinux_1_2_aarch64",
                PlatformTag::Musllinux { machine: "aarch64" },
            ),
            ("linux_x86_64", PlatformTag::Linux { machine: "x86_64" }),
            (
                "macosx_10_12_x86_64",
                PlatformTag::Mac { machine: "x86_64" },
            ),
            (
                "macosx_11_0_universal2",
                PlatformTag::Mac {
                    machine: "universal2",
                },
            ),
            ("win32", PlatformTag::Windows { machine: "x86" }),
            ("win_arm64", PlatformTag::Windows { machine: "arm64" }),
            ("plan9", PlatformTag::Other),
        ] {
            assert_eq!(PlatformTag::parse(tag), platform, "{tag}");
        }
    }
}
