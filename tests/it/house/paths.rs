//! Which file of the program uses which: every `use` and every path, nested imports and the insides of
//! macros included, followed through re-exports to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A module's path from the crate's root.
type ModulePath = Vec<String>;

/// One file of the program, or a module that is written inside one.
#[derive(Default)]
struct Module {
    /// The file that it stands in, from `src`.
    file: PathBuf,
    /// What it defines, modules included.
    defined: BTreeSet<String>,
    /// What it hands on, by the name under which it does: absolute.
    reexported: BTreeMap<String, ModulePath>,
    /// The modules of which it hands on all.
    reexported_whole: Vec<ModulePath>,
}

/// The modules of a crate, and the paths that its files name.
pub(crate) struct Crate {
    modules: BTreeMap<ModulePath, Module>,
    /// By file, each with the module that it is seen from: as written.
    paths: Vec<(ModulePath, ModulePath)>,
}

/// A file, and one that it uses, with a name that it takes from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) name: String,
}

impl Crate {
    /// Reads the files, given with their texts and named from `src`.
    pub(crate) fn read(files: &[(PathBuf, String)]) -> Self {
        let mut found = Self {
            modules: BTreeMap::new(),
            paths: Vec::new(),
        };
        for (file, text) in files {
            let parsed =
                syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            found.module(file, module_path(file), &parsed.items);
        }
        found
    }

    fn module(&mut self, file: &Path, path: ModulePath, items: &[syn::Item]) {
        let mut module = Module {
            file: file.to_owned(),
            ..Module::default()
        };
        for item in items {
            module.defined.extend(defined(item));
            match item {
                syn::Item::Mod(inner) => {
                    if let Some((_, items)) = &inner.content {
                        let below = [&path[..], &[inner.ident.to_string()]].concat();
                        self.module(file, below, items);
                    }
                }
                syn::Item::Use(import) => {
                    let mut imported = Vec::new();
                    flatten(&import.tree, &mut Vec::new(), &mut imported);
                    let is_face = !matches!(import.vis, syn::Visibility::Inherited);
                    for (target, name) in imported {
                        let hands_on = is_face.then(|| absolute(&path, &target, items));
                        match (hands_on.flatten(), &*name) {
                            (Some(whole), "*") => module.reexported_whole.push(whole),
                            (Some(one), name) => drop(module.reexported.insert(name.into(), one)),
                            (None, _) => self.paths.push((path.clone(), target)),
                        }
                    }
                }
                item => {
                    let mut reader = Reader { paths: Vec::new() };
                    reader.visit_item(item);
                    let paths = reader.paths.into_iter();
                    self.paths.extend(paths.map(|one| (path.clone(), one)));
                }
            }
        }
        self.modules.insert(path, module);
    }

    /// The arrows between files, each pair once for each name. What a module hands on from the
    /// modules below it is its face, and no arrow.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        let mut add = |from: &ModulePath, target: &[String]| {
            let (Some(from), Some(to)) = (self.modules.get(from), self.owner(target, 0)) else {
                return;
            };
            if from.file != to.file {
                arrows.insert(Arrow {
                    from: from.file.clone(),
                    to: to.file.clone(),
                    name: target.join("::"),
                });
            }
        };
        for (from, path) in &self.paths {
            if let Some(target) = self.resolve(from, path) {
                add(from, &target);
            }
        }
        for (from, module) in &self.modules {
            let all = module.reexported.values().chain(&module.reexported_whole);
            for target in all.filter(|target| !target.starts_with(from)) {
                add(from, target);
            }
        }
        arrows
    }

    /// An absolute path for one as it is written in a module; `None` for another crate's.
    fn resolve(&self, from: &ModulePath, path: &[String]) -> Option<ModulePath> {
        let first = path.first()?;
        if ["crate", "self", "super"].contains(&&**first) {
            return lead(from, path);
        }
        // a name that the module hands on and uses itself
        let is_variable = path.len() == 1 && !first.starts_with(char::is_uppercase);
        if let Some(target) = self.modules.get(from)?.reexported.get(first)
            && !is_variable
        {
            return Some([&target[..], &path[1..]].concat());
        }
        // a module below, named without `self`
        let below = [&from[..], std::slice::from_ref(first)].concat();
        (path.len() > 1 && self.modules.contains_key(&below)).then(|| [&from[..], path].concat())
    }

    /// The module that defines what a path leads to.
    fn owner(&self, path: &[String], depth: usize) -> Option<&Module> {
        assert!(depth < 20, "{path:?} leads in circles");
        let known = (0..=path.len()).rev();
        let mut known = known.filter_map(|end| Some((end, self.modules.get(&path[..end])?)));
        let (end, module) = known.next()?;
        let Some(name) = path.get(end).filter(|name| !module.defined.contains(*name)) else {
            return Some(module);
        };
        if let Some(target) = module.reexported.get(name) {
            let rest = [&target[..], &path[end + 1..]].concat();
            return self.owner(&rest, depth + 1);
        }
        let mut whole = module.reexported_whole.iter();
        let has = |target: &&ModulePath| {
            let owner = self.modules.get(*target);
            owner.is_some_and(|owner| owner.defined.contains(name))
        };
        match whole.find(has) {
            Some(target) => self.modules.get(target),
            None => Some(module),
        }
    }
}

