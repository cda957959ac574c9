use super::*;

fn scaffold(layout: NewLayout) -> Scaffold {
    Scaffold {
        name: Name::parse("fast-words", &[], str::to_owned).unwrap(),
        layout,
        lowest: OLDEST,
        abi3: false,
        author: Some(("Ada \"L\"".to_owned(), "ada@example.org".to_owned())),
        nested: false,
        in_checkout: false,
    }
}

/// Every file with its text, but for the licences.
fn tree(files: impl Iterator<Item = (Utf8PathBuf, String)>) -> String {
    let mut tree = String::new();
    for (path, text) in files {
        let is_licence = path.as_str().starts_with("LICENSE");
        let text = if is_licence { "…\n" } else { &text };
        tree.extend(["==> ", path.as_str(), "\n", text]);
    }
    tree
}

#[test]
fn a_mixed_project_is_whole() {
    insta::assert_snapshot!(tree(scaffold(NewLayout::Mixed).files().into_iter()));
}

#[test]
fn the_other_layouts_differ_in_these_files() {
    let mixed = scaffold(NewLayout::Mixed).files();
    for layout in [NewLayout::Src, NewLayout::Pure, NewLayout::Embed] {
        let name = format!("{layout:?}").to_lowercase();
        let own = scaffold(layout)
            .files()
            .into_iter()
            .filter(|file| !mixed.contains(file));
        insta::assert_snapshot!(name, tree(own));
    }
}

#[test]
fn the_stable_abi_and_requires_python_agree() {
    let stable = Scaffold {
        lowest: 11,
        abi3: true,
        nested: true,
        author: None,
        ..scaffold(NewLayout::Mixed)
    };
    let files = stable.files();
    let text = |name: &str| &files.iter().find(|(path, _)| path == name).unwrap().1;
    assert!(text("pyproject.toml").contains("requires-python = \">=3.11\"\n"));
    assert!(!text("pyproject.toml").contains("authors"));
    let cargo = text("Cargo.toml");
    assert!(cargo.contains("pyo3 = { version = \"0.29\", features = [\"abi3-py311\"] }\n"));
    assert!(cargo.contains("\n\n[workspace]"));
    assert!(text(".github/workflows/ci.yml").contains("python: [\"3.11\", "));
}

#[test]
fn no_module_is_called_as_a_function_beside_it() {
    let is_free =
        |layout: NewLayout, name: &str| Name::parse(name, &layout.beside(), str::to_owned).is_ok();
    for (layout, free) in [
        (NewLayout::Mixed, [true, true]),
        (NewLayout::Src, [true, true]),
        (NewLayout::Pure, [false, true]),
        (NewLayout::Embed, [false, false]),
    ] {
        let found = ["levenshtein", "main"].map(|name| is_free(layout, name));
        assert_eq!(found, free, "{layout:?}");
        assert!(!is_free(layout, "pure"));
    }
}

#[test]
fn every_set_is_checked_before_the_first_is_published() {
    let files = scaffold(NewLayout::Mixed).files();
    let (_, text) = files
        .iter()
        .find(|(path, _)| path.ends_with("release.yml"))
        .unwrap();
    let steps: Vec<&str> = text.split("- name: ").skip(1).collect();
    let [check, publish] = steps[..] else {
        panic!("{steps:?}");
    };
    assert!(
        check.contains("release check --out-dir \"$set\"\n          done")
            && !check.contains("publish --yes")
    );
    assert!(publish.contains("release publish --yes --out-dir \"$set\"\n          done"));
}
