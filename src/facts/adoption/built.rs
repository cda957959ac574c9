//! What the current build backend makes of a package: its wheel, used as its description.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{Headers, Installed, SDIST_ENDING, Sdist, WHEEL_ENDING, Wheel};
use crate::model::error::{Error, Result};
use crate::world::disk;

use super::source_files;

#[derive(Clone, Debug, Default)]
pub struct BuiltPackage {
    pub metadata: Headers,
    /// The groups of entry points, each with names and objects.
    pub entry_points: Vec<(String, Vec<(String, String)>)>,
    /// The installed files, by their path in site-packages or below `.data/`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Licence files and the like, by their paths in the project.
    pub licences: BTreeMap<String, Vec<u8>>,
    /// Whether it is the same for every platform.
    pub is_pure: bool,
    /// The paths in the sdist next to it, relative to its folder; empty if there is none.
    pub sources: BTreeSet<String>,
}

/// Members of `.dist-info` that say how a wheel was made.
const NOTES: [&str; 7] = [
    "INSTALLER",
    "METADATA",
    "RECORD",
    "WHEEL",
    "entry_points.txt",
    "top_level.txt",
    "zip-safe",
];

impl BuiltPackage {
    /// The one wheel in a folder, and what the sdist next to it contains.
    ///
    /// # Errors
    /// [`MachineError::Io`](crate::model::error::MachineError::Io) if it cannot be read; [`Error::Refused`]
    /// if there is none with metadata.
    pub fn in_folder(folder: &Utf8Path) -> Result<Self> {
        let names = disk::names(folder);
        let find = |ending: &str| {
            let found = names.iter().find(|name| name.ends_with(ending));
            found.map(|name| folder.join(name))
        };
        let wheel = find(WHEEL_ENDING).map(|path| Wheel::open(&path));
        let sdist = find(SDIST_ENDING).map(|path| Sdist::open(&path));
        let read = wheel.transpose()?.as_ref().and_then(Self::of);
        let read = read.ok_or_else(|| {
            let message = "the build backend has made no wheel".to_owned();
            Error::refused(message, "uv build --wheel")
        })?;
        let sources = sdist.transpose()?.as_ref().map(source_files::paths);
        Ok(Self {
            sources: sources.unwrap_or_default(),
            ..read
        })
    }

    fn of(wheel: &Wheel) -> Option<Self> {
        let mut built = Self {
            metadata: wheel.metadata.clone()?,
            ..Self::default()
        };
        let tags = &wheel.name.as_ref()?.tags;
        built.is_pure = tags.platforms == ["any"] && tags.abis == ["none"];
        let info = wheel.dist_infos.first()?;
        for member in &wheel.members {
            let below = member.name.strip_prefix(&format!("{info}/"));
            match below {
                Some("entry_points.txt") => {
                    built.entry_points = entry_points(&String::from_utf8_lossy(&member.bytes));
                }
                Some(note) if NOTES.contains(&note) || note.starts_with("sboms/") => {}
                Some(below) => {
                    let path = ["licenses/", "license_files/"]
                        .iter()
                        .find_map(|folder| below.strip_prefix(folder))
                        .unwrap_or(below);
                    built.licences.insert(path.to_owned(), member.bytes.clone());
                }
                None => {
                    let path = match Installed::of(&member.name) {
                        Installed::SitePackages(path) => path.to_owned(),
                        Installed::Data(path) => format!(".data/{path}"),
                    };
                    built.files.insert(path, member.bytes.clone());
                }
            }
        }
        Some(built)
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.metadata.get(field).filter(|text| *text != "UNKNOWN")
    }

    /// The top-level folders that hold Python files, and the modules next to them.
    pub fn tops(&self) -> (Vec<String>, Vec<String>) {
        let (mut packages, mut modules) = (Vec::new(), Vec::new());
        for path in self.files.keys().filter(|path| !path.starts_with(".data/")) {
            match path.split_once('/') {
                Some((top, _)) => packages.push(top.to_owned()),
                None => modules.push(path.clone()),
            }
        }
        packages.dedup();
        (packages, modules)
    }
}

fn entry_points(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            groups.push((name.trim().to_owned(), Vec::new()));
        } else if let Some((name, object)) = line.split_once('=')
            && !line.starts_with(['#', ';'])
            && let Some((_, entries)) = groups.last_mut()
        {
            let object = object.split_whitespace().collect::<Vec<_>>().join(" ");
            entries.push((name.trim().to_owned(), object));
        }
    }
    groups.retain(|(_, entries)| !entries.is_empty());
    groups
}

