//! Which tests are run, and what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::{relative, slashed};
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{CargoToml, PyProject};
use crate::world::session::Session;

use super::build::{self, Flags, Options};
use super::dependencies::{Dependencies, TestRunner};
use super::durations::Durations;
use super::project::{Member, Project};
use super::request::{Purpose, Request, Testing};
use super::suites::{PythonSuite, RustSuite, Suites, Word, unshipped_tests};
use super::unseen_edits;

/// The tests of a project, and which of them were asked for.
#[derive(Clone, Debug, Default)]
pub struct TestFacts {
    pub suites: Suites,
    /// What follows `--`, if a Python test runner is to get it.
    pub words: Vec<Word>,
    /// By suite and name, the shard that recorded durations put a test in, if shards are asked for.
    pub assigned: BTreeMap<String, BTreeMap<String, u32>>,
    /// By member, packages whose Rust tests cargo would not recompile although it has to.
    pub unseen: BTreeMap<String, Vec<String>>,
}

impl TestFacts {
    pub(super) fn gather(session: &Session, project: &Project, request: &Request) -> Result<Self> {
        let mut suites = match request.tested() {
            Some(languages) => Suites::gather(session, project, languages)?,
            None => Suites::default(),
        };
        let excluded = project.named(&request.excluded)?;
        suites
            .rust
            .retain(|suite| !excluded.contains(&suite.member));
        suites
            .python
            .retain(|suite| !excluded.contains(&suite.member));
        let Purpose::Test(testing) = &request.purpose else {
            return Ok(Self {
                suites,
                ..Self::default()
            });
        };
        let assigned = match (testing.reporting.shard, &testing.reporting.durations) {
            (Some(shard), Some(path)) => Durations::present(path)?.assigned(shard.count),
            _ => BTreeMap::new(),
        };
        Ok(Self {
            words: suites.words(session, &testing.arguments),
            unseen: unseen(session, project, &suites)?,
            suites,
            assigned,
        })
    }

    /// Tests that are not the members', and those that cargo leaves out because of features they need.
    pub(super) fn left_out(&self, project: &Project, flags: &Flags) -> Vec<String> {
        let python = self.suites.left_out.iter().map(|folder| {
            let shown = project.display(folder);
            let why = of_another_backend(project, folder).unwrap_or_else(|| {
                "add the folder to pytest's `testpaths` to include it".to_owned()
            });
            format!("the Python tests in `{shown}` are left out: {why}")
        });
        let mut warnings: Vec<String> = python.collect();
        warnings.extend(self.suites.unpackaged.iter().map(|folder| {
            let why = of_backend_beside(project, folder).unwrap_or_else(|| {
                "the crate has no pyproject.toml that makes it a package (`cargo pyx init` says what it lacks)"
                    .to_owned()
            });
            let folder = project.display(folder);
            format!("the Python tests in `{folder}` are left out: {why}")
        }));
        if !self.suites.is_empty() {
            warnings.extend(of_packages_aside(project));
        }
        warnings.extend(self.suites.untested_documentation.iter().map(|package| {
            format!(
                "the doctests of {package} are left out: its doc comments are Python's docstrings \
                 (`doctests = true` in [tool.pyx.test] runs them)"
            )
        }));
        for suite in &self.suites.rust {
            let Some(member) = project.members.iter().find(|it| it.name == suite.member) else {
                continue;
            };
            for host in member.hosts() {
                let package = host.package_name().unwrap_or_default();
                let dir = host.dir();
                warnings.push(format!(
                    "the Rust tests of {package} are left out: {} is in its folder (`-C {dir}` tests it)",
                    member.name
                ));
            }
            for cargo in member.crates() {
                let package = cargo.package_name().unwrap_or_default();
                if !suite.tested.iter().any(|tested| tested == package) {
                    continue;
                }
                let enabled = cargo.features_behind(chosen_features(suite, member, cargo, flags));
                for (test, wanted) in cargo.tests_with_features() {
                    if let Some(missing) = wanted.iter().find(|it| !enabled.contains(*it)) {
                        warnings.push(format!(
                            "the Rust test `{test}` of {package} is left out: it needs feature `{missing}`"
                        ));
                    }
                }
            }
        }
        warnings
    }

    /// Leaves out the Rust tests that embed Python if that is impossible: PyPy cannot be embedded (PyO3
    /// guide, "Embedding Python in Rust"). Returns the warnings.
    pub(super) fn leave_out_embedding(&mut self) -> Vec<String> {
        let mut left_out = Vec::new();
        self.suites.rust.retain(|suite| {
            if suite.links_python {
                let member = &suite.member;
                left_out.push(format!(
                    "the Rust tests of {member} are left out: PyPy cannot be embedded in a program"
                ));
            }
            !suite.links_python
        });
        left_out
    }

