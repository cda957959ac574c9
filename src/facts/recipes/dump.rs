//! just's own description of a justfile: `just --dump --dump-format json`. Nothing in it is run or evaluated.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;

use crate::model::error::{Error, ProjectError, Result};
use crate::model::invocation::Invocation;
use crate::world::process;
use crate::world::session::Session;
use crate::world::tool::Tool;

use super::recipe::Recipe;

/// The metadata of a recipe that needs no build before it runs: `[metadata('no-build')]`.
const NO_BUILD: &str = "no-build";

/// just's own description of a justfile; `None` if there is none.
pub(super) fn dump(
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
        // up to just 1.51 with a capital
        if said.to_lowercase().ends_with("no justfile found") {
            return Ok(None);
        }
        return Err(ProjectError::Justfile(said.trim_start_matches("error: ").to_owned()).into());
    }
    Module::parse(&output.stdout).map(Some)
}

/// `just --dump --dump-format json`, as far as it is needed here.
#[derive(Debug, Default, Deserialize)]
pub struct Module {
    recipes: BTreeMap<String, Described>,
    #[serde(default)]
    aliases: BTreeMap<String, Alias>,
    #[serde(default)]
    modules: BTreeMap<String, Module>,
    /// The module's default recipe.
    #[serde(default)]
    first: Option<String>,
    #[serde(default)]
    pub(super) source: Option<String>,
    #[serde(default)]
    settings: Settings,
}

#[derive(Debug, Default, Deserialize)]
struct Settings {
    #[serde(default)]
    tempdir: Option<String>,
    #[serde(default)]
    fallback: Option<bool>,
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
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    shebang: bool,
}

#[derive(Debug, Deserialize)]
struct Alias {
    /// The name of a recipe, without its module.
    target: String,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    recipe: String,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    kind: String,
    default: Option<serde_json::Value>,
}

impl Module {
    /// From the output of `just --dump --dump-format json`.
    ///
    /// # Errors
    /// [`ProjectError::Justfile`] for anything else.
    pub fn parse(said: &str) -> Result<Self> {
        let unread = |error| {
            Error::Project(ProjectError::Justfile(format!(
                "cannot read just's dump of it: {error}"
            )))
        };
        serde_json::from_str(said).map_err(unread)
    }

    /// Whether just looks for a missing recipe in the justfiles above (just's manual, "Fallback to Parent
    /// justfiles").
    pub(super) fn falls_back(&self) -> bool {
        self.settings.fallback == Some(true)
    }

    fn all(&self) -> Vec<&Described> {
        let below = self.modules.values().flat_map(Self::all);
        self.recipes.values().chain(below).collect()
    }

    /// Whether just writes a script to the temporary folder, for a recipe or for one of its dependencies.
    fn is_script(&self, recipe: &Described) -> bool {
        let all = self.all();
        let mut waiting = vec![recipe];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(recipe) = waiting.pop() {
            if recipe.shebang {
                return self.settings.tempdir.is_none();
            }
            if seen.insert(&recipe.namepath) {
                // by their names in the recipe's own module
                let (module, _) = recipe.namepath.rsplit_once("::").unwrap_or_default();
                let needs = |other: &&&Described| {
                    let mut names = recipe.dependencies.iter().map(|it| &*it.recipe);
                    names.any(|name| {
                        other.namepath == name || other.namepath == format!("{module}::{name}")
                    })
                };
                waiting.extend(all.iter().filter(needs).copied());
            }
        }
        false
    }

    /// What people may call; `built_in`: whether the justfile is part of the program.
    pub fn listed(&self, built_in: bool) -> Vec<Recipe> {
        let listed = self.all().into_iter().filter(|recipe| !recipe.private);
        listed.map(|it| self.recipe(it, built_in)).collect()
    }

