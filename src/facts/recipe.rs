//! Recipes: those of the project's justfile, and ours, which are part of the program.
//!
//! Nothing of a justfile is run or evaluated to read it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;
use crate::model::nearest::nearest;
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;
use crate::world::tool::Tool;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../recipes/", $name)))),*]
    };
}

/// Name and text of every file of `recipes/` that the program brings along.
pub const FILES: &[(&str, &str)] = embedded![
    "apart.py",
    "audit.just",
    "audit.py",
    "bench.just",
    "bench.py",
    "chart.py",
    "ci.just",
    "ci.py",
    "clean.just",
    "clean.py",
    "cov.just",
    "cov.py",
    "docs.just",
    "docs.py",
    "flame.py",
    "fmt.just",
    "fmt.py",
    "lint.just",
    "lint.py",
    "pgo.just",
    "pgo.py",
    "profile.just",
    "profiling.py",
    "project.py",
    "steps.py",
    "stubs.just",
    "stubs.py",
    "stubtest.py",
    "tools.py",
    "types.just",
];

/// The metadata of a recipe that needs no build before it runs: `[metadata('no-build')]`.
const NO_BUILD: &str = "no-build";

/// One recipe, as far as people and plans need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// With the modules that it is in: `web::build`.
    pub name: String,
    pub doc: Option<String>,
    pub groups: Vec<String>,
    /// As just writes them in its list: `target *args`.
    pub parameters: String,
    /// Whether it runs without a build before it.
    pub no_build: bool,
    /// Whether it is one of ours.
    pub ours: bool,
}

/// The recipes at hand.
#[derive(Clone, Debug, Default)]
pub struct Recipes {
    /// The project's justfile, absolute.
    pub justfile: Option<Utf8PathBuf>,
    /// Of the project, in its order by name; private ones and aliases are callable, not listed.
    pub project: Vec<Recipe>,
    /// Names of the project's private recipes and aliases.
    pub hidden: Vec<String>,
    pub ours: Vec<Recipe>,
    /// Where our files are, absolute.
    pub folder: Utf8PathBuf,
}

/// The folder of the user cache for the files of this program.
pub fn folder(session: &Session) -> Utf8PathBuf {
    let mut all = String::new();
    for (name, text) in FILES {
        all.push_str(name);
        all.push_str(text);
    }
    let digest = disk::digest(all.as_bytes());
    session.cache().join("recipes").join(&digest[..16])
}

/// Whether [`folder`] is written.
pub fn are_written(session: &Session) -> bool {
    disk::is_file(&folder(session).join("justfile"))
}

