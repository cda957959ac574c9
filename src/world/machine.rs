//! The machine that a Linux program is for: its header tells, so nothing is run.

use std::sync::OnceLock;

use camino::Utf8Path;
use object::elf::{FileHeader32, FileHeader64, PT_INTERP};
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind, elf};

use crate::world::disk;

/// A processor and the C library that programs for it are linked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// In qemu's spelling: `aarch64`, `arm`, `ppc64le`.
    pub arch: &'static str,
    /// The end of a target triple: `gnu`, `musl`, `gnueabihf`.
    pub abi: String,
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.arch, self.abi)
    }
}

/// By the first part of a target triple; `None` for processors that no wheel is for.
fn arch_of_triple(first: &str) -> Option<&'static str> {
    Some(match first {
        "aarch64" => "aarch64",
        "i586" | "i686" => "i386",
        "loongarch64" => "loongarch64",
        "powerpc64" => "ppc64",
        "powerpc64le" => "ppc64le",
        "s390x" => "s390x",
        "x86_64" => "x86_64",
        _ if first.starts_with("riscv64") => "riscv64",
        _ if first.starts_with("arm") || first.starts_with("thumbv7") => "arm",
        _ => return None,
    })
}

fn arch_of_header(machine: elf::Machine, is_64: bool, is_little: bool) -> Option<&'static str> {
    Some(match (machine, is_64, is_little) {
        (elf::EM_AARCH64, true, true) => "aarch64",
        (elf::EM_ARM, false, true) => "arm",
        (elf::EM_386, false, true) => "i386",
        (elf::EM_LOONGARCH, true, true) => "loongarch64",
        (elf::EM_PPC64, true, false) => "ppc64",
        (elf::EM_PPC64, true, true) => "ppc64le",
        (elf::EM_RISCV, true, true) => "riscv64",
        (elf::EM_S390, true, false) => "s390x",
        (elf::EM_X86_64, true, true) => "x86_64",
        _ => return None,
    })
}

/// By the loader of a program: `/lib/ld-musl-aarch64.so.1`.
fn abi_of_loader(arch: &str, loader: &str) -> String {
    let name = loader.rsplit('/').next().unwrap_or(loader);
    let library = if name.starts_with("ld-musl-") {
        "musl"
    } else {
        "gnu"
    };
    let floats = match arch {
        "arm" if name.contains("armhf") => "eabihf",
        "arm" => "eabi",
        _ => "",
    };
    format!("{library}{floats}")
}

impl Machine {
    /// `None` for systems other than Linux.
    pub fn of_triple(triple: &str) -> Option<Self> {
        let (first, abi) = (triple.split('-').next()?, triple.rsplit('-').next()?);
        let is_known = abi.starts_with("gnu") || abi.starts_with("musl");
        (triple.contains("-linux-") && is_known).then_some(())?;
        Some(Self {
            arch: arch_of_triple(first)?,
            abi: abi.to_owned(),
        })
    }

    /// Its name in the folders of a system: `aarch64-linux-gnu`.
    pub fn multiarch(&self) -> String {
        let cpu = match self.arch {
            "ppc64" => "powerpc64",
            "ppc64le" => "powerpc64le",
            arch => arch,
        };
        format!("{cpu}-linux-{}", self.abi)
    }

    /// The processor in the spelling of platform tags: `armv7l`.
    pub fn tag(&self) -> &'static str {
        match self.arch {
            "arm" => "armv7l",
            "i386" => "i686",
            arch => arch,
        }
    }

    /// Whether its C library is musl.
    pub fn is_musl(&self) -> bool {
        self.abi.starts_with("musl")
    }
}

/// What the header of a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// As in [`Machine::arch`].
    pub arch: &'static str,
    /// Its loader, absolute; `None` if it needs none.
    pub loader: Option<String>,
}

impl Program {
    /// `None` for what is not a Linux program, such as a script.
    pub fn read(path: &Utf8Path) -> Option<Self> {
        let file = ReadCache::new(disk::open(path)?);
        match FileKind::parse(&file).ok()? {
            FileKind::Elf32 => read::<FileHeader32<Endianness>>(&file),
            FileKind::Elf64 => read::<FileHeader64<Endianness>>(&file),
            _ => None,
        }
    }

    /// `None` for a program without a loader, which contains its C library.
    pub fn machine(&self) -> Option<Machine> {
        let loader = self.loader.as_ref()?;
        Some(Machine {
            arch: self.arch,
            abi: abi_of_loader(self.arch, loader),
        })
    }

    /// Whether it is for a machine other than this system's programs.
    pub fn is_foreign(&self) -> bool {
        let Some(own) = of_this_system() else {
            return false;
        };
        let others = |machine: Machine| own.machine().is_some_and(|own| own != machine);
        own.arch != self.arch || self.machine().is_some_and(others)
    }
}

/// Whether the C library of this system is musl. musl's loader exists on other systems too, if someone builds
/// for it.
pub fn system_has_musl() -> bool {
    let machine = of_this_system().and_then(Program::machine);
    machine.is_some_and(|machine| machine.is_musl())
}

/// Not what this program was compiled for: one that is linked with musl runs on any Linux.
fn of_this_system() -> Option<&'static Program> {
    static OWN: OnceLock<Option<Program>> = OnceLock::new();
    let read = || cfg!(target_os = "linux").then(|| Program::read(Utf8Path::new("/bin/sh")));
    OWN.get_or_init(|| read().flatten()).as_ref()
}