    /// Private recipes and aliases.
    pub fn hidden(&self) -> Vec<Recipe> {
        let private = self.all().into_iter().filter(|recipe| recipe.private);
        let private = private.map(|it| self.recipe(it, false));
        private.chain(self.aliases_below("", self)).collect()
    }

    /// `prefix`: the path of the module followed by `::`; empty for the justfile itself, which is `root`.
    fn aliases_below(&self, prefix: &str, root: &Self) -> Vec<Recipe> {
        let own = self.aliases.iter();
        let own = own.map(|(name, alias)| root.alias(prefix, name, alias));
        let below = self.modules.iter();
        let below = below
            .flat_map(|(name, module)| module.aliases_below(&format!("{prefix}{name}::"), root));
        own.chain(below).collect()
    }

    /// Judged by all recipes that it may mean: just does not name the module of an alias's target.
    fn alias(&self, prefix: &str, name: &str, alias: &Alias) -> Recipe {
        let may_be = |recipe: &&Described| {
            let below = recipe.namepath.strip_prefix(prefix);
            below.is_some_and(|path| path.rsplit("::").next() == Some(&*alias.target))
        };
        let meant = self.all().into_iter().filter(may_be);
        let meant: Vec<Recipe> = meant.map(|it| self.recipe(it, false)).collect();
        Recipe {
            name: format!("{prefix}{name}"),
            no_build: !meant.is_empty() && meant.iter().all(|it| it.no_build),
            required: meant.iter().flat_map(|it| it.required.clone()).collect(),
            is_script: meant.iter().any(|it| it.is_script),
            stands_for: meant.into_iter().map(|it| it.name).collect(),
            ..Recipe::default()
        }
    }

    fn recipe(&self, recipe: &Described, built_in: bool) -> Recipe {
        Recipe {
            is_script: self.is_script(recipe),
            ..recipe.recipe(built_in)
        }
    }

    /// The paths of all modules below, each with that of its default recipe.
    pub fn modules(&self) -> BTreeMap<String, Option<String>> {
        let mut found = BTreeMap::new();
        for (name, module) in &self.modules {
            let within = |path: &String| format!("{name}::{path}");
            let below = module.modules();
            found.extend(
                below
                    .iter()
                    .map(|(path, first)| (within(path), first.as_ref().map(within))),
            );
            found.insert(name.clone(), module.first.as_ref().map(within));
        }
        found
    }
}

impl Described {
    fn recipe(&self, built_in: bool) -> Recipe {
        let of = |key: &'static str| {
            self.attributes
                .iter()
                .filter_map(move |attribute| attribute.get(key))
        };
        let groups = of("group").filter_map(|group| group.as_str());
        let mut metadata = of("metadata")
            .filter_map(|list| list.as_array())
            .flatten()
            .filter_map(|word| word.as_str());
        let parameters = self.parameters.iter().map(Parameter::wording);
        let required = self.parameters.iter().filter(|it| it.is_required());
        Recipe {
            name: self.namepath.clone(),
            doc: self.doc.clone(),
            groups: groups.map(str::to_owned).collect(),
            parameters: parameters.collect::<Vec<_>>().join(" "),
            required: required.map(|it| it.name.clone()).collect(),
            no_build: metadata.any(|word| word == NO_BUILD),
            built_in,
            ..Recipe::default() // the module tells
        }
    }
}