/// The text of a justfile that has all of ours.
pub fn imports() -> String {
    let names = FILES.iter().map(|(name, _)| *name);
    let names = names.filter(|name| Utf8Path::new(name).extension() == Some("just"));
    let lines = names.map(|name| format!("import '{name}'"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// The names of ours, and the first line of what each says of itself.
pub fn ours() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(|(name, text)| {
        let doc = text.lines().next().unwrap_or_default();
        Some((name.strip_suffix(".just")?, doc.trim_start_matches("# ")))
    })
}

/// The text of one of ours, as `--eject` copies it.
pub fn text(name: &str) -> Option<&'static str> {
    let file = format!("{name}.just");
    let mut files = FILES.iter();
    files
        .find(|(known, _)| *known == file)
        .map(|(_, text)| *text)
}

impl Recipe {
    /// Whether it cannot be run by its name alone.
    pub fn needs_arguments(&self) -> bool {
        let mut words = self.parameters.split_whitespace();
        words.any(|word| !word.starts_with('*') && !word.contains('='))
    }
}

impl Recipes {
    /// `dir`: where just looks for the project's justfile, there and above; one that lies outside of
    /// `within` is somebody else's.
    ///
    /// # Errors
    /// [`Error::Justfile`] with just's own words for a file that it cannot read.
    pub fn gather(
        session: &Session,
        just: &Tool,
        (dir, within): (&Utf8Path, &Utf8Path),
    ) -> Result<Self> {
        let folder = folder(session);
        let ours = folder.join("justfile");
        let ours = dump(session, just, dir, Some(&ours))?.unwrap_or_default();
        Ok(Self {
            ours: ours.listed(true),
            folder,
            ..Self::own(session, just, (dir, within))?
        })
    }

    /// Those of the project's justfile only.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn own(
        session: &Session,
        just: &Tool,
        (dir, within): (&Utf8Path, &Utf8Path),
    ) -> Result<Self> {
        let own = dump(session, just, dir, None)?;
        let mut recipes = Self::default();
        let is_own = |own: &Module| {
            let source = own.source.as_deref().map(Utf8Path::new);
            source.is_none_or(|source| source.starts_with(within))
        };
        if let Some(own) = own.filter(is_own) {
            recipes.project = own.listed(false);
            recipes.hidden = own.hidden();
            recipes.justfile = own.source.map(Utf8PathBuf::from);
        }
        Ok(recipes)
    }

    /// The recipe of that name: the project's before ours.
    pub fn find(&self, name: &str) -> Option<Recipe> {
        let named = |recipe: &&Recipe| recipe.name == name;
        let own = self.project.iter().find(named).cloned();
        let hidden = self.hidden.iter().any(|known| known == name);
        let hidden = hidden.then(|| Recipe {
            name: name.to_owned(),
            ..Recipe::default()
        });
        own.or(hidden)
            .or_else(|| self.ours.iter().find(named).cloned())
    }

    /// That there is no recipe of that name; the hint is the call with the nearest that there is.
    pub fn unknown(&self, name: &str, call: &str) -> Error {
        let all = self.project.iter().chain(&self.ours);
        let hint = match nearest(name, all.map(|recipe| recipe.name.as_str())) {
            Some(near) => format!("{call} {near}"),
            None => "cargo pyx just --list".to_owned(),
        };
        Error::refused(format!("no recipe `{name}`"), &hint)
    }

    /// Ours that the project does not define itself.
    pub fn offered(&self) -> impl Iterator<Item = &Recipe> {
        self.ours.iter().filter(|ours| {
            let mut own = self.project.iter().map(|recipe| &recipe.name);
            let mut hidden = self.hidden.iter();
            !own.any(|name| *name == ours.name) && !hidden.any(|name| *name == ours.name)
        })
    }
}

/// The text of a recipe of the project that the working directory is in.
///
/// # Errors
/// [`Error::Justfile`] where just has none.
pub fn source(session: &Session, just: &Tool, name: &str) -> Result<String> {
    let call = Invocation::new(just.path.clone(), &session.cwd)
        .args(["--show", name, "--color", "never"])
        .without(&session.scrubbed());
    let output = process::read(&call)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = output.stderr.trim().trim_start_matches("error: ");
    Err(Error::Justfile(said.to_owned()))
}

/// just's own description of a justfile; `None` where there is none.
fn dump(
    session: &Session,
    just: &Tool,
    dir: &Utf8Path,
    file: Option<&Utf8Path>,
) -> Result<Option<Module>> {
    let named = file.map(|path| ["--justfile".to_owned(), path.to_string()]);
    let call = Invocation::new(just.path.clone(), dir)
        .args(["--dump", "--dump-format", "json"])
        .args(named.into_iter().flatten())
        .without(&session.scrubbed());
    let output = process::read(&call)?;
    let said = output.stderr.trim();
    if !output.status.success() {
        if said.ends_with("no justfile found") {
            return Ok(None);
        }
        return Err(Error::Justfile(
            said.trim_start_matches("error: ").to_owned(),
        ));
    }
    let module = serde_json::from_str(&output.stdout);
    module
        .map(Some)
        .map_err(|error| Error::Justfile(format!("cannot read what just says of it: {error}")))
}

/// `just --dump --dump-format json`, as far as it is read here.
#[derive(Debug, Default, Deserialize)]
struct Module {
    recipes: BTreeMap<String, Described>,
    #[serde(default)]
    aliases: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    modules: BTreeMap<String, Module>,
    #[serde(default)]
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Described {
    doc: Option<String>,
    namepath: String,
    private: bool,
    #[serde(default)]
    attributes: Vec<serde_json::Value>,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    kind: String,
    default: Option<serde_json::Value>,
}

impl Module {
    fn all(&self) -> Vec<&Described> {
        let below = self.modules.values().flat_map(Self::all);
        self.recipes.values().chain(below).collect()
    }

    fn listed(&self, ours: bool) -> Vec<Recipe> {
        let listed = self.all().into_iter().filter(|recipe| !recipe.private);
        listed.map(|recipe| recipe.recipe(ours)).collect()
    }

