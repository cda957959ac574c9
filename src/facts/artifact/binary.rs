//! Shared libraries and programs: what they run on, need and export.

use std::collections::BTreeSet;

use camino::Utf8Path;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, FileHeader32, FileHeader64};
use object::macho::{FatHeader, MachHeader32, MachHeader64};
use object::pe::{ImageNtHeaders32, ImageNtHeaders64};
use object::read::elf::{ElfFile, FileHeader};
use object::read::macho::{FatArch, LoadCommandVariant, MachHeader, MachOFatFile, MachOFile};
use object::read::pe::{ImageNtHeaders, PeFile};
use object::{
    Architecture, Endianness, FileKind, NameOrOrdinal, Object, ObjectSection, read::Result,
};

use crate::world::disk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Elf,
    MachO,
    Pe,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Elf => "ELF",
            Self::MachO => "Mach-O",
            Self::Pe => "PE",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub format: Format,
    /// In the spelling of Linux platform tags: `x86_64`, `aarch64`; several in a universal binary.
    pub machines: BTreeSet<String>,
    /// The libraries that the loader must find; for Mach-O their install names.
    pub needed: BTreeSet<String>,
    /// RPATH and RUNPATH, one entry each.
    pub search: BTreeSet<String>,
    /// Symbol versions of other libraries: `GLIBC_2.34`.
    pub versions: BTreeSet<String>,
    /// Only the functions with which Python initialises a module: `PyInit_hello`.
    pub inits: BTreeSet<String>,
    /// Bytes of debug information.
    pub debug: u64,
}

impl Binary {
    /// `None` if the bytes are not such a file; an error if they are only partly one.
    pub fn parse(bytes: &[u8]) -> Option<Result<Self>> {
        match FileKind::parse(bytes).ok()? {
            FileKind::Elf32 => Some(elf::<FileHeader32<Endianness>>(bytes)),
            FileKind::Elf64 => Some(elf::<FileHeader64<Endianness>>(bytes)),
            FileKind::MachO32 => Some(macho::<MachHeader32<Endianness>>(bytes)),
            FileKind::MachO64 => Some(macho::<MachHeader64<Endianness>>(bytes)),
            FileKind::MachOFat32 => Some(universal::<object::macho::FatArch32>(bytes)),
            FileKind::MachOFat64 => Some(universal::<object::macho::FatArch64>(bytes)),
            FileKind::Pe32 => Some(pe::<ImageNtHeaders32>(bytes)),
            FileKind::Pe64 => Some(pe::<ImageNtHeaders64>(bytes)),
            _ => None,
        }
    }

    /// The highest version of a library's symbols, by parts: `GLIBC` gives `[2, 34]`.
    pub fn highest(&self, prefix: &str) -> Option<Vec<u64>> {
        self.versions
            .iter()
            .filter_map(|version| {
                let number = version.strip_prefix(prefix)?.strip_prefix('_')?;
                number.split('.').map(|part| part.parse().ok()).collect()
            })
            .max()
    }
}

/// What keeps the system from loading or running a file, without trying it: a program would do its work.
/// `None` if nothing does.
pub fn damage(path: &Utf8Path) -> Option<String> {
    let bytes = match disk::read(path) {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(error) => return Some(error.to_string()),
    };
    match Binary::parse(&bytes) {
        Some(parsed) => parsed.err().map(|error| error.to_string()),
        None => Some("it is not a program or library".to_owned()),
    }
}