/// The people in fields such as `Author` and `Author-email`: names and addresses, either of them empty if not
/// stated.
pub fn people(metadata: &Headers, role: &str) -> Vec<(String, String)> {
    let name = metadata.get(role).filter(|text| *text != "UNKNOWN");
    let addresses = metadata.get(&format!("{role}-email"));
    let addresses = addresses.filter(|text| *text != "UNKNOWN");
    let mut people: Vec<(String, String)> = split_addresses(addresses.unwrap_or_default())
        .iter()
        .map(|one| match one.split_once('<') {
            Some((name, address)) => {
                let name = name.trim().trim_matches('"').to_owned();
                (name, address.trim_end_matches('>').trim().to_owned())
            }
            None => (String::new(), one.clone()),
        })
        .collect();
    match (name, &mut people[..]) {
        (Some(name), [(unnamed, _)]) if unnamed.is_empty() => name.clone_into(unnamed),
        (Some(name), people_there) => {
            let known = people_there.iter().any(|(one, _)| one == name);
            let all: Vec<&str> = name.split(',').map(str::trim).collect();
            let are_known = all
                .iter()
                .all(|one| people_there.iter().any(|(name, _)| name == one));
            if !known && !are_known {
                people.insert(0, (name.to_owned(), String::new()));
            }
        }
        (None, _) => {}
    }
    people
}

/// At commas outside quotes.
fn split_addresses(text: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The project file that holds the long description, relative to the root.
pub(super) fn description_file(
    root: &Utf8Path,
    files: &[Utf8PathBuf],
    body: &str,
) -> Option<Utf8PathBuf> {
    let wanted = plain(body);
    if wanted.is_empty() {
        return None; // as many an empty file
    }
    let is_text = |path: &&Utf8PathBuf| {
        matches!(path.extension(), None | Some("md" | "rst" | "txt"))
            && path.components().count() < 3
    };
    let mut texts: Vec<&Utf8PathBuf> = files.iter().filter(is_text).collect();
    texts.sort_by_key(|path| {
        (
            path.components().count(),
            !path.as_str().starts_with("README"),
        )
    });
    let holds = |path: &&Utf8PathBuf| {
        let text = disk::read_text(&root.join(path));
        text.is_ok_and(|text| text.is_some_and(|text| plain(&text) == wanted))
    };
    texts.into_iter().find(holds).cloned()
}

/// As metadata holds it: with Unix line endings, and without trailing blanks.
pub fn plain(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_as_their_fields_say() {
        let of = |text: &str| people(&Headers::parse(text.as_bytes()), "Author");
        let pairs = |all: &[(&str, &str)]| {
            let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
            all.iter().map(owned).collect::<Vec<_>>()
        };
        for (text, expected) in [
            ("Author: Ada\nAuthor-email: a@b\n", &[("Ada", "a@b")][..]),
            (
                "Author-email: \"L, Ada\" <a@b>, c@d\n",
                &[("L, Ada", "a@b"), ("", "c@d")],
            ),
            ("Author: Ada\n", &[("Ada", "")]),
            ("Author: Ada\nAuthor-email: Ada <a@b>\n", &[("Ada", "a@b")]),
            ("Author: UNKNOWN\n", &[]),
        ] {
            assert_eq!(of(text), pairs(expected), "{text}");
        }
    }

    #[test]
    fn no_description_is_in_no_file() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let files = ["data.txt", "notes.md"].map(Utf8PathBuf::from);
        for (file, text) in files.iter().zip(["", "# A\n"]) {
            disk::write(&root.join(file), text.as_bytes()).unwrap();
        }
        assert_eq!(description_file(root, &files, "\n"), None);
        let found = description_file(root, &files, "# A\n\n");
        assert_eq!(found.as_deref(), Some(Utf8Path::new("notes.md")));
    }

    #[test]
    fn entry_points_are_read_by_their_groups() {
        let text = "[console_scripts]\n# own\na = b:c\n[x.y]\n\n[z]\nd=e [f]\n";
        let read = entry_points(text);
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["console_scripts", "z"]);
        assert_eq!(read[1].1, [("d".to_owned(), "e [f]".to_owned())]);
    }
}
