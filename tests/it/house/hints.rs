//! What hints may offer.

use std::collections::BTreeMap;

use super::sources;

/// What destroys files when it is pasted.
const DESTROYS: [&str; 8] = [
    "\"rm ",
    "-exec rm",
    "rmdir ",
    "git clean",
    "git reset",
    "git checkout",
    "git restore",
    "git rm",
];

/// Who may write that, and how often.
const MAY: [(&str, usize); 5] = [
    // a broken uv.lock, which uv wrote and git has whole
    ("facts/dependencies/uv_lock.rs", 1),
    // never what git tracks; a folder of the user cache, which is filled again
    ("model/error/python.rs", 1),
    ("model/error/tool.rs", 1),
    // what a plan removes by itself, shown as commands
    ("plan/action.rs", 4),
    // the way back: files that were not there before, and those that git had as they were
    ("plan/init.rs", 2),
];

#[test]
fn no_hint_offers_to_remove_what_the_program_has_not_made() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (file, text) in sources() {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = product.lines().filter(|line| {
            let code = line.split("//").next().unwrap_or_default();
            DESTROYS.iter().any(|words| code.contains(words))
        });
        let count = lines.count();
        if count > 0 {
            found.insert(file.to_string_lossy().replace('\\', "/"), count);
        }
    }
    let may = MAY.map(|(file, count)| (file.to_owned(), count));
    assert_eq!(found, BTreeMap::from(may));
}