    /// Tests that no wheel contains, if wheels are tested.
    pub(super) fn unshipped(&self, project: &Project, request: &Request) -> Vec<String> {
        let is_of_wheels = match &request.purpose {
            Purpose::Test(testing) => testing.wheel,
            Purpose::Release(_) => true,
            _ => false,
        };
        let suites = self.suites.python.iter();
        let suites = suites.filter(|suite| is_of_wheels && suite.installed_args.is_some());
        let tested: BTreeSet<&str> = suites.map(|suite| &*suite.member).collect();
        let members = project.members.iter();
        let members = members.filter(|member| tested.contains(&*member.name));
        let sentence = |folder: &Utf8PathBuf| {
            let folder = project.display(folder);
            format!(
                "the Python tests in `{folder}` are not run against the wheel: [tool.maturin] `exclude` leaves them out (`cargo pyx test` runs them)"
            )
        };
        let folders = members.flat_map(unshipped_tests).collect::<BTreeSet<_>>();
        folders.iter().map(sentence).collect()
    }

    /// What the tests import besides the project's own dependencies.
    ///
    /// `testing`: what was asked for, if that is tests.
    pub(super) fn dependencies(
        &self,
        project: &Project,
        testing: Option<&Testing>,
    ) -> Result<Dependencies> {
        let suites = &self.suites;
        let in_python = |m: &Member| suites.python.iter().any(|s| s.member == m.name);
        let embeds = |m: &Member| {
            suites
                .rust
                .iter()
                .any(|suite| suite.links_python && suite.member == m.name)
        };
        let tested: Vec<(&Member, bool)> = project
            .members
            .iter()
            .map(|member| (member, in_python(member)))
            .filter(|(member, has_suite)| *has_suite || embeds(member))
            .collect();
        let is_pytest = |suite: &&PythonSuite| suite.runner == TestRunner::Pytest;
        let pytest = suites.python.iter().find(is_pytest);
        let more = pytest.filter(|_| testing.is_some_and(|it| it.threads.is_some_and(|it| it > 1)));
        let more = more.map(|_| "pytest-xdist".to_owned());
        let mut found = Dependencies::for_tests(project, &tested, more)?;
        for (member, _) in tested {
            let is_around = |suite: &&PythonSuite| {
                suite.member == member.name && !suite.dir.starts_with(&member.dir)
            };
            let around = suites.python.iter().find(is_around);
            if let Some(suite) = around.filter(|_| project.workspace.is_none()) {
                found.add_development(project, member, &suite.dir)?;
            }
        }
        Ok(found)
    }
}

/// The Python tests of packages in folders below, which are not tested with the one above them.
fn of_packages_aside(project: &Project) -> Vec<String> {
    let is_test = |path: &Utf8PathBuf| {
        let stem = path.file_stem().unwrap_or_default();
        path.extension() == Some("py") && TestRunner::default().finds(stem)
    };
    let below = project.aside.iter();
    let below = below.filter(|dir| dir.starts_with(&project.root) && **dir != project.root);
    let tested = below.filter(|dir| disk::unignored_files(dir).iter().any(is_test));
    let sentence = |dir: &Utf8PathBuf| {
        let folder = project.display(dir);
        format!(
            "the tests of `{folder}` are left out: use `-p {folder}` for these, `--workspace` for both"
        )
    };
    tested.map(sentence).collect()
}

/// The features with which a suite tests a crate.
fn chosen_features(
    suite: &RustSuite,
    member: &Member,
    cargo: &CargoToml,
    flags: &Flags,
) -> Vec<String> {
    let package = cargo.package_name().unwrap_or_default();
    let options = Options::new(member, None, flags);
    let said = suite.documented_features.as_ref();
    let has_default = match said {
        Some(said) => !(flags.no_default_features || said.no_default),
        None => !options.no_default_features,
    };
    let default = has_default.then(|| "default".to_owned());
    let taken = member.features_of(package).into_iter().cloned();
    let mut chosen: Vec<String> = default.into_iter().chain(taken).collect();
    if cargo.toml.path != *member.manifest() {
        return chosen;
    }
    chosen.extend(member.config().test.rust_features.iter().cloned());
    chosen.extend(options.features);
    if let Some(said) = said {
        chosen.extend(said.all.then(|| cargo.all_features()).into_iter().flatten());
        chosen.extend(said.names.iter().cloned());
    }
    chosen
}

