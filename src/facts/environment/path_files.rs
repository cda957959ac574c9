//! Where Python imports from besides site-packages.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::normalize;
use crate::world::disk;

/// The folders that the `*.pth` files among an environment's packages lead to, as editable installs do, in
/// Python's search order (Python docs, "site"). Python follows them only in site-packages, never in the
/// folders of PYTHONPATH. Lines with code are left out.
pub fn path_file_folders(packages: &Utf8Path) -> Vec<Utf8PathBuf> {
    let names = disk::names(packages).into_iter().map(Utf8PathBuf::from);
    path_file_folders_of(packages, &names.collect::<Vec<_>>())
}

/// Like [`path_file_folders`], for these files only; relative to `packages`.
pub fn path_file_folders_of(packages: &Utf8Path, files: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut folders: Vec<Utf8PathBuf> = Vec::new();
    for file in files {
        let is_at_top = file.parent() == Some(Utf8Path::new(""));
        if file.extension() != Some("pth") || file.as_str().starts_with('.') || !is_at_top {
            continue;
        }
        let text = disk::read_text(&packages.join(file))
            .ok()
            .flatten()
            .unwrap_or_default();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let is_code = line.starts_with("import ") || line.starts_with("import\t");
            let is_empty = line.trim().is_empty() || line.starts_with('#');
            let folder = normalize(&packages.join(line.trim_end()));
            let is_new = folder != packages && !folders.contains(&folder);
            if !is_code && !is_empty && is_new && disk::is_dir(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_files_lead_to_the_folders_that_are_there() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let packages = root.join("site-packages");
        for folder in ["a/python", "b", "import x", "site-packages/inside"] {
            disk::create_dir(&root.join(folder)).unwrap();
        }
        let (first, second) = (root.join("a/python"), root.join("b"));
        let own = format!("\u{feff}{first}\n# {second}\nimport x\n\n/nowhere\n{first}");
        for (name, text) in [
            ("one.pth", &*own),
            ("two.pth", "inside \r\n../b\n.\n"),
            (".hidden.pth", "../a"),
            ("no.txt", "../a"),
        ] {
            disk::write(&packages.join(name), text.as_bytes()).unwrap();
        }
        let expected = [first, packages.join("inside"), second];
        assert_eq!(path_file_folders(&packages), expected);
        assert!(path_file_folders(&root.join("nowhere")).is_empty());
        let below = Utf8PathBuf::from("inside/data.pth");
        disk::write(&packages.join(&below), b"../b").unwrap();
        let recorded = [below, "one.pth".into()];
        assert_eq!(path_file_folders_of(&packages, &recorded), expected[..1]);
    }
}
