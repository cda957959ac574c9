//! Requirements files, as pip reads them (pip docs, "Requirements File Format").

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::normalize;
use crate::model::requirement::Requirement;
use crate::model::runner_options::{Argument, PIP_INSTALL};
use crate::world::disk;

/// A requirements file with everything it includes.
#[derive(Debug, Default)]
pub(super) struct RequirementsFile {
    /// The packages that it installs, names normalised; not those that it only constrains.
    pub(super) names: Vec<String>,
    /// The requirements as written, including those on folders.
    pub(super) texts: Vec<String>,
    /// What was read, existing or not, absolute: itself, the files that it includes and its constraints.
    pub(super) files: BTreeSet<Utf8PathBuf>,
    seen: BTreeSet<(Utf8PathBuf, Role)>,
}

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Requires,
    Constrains,
}

impl RequirementsFile {
    /// `file`: absolute; a missing one installs nothing.
    pub(super) fn read(file: &Utf8Path) -> Result<Self> {
        let mut all = Self::default();
        all.add(file, Role::Requires)?;
        Ok(all)
    }

    fn add(&mut self, file: &Utf8Path, role: Role) -> Result<()> {
        let file = normalize(file);
        self.files.insert(file.clone());
        if !self.seen.insert((file.clone(), role)) {
            return Ok(());
        }
        // as pip and uv do, which decode it by its byte order mark
        let text = disk::read_transcoded(&file)?.unwrap_or_default();
        for line in logical_lines(&text) {
            let line = without_comment(&line);
            if !line.starts_with('-') {
                self.require(line, role);
                continue;
            }
            let plain = || line.split_whitespace().map(str::to_owned).collect();
            let words: Vec<String> = shlex::split(line).unwrap_or_else(plain);
            for argument in PIP_INSTALL.arguments(&words) {
                let Argument::Option(option, value) = argument else {
                    continue;
                };
                match &*option {
                    "-e" | "--editable" => self.require(value, role),
                    "-r" | "--requirement" => self.include(&file, value, Role::Requires)?,
                    "-c" | "--constraint" => self.include(&file, value, Role::Constrains)?,
                    _ => {} // of indexes and builds
                }
            }
        }
        Ok(())
    }

    fn include(&mut self, from: &Utf8Path, name: &str, role: Role) -> Result<()> {
        if name.is_empty() || name.contains("://") {
            return Ok(()); // where it is fetched from is not asked
        }
        self.add(&from.with_file_name(name), role)
    }

    fn require(&mut self, requirement: &str, role: Role) {
        if role == Role::Requires && !requirement.is_empty() {
            self.names.extend(package_name(requirement));
            self.texts.push(requirement.to_owned());
        }
    }
}

/// Requirements files by their usual names, in the folder and in its test folders.
pub(super) fn in_folder(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let folders = ["", "test", "tests", "requirements"].map(|name| dir.join(name));
    folders
        .iter()
        .flat_map(|folder| {
            disk::names(folder)
                .into_iter()
                .map(|name| folder.join(name))
        })
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            let in_folder = path.parent().and_then(Utf8Path::file_name) == Some("requirements");
            path.extension() == Some("txt") && (name.contains("requirements") || in_folder)
        })
        .collect()
}

/// All files that are read for an environment's requirements, including nested ones and constraints.
pub(super) fn read_for(requirements: &[Requirement]) -> Result<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    for requirement in requirements {
        if let Requirement::File(file) | Requirement::Constraints(file) = requirement {
            files.extend(RequirementsFile::read(file)?.files);
        }
    }
    Ok(files)
}

/// The names of the packages in requirements, including those in files among them.
pub(super) fn names_in(requirements: &[Requirement]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for requirement in requirements {
        names.extend(requirement.package_name());
        if let Some(file) = requirement.included() {
            names.extend(RequirementsFile::read(file)?.names);
        }
    }
    Ok(names)
}

/// Lines without their line endings, joined after a trailing backslash.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with('#');
        if is_comment {
            open.push(' '); // what it is joined to ends before it
        }
        match line.strip_suffix('\\') {
            Some(begin) if !is_comment => open.push_str(begin),
            _ => {
                open.push_str(line);
                lines.push(std::mem::take(&mut open));
            }
        }
    }
    lines.push(open);
    lines
}

/// The line up to a `#` at its beginning or after a blank; others belong to URLs.
fn without_comment(line: &str) -> &str {
    let begins_comment = |at: usize| line[..at].is_empty() || line[..at].ends_with([' ', '\t']);
    let mut signs = line.match_indices('#').map(|(at, _)| at);
    let end = signs.find(|at| begins_comment(*at));
    line[..end.unwrap_or(line.len())].trim()
}