fn read<Elf: FileHeader<Endian = Endianness>>(file: &ReadCache<std::fs::File>) -> Option<Program> {
    let header = Elf::parse(file).ok()?;
    let endian = header.endian().ok()?;
    let is_little = endian == Endianness::Little;
    let arch = arch_of_header(header.e_machine(endian), header.is_type_64(), is_little)?;
    let segments = header.program_headers(endian, file).ok()?;
    let loader = segments
        .iter()
        .find(|segment| segment.p_type(endian) == PT_INTERP)
        .and_then(|segment| segment.interpreter(endian, file).ok()?);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Program {
        arch,
        loader: loader.map(text),
    })
}

/// The header of a 64-bit little-endian program, and its loader.
#[cfg(test)]
pub(crate) fn header(machine: elf::Machine, loader: &str) -> Vec<u8> {
    let (start, segment, text) = (64_u64, 56_u64, loader.len() as u64 + 1);
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    for word in [elf::ET_EXEC.0, machine.0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes());
    for word in [0, start, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(PT_INTERP.0.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    for word in [start + segment, 0, 0, text, text, 1] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(loader.as_bytes());
    bytes.push(0);
    bytes
}

/// A machine that differs from this one, the header of its programs, and their loader.
#[cfg(test)]
pub(crate) fn another() -> (Machine, elf::Machine, &'static str) {
    let [arm, riscv] = [
        (
            "aarch64-unknown-linux-gnu",
            elf::EM_AARCH64,
            "/lib/ld-linux-aarch64.so.1",
        ),
        (
            "riscv64gc-unknown-linux-gnu",
            elf::EM_RISCV,
            "/lib/ld-linux-riscv64-lp64d.so.1",
        ),
    ];
    let is_arm = std::env::consts::ARCH == "aarch64";
    let (triple, header, loader) = if is_arm { riscv } else { arm };
    (Machine::of_triple(triple).unwrap(), header, loader)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_names_the_machine_that_the_header_of_its_programs_tells() {
        for (triple, header, loader) in [
            (
                "aarch64-unknown-linux-gnu",
                (elf::EM_AARCH64, true, true),
                "/lib/ld-linux-aarch64.so.1",
            ),
            (
                "aarch64-unknown-linux-musl",
                (elf::EM_AARCH64, true, true),
                "/lib/ld-musl-aarch64.so.1",
            ),
            (
                "armv7-unknown-linux-gnueabihf",
                (elf::EM_ARM, false, true),
                "/lib/ld-linux-armhf.so.3",
            ),
            (
                "armv7-unknown-linux-musleabihf",
                (elf::EM_ARM, false, true),
                "/lib/ld-musl-armhf.so.1",
            ),
            (
                "arm-unknown-linux-gnueabi",
                (elf::EM_ARM, false, true),
                "/lib/ld-linux.so.3",
            ),
            (
                "powerpc64le-unknown-linux-gnu",
                (elf::EM_PPC64, true, true),
                "/lib64/ld64.so.2",
            ),
            (
                "s390x-unknown-linux-gnu",
                (elf::EM_S390, true, false),
                "/lib/ld64.so.1",
            ),
            (
                "riscv64gc-unknown-linux-gnu",
                (elf::EM_RISCV, true, true),
                "/lib/ld-linux-riscv64-lp64d.so.1",
            ),
            (
                "i686-unknown-linux-gnu",
                (elf::EM_386, false, true),
                "/lib/ld-linux.so.2",
            ),
        ] {
            let (machine, is_64, is_little) = header;
            let program = Program {
                arch: arch_of_header(machine, is_64, is_little).unwrap(),
                loader: Some(loader.to_owned()),
            };
            assert_eq!(program.machine(), Machine::of_triple(triple), "{triple}");
        }
        for other in [
            "aarch64-apple-darwin",
            "x86_64-pc-windows-gnu",
            "wasm32-unknown-unknown",
            "aarch64-linux-android",
        ] {
            assert_eq!(Machine::of_triple(other), None, "{other}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_programs_of_this_system_are_not_foreign() {
        let own = std::env::current_exe().unwrap();
        let own = Program::read(Utf8Path::from_path(&own).unwrap()).unwrap();
        assert_eq!(Some(own.arch), arch_of_triple(std::env::consts::ARCH));
        let shell = Program::read(Utf8Path::new("/bin/sh")).unwrap();
        assert!(!shell.is_foreign());
        let arch = if own.arch == "s390x" { "arm" } else { "s390x" };
        let other = Program { arch, loader: None };
        assert!(other.is_foreign());
        let libraries = ["/lib/ld-musl-x.so.1", "/lib/ld-linux-x.so.1"].map(|loader| {
            let loader = Some(loader.to_owned());
            let arch = shell.arch;
            Program { arch, loader }.is_foreign()
        });
        assert_eq!(libraries.iter().filter(|is| **is).count(), 1);
    }

    #[test]
    fn the_header_of_a_file_is_read() {
        let temp = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(temp.path()).unwrap().join("python3");
        let (machine, of_header, loader) = another();
        disk::write(&file, &header(of_header, loader)).unwrap();
        let program = Program::read(&file).unwrap();
        assert_eq!(program.loader.as_deref(), Some(loader));
        assert_eq!(program.machine(), Some(machine));
        assert_eq!(program.is_foreign(), cfg!(target_os = "linux"));
    }

    #[test]
    fn a_script_is_for_every_machine() {
        let temp = tempfile::tempdir().unwrap();
        let script = Utf8Path::from_path(temp.path()).unwrap().join("python3");
        disk::write(&script, b"#!/bin/sh\n").unwrap();
        assert_eq!(Program::read(&script), None);
    }
}