    fn hidden(&self) -> Vec<String> {
        let private = self.all().into_iter().filter(|recipe| recipe.private);
        let private = private.map(|recipe| recipe.namepath.clone());
        private.chain(self.aliases.keys().cloned()).collect()
    }
}

impl Described {
    fn recipe(&self, ours: bool) -> Recipe {
        let of = |key: &'static str| {
            let values = self.attributes.iter();
            values.filter_map(move |attribute| attribute.get(key))
        };
        let groups = of("group").filter_map(|group| group.as_str());
        let metadata = of("metadata").filter_map(|list| list.as_array()).flatten();
        let mut metadata = metadata.filter_map(|word| word.as_str());
        let parameters = self.parameters.iter().map(Parameter::wording);
        Recipe {
            name: self.namepath.clone(),
            doc: self.doc.clone(),
            groups: groups.map(str::to_owned).collect(),
            parameters: parameters.collect::<Vec<_>>().join(" "),
            no_build: metadata.any(|word| word == NO_BUILD),
            ours,
        }
    }
}

impl Parameter {
    fn wording(&self) -> String {
        let sign = match self.kind.as_str() {
            "star" => "*",
            "plus" => "+",
            _ => "",
        };
        let default = match &self.default {
            Some(serde_json::Value::String(text)) => format!("='{text}'"),
            Some(_) => "=…".to_owned(),
            None => String::new(),
        };
        format!("{sign}{}{default}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = r#"{
        "recipes": {
            "test": {"doc": "Doc.", "namepath": "test", "private": false,
                "attributes": ["positional-arguments", {"group": "check"},
                               {"metadata": ["no-build"]}],
                "parameters": [{"name": "args", "kind": "star", "default": null}]},
            "_x": {"doc": null, "namepath": "_x", "private": true}
        },
        "aliases": {"t": {"name": "t", "target": "test"}},
        "modules": {"sub": {"recipes": {
            "inner": {"doc": null, "namepath": "sub::inner", "private": false,
                "parameters": [{"name": "a", "kind": "singular", "default": "b"}]}
        }}},
        "source": "/p/justfile"
    }"#;

    #[test]
    fn a_justfile_is_known_by_what_just_says_of_it() {
        let module: Module = serde_json::from_str(DUMP).unwrap();
        let listed = module.listed(false);
        assert_eq!(listed[0].name, "test");
        assert_eq!(listed[0].parameters, "*args");
        assert_eq!(listed[0].groups, ["check"]);
        assert!(listed[0].no_build && !listed[1].no_build);
        assert_eq!(
            (&*listed[1].name, &*listed[1].parameters),
            ("sub::inner", "a='b'")
        );
        assert_eq!(module.hidden(), ["_x", "t"]);
    }

    #[test]
    fn a_recipe_may_need_arguments() {
        let needs = |parameters: &str| {
            let parameters = parameters.to_owned();
            let recipe = Recipe {
                parameters,
                ..Recipe::default()
            };
            recipe.needs_arguments()
        };
        assert!(!needs("") && !needs("*args") && !needs("a='b' *args"));
        assert!(needs("a") && needs("+args") && needs("a b='c'"));
    }

    #[test]
    fn ours_are_known_without_just() {
        let ours: Vec<_> = ours().collect();
        assert!(
            ours.contains(&("fmt", "Format Rust and Python code")),
            "{ours:?}"
        );
        assert!(ours.iter().all(|(name, _)| !name.contains('.')));
    }

    #[test]
    fn the_projects_recipe_wins_over_ours() {
        let named = |name: &str, ours| Recipe {
            name: name.to_owned(),
            ours,
            ..Recipe::default()
        };
        let recipes = Recipes {
            project: vec![named("lint", false)],
            hidden: vec!["ci".to_owned()],
            ours: vec![named("lint", true), named("ci", true), named("docs", true)],
            ..Recipes::default()
        };
        assert!(!recipes.find("lint").unwrap().ours && !recipes.find("ci").unwrap().ours);
        assert!(recipes.find("docs").unwrap().ours);
        assert_eq!(recipes.find("x"), None);
        let offered: Vec<_> = recipes.offered().map(|recipe| &*recipe.name).collect();
        assert_eq!(offered, ["docs"]);
    }
}