/// The files that use each other in a circle, each group whole.
pub(crate) fn circles(arrows: &BTreeSet<Arrow>) -> Vec<BTreeSet<PathBuf>> {
    let mut uses: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for arrow in arrows {
        uses.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached = |from: &Path| {
        let mut seen: BTreeSet<&Path> = BTreeSet::new();
        let mut waiting: Vec<&Path> = uses.get(from).into_iter().flatten().copied().collect();
        while let Some(file) = waiting.pop() {
            if seen.insert(file) {
                waiting.extend(uses.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let reach: BTreeMap<&Path, BTreeSet<&Path>> =
        uses.keys().map(|file| (*file, reached(file))).collect();
    let mut groups = BTreeSet::new();
    for (file, reaches) in &reach {
        if reaches.contains(file) {
            let back = |other: &&&Path| reach.get(**other).is_some_and(|it| it.contains(file));
            let group = reaches.iter().filter(back).map(|path| path.to_path_buf());
            groups.insert(group.collect::<BTreeSet<PathBuf>>());
        }
    }
    groups.into_iter().collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` is the root.
fn module_path(file: &Path) -> ModulePath {
    let whole = file.with_extension("");
    let mut parts: ModulePath = whole
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if matches!(
        parts.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        parts.pop();
    }
    parts
}

/// Resolves `crate`, `self` and `super` at the beginning of a path.
fn lead(from: &ModulePath, path: &[String]) -> Option<ModulePath> {
    let mut at = from.clone();
    let mut rest = path;
    while let Some((word, others)) = rest.split_first() {
        match &**word {
            "crate" => at.clear(),
            "self" => {}
            "super" => drop(at.pop()?),
            _ => break,
        }
        rest = others;
    }
    Some([&at[..], rest].concat())
}

/// As [`lead`], and with the modules below `from` by their plain names.
fn absolute(from: &ModulePath, path: &[String], items: &[syn::Item]) -> Option<ModulePath> {
    let first = path.first()?;
    if ["crate", "self", "super"].contains(&&**first) {
        return lead(from, path);
    }
    let is_below = |item: &syn::Item| matches!(item, syn::Item::Mod(it) if it.ident == first);
    let below = items.iter().any(is_below);
    below.then(|| [&from[..], path].concat())
}

/// The names that an item brings into its module.
fn defined(item: &syn::Item) -> Option<String> {
    let ident = match item {
        syn::Item::Const(it) => &it.ident,
        syn::Item::Enum(it) => &it.ident,
        syn::Item::Fn(it) => &it.sig.ident,
        syn::Item::Macro(it) => it.ident.as_ref()?,
        syn::Item::Mod(it) => &it.ident,
        syn::Item::Static(it) => &it.ident,
        syn::Item::Struct(it) => &it.ident,
        syn::Item::Trait(it) => &it.ident,
        syn::Item::Type(it) => &it.ident,
        syn::Item::Union(it) => &it.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The paths of an import, each with the name that it gets; `*` for all names.
fn flatten(tree: &syn::UseTree, before: &mut ModulePath, found: &mut Vec<(ModulePath, String)>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, found);
            before.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => {
            let known = before.last().cloned().unwrap_or_default();
            found.push((before.clone(), known));
        }
        syn::UseTree::Name(name) => {
            let name = name.ident.to_string();
            found.push(([&before[..], std::slice::from_ref(&name)].concat(), name));
        }
        syn::UseTree::Rename(renamed) => {
            let path = [&before[..], &[renamed.ident.to_string()]].concat();
            found.push((path, renamed.rename.to_string()));
        }
        syn::UseTree::Glob(_) => found.push((before.clone(), "*".to_owned())),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, found);
            }
        }
    }
}

/// Reads the paths of an item: of types, expressions, patterns, attributes and macros.
struct Reader {
    paths: Vec<ModulePath>,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words = path.segments.iter().map(|one| one.ident.to_string());
        self.paths.push(words.collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        let mut imported = Vec::new();
        flatten(&import.tree, &mut Vec::new(), &mut imported);
        self.paths
            .extend(imported.into_iter().map(|(path, _)| path));
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {} // `pub(super)` takes nothing

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }
}

impl Reader {
    /// Sequences of `word :: word` among the words of a macro.
    fn tokens(&mut self, stream: TokenStream) {
        let mut path: ModulePath = Vec::new();
        let mut colons = 0;
        for tree in stream {
            match &tree {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => {
                    path.push(word.to_string());
                    colons = 0;
                }
                other => {
                    self.paths.push(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(word) => path.push(word.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.paths.push(path);
    }
}