/// Why tests next to a package of another build backend, above the crates, are not run, and what would
/// install both; `None` for tests in any other place.
fn of_another_backend(project: &Project, folder: &Utf8Path) -> Option<String> {
    let pyproject = built_otherwise(project, folder)?;
    let mut members = project.members.iter();
    let member =
        members.find(|it| it.dir != pyproject.dir() && it.dir.starts_with(pyproject.dir()))?;
    let place = slashed(relative(pyproject.dir(), &member.dir).as_str().into());
    let first = match &member.pyproject {
        Some(_) => "",
        None => "with a pyproject.toml for the crate (see `cargo pyx init`), ",
    };
    let what = match unlisted_source(&pyproject, member) {
        Some(name) => {
            format!(" and `[tool.uv.sources] {name} = {{ workspace = true }}` in it would have")
        }
        None => " in it has".to_owned(),
    };
    Some(format!(
        "`{}` belongs to a package that `{}` builds ({first}`[tool.uv.workspace] members = [\"{place}\"]`{what} \
         both installed)",
        project.display(&pyproject.toml.path),
        pyproject.backend()?,
    ))
}

/// By member, as [`TestFacts::unseen`] says.
fn unseen(
    session: &Session,
    project: &Project,
    suites: &Suites,
) -> Result<BTreeMap<String, Vec<String>>> {
    let is_tested = |member: &&Member| suites.rust.iter().any(|it| it.member == member.name);
    let mut unseen = BTreeMap::new();
    for member in project.members.iter().filter(is_tested) {
        let dir = build::tests_dir(member);
        let is_as_compiled = |_: &Utf8Path| false; // what tests are compiled from is not recorded
        let manifests = &project.manifests;
        let found = unseen_edits::in_target(session, manifests, member, &dir, &is_as_compiled)?;
        if !found.is_empty() {
            unseen.insert(member.name.clone(), found.into_iter().collect());
        }
    }
    Ok(unseen)
}

/// The name by which a file takes a package from elsewhere than its workspace, if it names it at all: uv
/// rejects a member that is required and has another source, or none (uv docs, "Using workspaces").
fn unlisted_source(pyproject: &PyProject, member: &Member) -> Option<String> {
    let sources = pyproject.toml.keys(&["tool", "uv", "sources"]);
    let is_same = |name: &String| package_name::normalize(name) == member.name;
    if let Some(name) = sources.into_iter().find(is_same) {
        let keys = ["tool", "uv", "sources", &name, "workspace"];
        let is_of_workspace = pyproject.toml.bool(&keys) == Some(true);
        return (!is_of_workspace).then_some(name);
    }
    let required = pyproject.requirements();
    let mut names = required
        .iter()
        .filter_map(|text| package_name::of_requirement(text));
    names.find(is_same)
}

/// The same for tests of an extension whose Cargo.toml is next to a package that another build backend
/// builds.
fn of_backend_beside(project: &Project, folder: &Utf8Path) -> Option<String> {
    let pyproject = built_otherwise(project, folder)?;
    let mut members = project.members.iter();
    members.find(|it| it.dir == pyproject.dir())?;
    Some(format!(
        "`{}` builds the package with `{}`, not maturin (`build-backend = \"maturin\"` and \
         `requires = [\"maturin>=1,<2\"]` under [build-system] make the crate its module)",
        project.display(&pyproject.toml.path),
        pyproject.backend()?,
    ))
}

/// The nearest pyproject.toml upward, if it belongs to a package that another build backend builds.
fn built_otherwise(project: &Project, folder: &Utf8Path) -> Option<Arc<PyProject>> {
    let mut above = checkout::upward(folder).map(|dir| dir.join("pyproject.toml"));
    let path = above.find(|path| disk::is_file(path))?;
    let pyproject = project.manifests.pyproject(&path).ok().flatten()?;
    let is_other = pyproject.is_built() && !pyproject.builds_with_maturin();
    is_other.then_some(pyproject)
}

#[cfg(test)]
mod tests {
    use crate::world::manifest::Toml;

    use super::*;

    #[test]
    fn a_member_that_is_named_already_wants_the_workspace_for_its_source() {
        let named = |text: &str| {
            let path = Utf8Path::new("/p/pyproject.toml");
            let pyproject = PyProject::of(Toml::parse(path, text).unwrap()).unwrap();
            let member = Member {
                name: "my-ext".into(),
                ..Member::default()
            };
            unlisted_source(&pyproject, &member)
        };
        let of_path = "[tool.uv.sources]\nMy_Ext = { path = 'native' }\n";
        assert_eq!(named(of_path).unwrap(), "My_Ext");
        assert_eq!(
            named(&of_path.replace("path = 'native'", "workspace = true")),
            None
        );
        let required = "[project]\ndependencies = ['my_ext>=1']\n";
        assert_eq!(named(required).unwrap(), "my-ext");
        assert_eq!(named(&required.replace("my_ext", "other")), None);
    }
}
