//! Settings, tasks and debug configurations of editors.
#![no_main]

use std::collections::BTreeMap;

use camino::Utf8Path;
use cargo_pyx::facts::editor::{Editor, Workspace, changes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let root = Utf8Path::new("/p");
    for editor in [Editor::Zed, Editor::Vscode] {
        if let Ok(settings) = editor.read(root, text) {
            settings.interpreters();
            settings.variables();
            settings.is_apart(&["/p/target".into()]);
        }
        let workspace = Workspace {
            root: root.to_owned(),
            python: "/p/.venv/bin/python".into(),
            targets: vec!["/p/target".into()],
            recipes: vec!["check".into()],
            ..Workspace::default()
        };
        let paths = editor.paths(root).into_iter();
        let texts: BTreeMap<_, _> = paths.map(|path| (path, text.to_owned())).collect();
        let Ok(first) = changes(&[editor], &workspace, &texts) else {
            continue;
        };
        // what is filled in is there the next time
        let mut texts = texts;
        let edits = first.edits.into_iter();
        texts.extend(edits.filter_map(|edit| Some((edit.path, edit.after?))));
        let again = changes(&[editor], &workspace, &texts).expect("what we wrote can be read");
        assert!(again.edits.is_empty(), "{:?}", again.edits);
    }
});