/// The normalised name of what a line installs; `None` for a folder, which does not tell its name.
fn package_name(requirement: &str) -> Option<String> {
    if let Some((_, egg)) = requirement.split_once("#egg=") {
        return package_name::of_requirement(egg);
    }
    let before = requirement
        .split([';', '@', ' '])
        .next()
        .unwrap_or_default();
    if !before.contains(['/', '\\', ':']) && !before.starts_with('.') {
        return package_name::of_requirement(requirement);
    }
    let file = before.rsplit(['/', '\\']).next().unwrap_or_default();
    let wheel = file.strip_suffix(".whl")?;
    wheel.split('-').next().map(package_name::normalize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::shown;

    /// The names in a file, and the files that were read, from its folder.
    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let read = RequirementsFile::read(&dir.join(files[0].0)).unwrap();
        let own = |file: &Utf8PathBuf| shown(dir, file).into_string();
        (read.names, read.files.iter().map(own).collect())
    }

    #[test]
    fn a_file_is_decoded_by_its_byte_order_mark() {
        let text = "\u{feff}pytest==8.0\r\nnumpy\r\n";
        let words: Vec<u16> = text.encode_utf16().collect();
        let little = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let big = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        for bytes in [text.as_bytes().to_vec(), little, big] {
            let temp = tempfile::tempdir().unwrap();
            let file = Utf8Path::from_path(temp.path()).unwrap().join("a.txt");
            disk::write(&file, &bytes).unwrap();
            let read = RequirementsFile::read(&file).unwrap();
            assert_eq!(read.names, ["pytest", "numpy"]);
        }
    }

    #[test]
    fn a_file_is_included_however_the_line_is_written() {
        for line in [
            "-r base.txt",
            "-rbase.txt",
            "-r\tbase.txt",
            "  -r base.txt  # why",
            "--requirement base.txt",
            "--requirement=base.txt",
            "--requirement=base.txt # why",
            "-r \\\n  base.txt",
            "-r 'base.txt'",
            "-r sub/../base.txt",
            "-c none.txt -r base.txt",
            "\u{feff}-r base.txt",
            "-r base.txt\r",
        ] {
            let (names, _) = read(&[("x.txt", line), ("base.txt", "pytest")]);
            assert_eq!(names, ["pytest"], "{line:?}");
        }
        let (names, files) = read(&[("x.txt", "#-r base.txt\n"), ("base.txt", "pytest")]);
        assert!(names.is_empty() && files == ["x.txt"], "{files:?}");
    }

    #[test]
    fn a_package_is_named_however_it_is_required() {
        for line in [
            "pytest",
            "PyTest[x] >= 8 ; python_version < '4'  # why",
            "pytest==8 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11",
            "pytest\\\n# why \\\n",
            "pytest @ https://example.org/x.zip#sha256=00",
            "git+https://example.org/x.git@main#egg=pytest&subdirectory=y",
            "-e git+https://example.org/x.git#egg=pytest # why",
            "--editable=git+https://example.org/x.git#egg=pytest[x]",
            "https://example.org/pytest-8-py3-none-any.whl",
            "./wheels/pytest-8-py3-none-any.whl ; python_version < '4'",
        ] {
            assert_eq!(read(&[("x.txt", line)]).0, ["pytest"], "{line:?}");
        }
        for line in [
            "",
            "# pytest",
            "--index-url https://example.org/pytest",
            "-i pytest",
            "-e .[pytest]",
            "./pytest",
        ] {
            assert!(read(&[("x.txt", line)]).0.is_empty(), "{line:?}");
        }
    }

    #[test]
    fn constraints_are_read_and_install_nothing() {
        for line in ["-c all.txt", "-call.txt # why", "--constraint=all.txt"] {
            let (names, files) = read(&[("x.txt", line), ("all.txt", "pytest==8\n")]);
            assert!(names.is_empty(), "{line}");
            assert_eq!(files, ["all.txt", "x.txt"], "{line}");
        }
        let both = "-c all.txt\n-r all.txt\n";
        let (names, _) = read(&[("x.txt", both), ("all.txt", "pytest==8\n")]);
        assert_eq!(names, ["pytest"]);
    }

    #[test]
    fn files_that_include_each_other_are_read_once() {
        let (there, back) = ("-r sub/b.txt\na\n", "-r ../x.txt\nb\n");
        let (names, files) = read(&[("x.txt", there), ("sub/b.txt", back)]);
        assert_eq!(names, ["b", "a"]);
        assert_eq!(files, ["sub/b.txt", "x.txt"]);
    }
}