/// What `object` finds in any format. Every section must lie within the file.
fn common<'data>(format: Format, file: &impl Object<'data>) -> Result<Binary> {
    let mut debug = 0;
    for section in file.sections() {
        section.data()?;
        let name = section.name().unwrap_or_default();
        if [".debug_", ".zdebug_", "__debug_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            debug += section.size();
        }
    }
    let mut needed = BTreeSet::new();
    for library in file.import_libraries()? {
        needed.insert(text(library?.name()));
    }
    let mut inits = BTreeSet::new();
    for export in file.exports()? {
        if let NameOrOrdinal::Name(name) = export?.into_name() {
            inits.extend(init(&text(&name)));
        }
    }
    Ok(Binary {
        format,
        machines: [machine(file).to_owned()].into(),
        needed,
        search: BTreeSet::new(),
        versions: BTreeSet::new(),
        inits,
        debug,
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Mach-O prefixes C names with `_`.
fn init(symbol: &str) -> Option<String> {
    let name = symbol.strip_prefix('_').unwrap_or(symbol);
    let known = ["PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_"];
    let is = known.iter().any(|prefix| name.starts_with(prefix));
    is.then(|| name.to_owned())
}

fn machine<'data>(file: &impl Object<'data>) -> &'static str {
    match (file.architecture(), file.is_little_endian()) {
        (Architecture::X86_64, _) => "x86_64",
        (Architecture::I386, _) => "i686",
        (Architecture::Aarch64, _) => "aarch64",
        (Architecture::Arm, _) => "arm",
        (Architecture::PowerPc64, true) => "ppc64le",
        (Architecture::PowerPc64, false) => "ppc64",
        (Architecture::S390x, _) => "s390x",
        (Architecture::Riscv64, _) => "riscv64",
        (Architecture::LoongArch64, _) => "loongarch64",
        _ => "an unknown machine",
    }
}

fn elf<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Binary> {
    let file = ElfFile::<Elf>::parse(bytes)?;
    let mut binary = common(Format::Elf, &file)?;
    let (endian, sections) = (file.endian(), file.elf_section_table());
    let dynamic = sections.dynamic_table(endian, bytes)?;
    for entry in &dynamic {
        if entry.tag == DT_NEEDED {
            binary.needed.insert(text(dynamic.string(entry)?));
        } else if entry.tag == DT_RPATH || entry.tag == DT_RUNPATH {
            let paths = text(dynamic.string(entry)?);
            binary.search.extend(paths.split(':').map(str::to_owned));
        }
    }
    let Some((needs, strings)) = sections.gnu_verneed(endian, bytes)? else {
        return Ok(binary);
    };
    let strings = sections.strings(endian, bytes, strings)?;
    for need in needs {
        for version in need?.1 {
            binary
                .versions
                .insert(text(version?.name(endian, strings)?));
        }
    }
    Ok(binary)
}

fn macho<Mach: MachHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Binary> {
    let file = MachOFile::<Mach>::parse(bytes)?;
    let mut binary = common(Format::MachO, &file)?;
    let mut commands = file.macho_load_commands()?;
    while let Some(command) = commands.next()? {
        if let LoadCommandVariant::Rpath(rpath) = command.variant()? {
            let path = command.string(file.endian(), rpath.path)?;
            binary.search.insert(text(path));
        }
    }
    Ok(binary)
}

fn universal<Fat: FatArch>(bytes: &[u8]) -> Result<Binary> {
    let mut whole: Option<Binary> = None;
    for slice in MachOFatFile::<Fat>::parse(bytes)?.arches() {
        let slice = slice.data(bytes)?;
        let part = match FileKind::parse(slice)? {
            FileKind::MachO32 => macho::<MachHeader32<Endianness>>(slice)?,
            _ => macho::<MachHeader64<Endianness>>(slice)?,
        };
        whole = Some(match whole {
            Some(whole) => merged(whole, part),
            None => part,
        });
    }
    // a header without slices: read it as one file, which says what is wrong
    whole.map_or_else(
        || macho::<MachHeader64<Endianness>>(&bytes[size_of::<FatHeader>()..]),
        Ok,
    )
}

fn merged(mut whole: Binary, part: Binary) -> Binary {
    whole.machines.extend(part.machines);
    whole.needed.extend(part.needed);
    whole.search.extend(part.search);
    whole.inits.extend(part.inits);
    whole.debug += part.debug;
    whole
}

fn pe<Pe: ImageNtHeaders>(bytes: &[u8]) -> Result<Binary> {
    common(Format::Pe, &PeFile::<Pe>::parse(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_scripts_are_no_binaries() {
        assert!(Binary::parse(b"#!/bin/sh\n").is_none());
        assert!(Binary::parse(b"").is_none());
    }

    #[test]
    fn half_a_binary_is_none() {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        assert!(Binary::parse(&header).is_none_or(|parsed| parsed.is_err()));
        header.resize(64, 0);
        header[40] = 200; // where the section headers begin
        header[58] = 64; // the size of one
        header[60] = 3; // how many
        assert!(Binary::parse(&header).unwrap().is_err());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let versions = ["GLIBC_2.4", "GLIBC_2.34", "GLIBC_PRIVATE", "GLIBCXX_3.4.9"];
        let binary = Binary {
            format: Format::Elf,
            machines: BTreeSet::new(),
            needed: BTreeSet::new(),
            search: BTreeSet::new(),
            versions: versions.map(str::to_owned).into(),
            inits: BTreeSet::new(),
            debug: 0,
        };
        assert_eq!(binary.highest("GLIBC"), Some(vec![2, 34]));
        assert_eq!(binary.highest("GLIBCXX"), Some(vec![3, 4, 9]));
        assert_eq!(binary.highest("CXXABI"), None);
    }

    #[test]
    fn only_initialisers_are_kept() {
        assert_eq!(init("_PyInit_a").as_deref(), Some("PyInit_a"));
        assert_eq!(
            init("PyInitU_tst_0r3a").as_deref(),
            Some("PyInitU_tst_0r3a")
        );
        assert_eq!(init("PyObject_Call"), None);
    }
}