impl Parameter {
    fn is_required(&self) -> bool {
        self.default.is_none() && self.kind != "star"
    }

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
        let hidden = module.hidden();
        let names: Vec<&str> = hidden.iter().map(|recipe| &*recipe.name).collect();
        assert_eq!(names, ["_x", "t"]);
        assert!(hidden[1].no_build && hidden[1].is_listed(&["test".to_owned()]));
    }

    #[test]
    fn an_alias_is_as_all_that_it_may_stand_for_are() {
        let recipe = |path: &str, of: &str| {
            format!(r#"{{"doc": null, "namepath": "{path}", "private": true, {of}}}"#)
        };
        let (quick, script) = (
            r#""attributes": [{"metadata": ["no-build"]}]"#,
            r#""shebang": true"#,
        );
        let aliases =
            r#"{"d": {"target": "docs"}, "s": {"target": "script"}, "i": {"target": "inner"}}"#;
        let dump = format!(
            r#"{{"recipes": {{"docs": {}, "script": {}, "inner": {}}}, "aliases": {aliases},
                "modules": {{"sub": {{"recipes": {{"docs": {}, "inner": {}}}, "aliases": {aliases}}}}}}}"#,
            recipe("docs", quick),
            recipe("script", script),
            recipe("inner", quick),
            recipe("sub::docs", r#""attributes": []"#),
            recipe("sub::inner", quick),
        );
        let hidden = Module::parse(&dump).unwrap().hidden();
        let found = |name: &str| hidden.iter().find(|recipe| recipe.name == name).unwrap();
        let list = |names: &str| -> Vec<String> { names.split(' ').map(str::to_owned).collect() };
        assert!(
            found("docs").no_build && found("script").is_script,
            "private"
        );
        assert!(found("i").no_build && found("sub::i").no_build);
        assert!(!found("d").no_build && !found("sub::d").no_build && !found("sub::s").no_build);
        assert!(found("s").is_script && !found("d").is_script);
        assert!(found("d").is_listed(&list("sub::docs docs")) && found("d").is_listed(&list("d")));
        assert!(!found("d").is_listed(&list("docs")) && !found("sub::s").is_listed(&list("x")));
    }

    #[test]
    fn a_recipe_needs_arguments_where_a_parameter_can_be_neither_absent_nor_its_default() {
        let needs = |parameters: &str| {
            let dump = format!(
                r#"{{"recipes": {{"a": {{"doc": null, "namepath": "a", "private": false,
                    "parameters": [{parameters}]}}}}}}"#
            );
            Module::parse(&dump).unwrap().listed(false)[0].needs_arguments()
        };
        let parameter = |kind: &str, default: &str| {
            format!(r#"{{"name": "a", "kind": "{kind}", "default": {default}}}"#)
        };
        assert!(!needs("") && !needs(&parameter("star", "null")));
        assert!(needs(&parameter("singular", "null")) && needs(&parameter("plus", "null")));
        let all = ["'-k a b'", "", "*"].map(|text| format!("{text:?}"));
        for default in all
            .iter()
            .map(String::as_str)
            .chain([r#"["evaluate", "echo"]"#])
        {
            assert!(!needs(&parameter("singular", default)), "{default}");
            assert!(!needs(&parameter("plus", default)), "{default}");
        }
        let second = [
            parameter("singular", "\"x y\""),
            parameter("singular", "null"),
        ];
        assert!(needs(&second.join(", ")));
    }

    #[test]
    fn what_a_recipe_needs_stands_in_its_own_module() {
        let recipe = |path: &str, needs: &str, shebang: bool| {
            let needs = if needs.is_empty() {
                String::new()
            } else {
                format!(r#"{{"recipe": "{needs}"}}"#)
            };
            format!(
                r#"{{"doc": null, "namepath": "{path}", "private": false,
                    "dependencies": [{needs}], "shebang": {shebang}}}"#
            )
        };
        let dump = format!(
            r#"{{"recipes": {{"b": {}}}, "modules": {{"sub": {{"recipes": {{"a": {}, "b": {}}}}}}}}}"#,
            recipe("b", "", false),
            recipe("sub::a", "b", false),
            recipe("sub::b", "", true),
        );
        let module = Module::parse(&dump).unwrap();
        let is_script = |path: &str| {
            let recipe = module.all().into_iter().find(|it| it.namepath == path);
            module.is_script(recipe.unwrap())
        };
        assert!(is_script("sub::a") && is_script("sub::b"));
        assert!(!is_script("b"));
    }
}
