//! What exists: tools, interpreters, the environment, packages and their disk usage.

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::facts::environment::State;
use crate::facts::environment::requested_python;
use crate::facts::fingerprint::EnvironmentRecord;
use crate::facts::project::{self, Bindings, HardWired, Layout};
use crate::facts::{Build, CacheUse, CompilerCache, Facts};
use crate::model::error::Result;
use crate::model::implementation::Implementation;
use crate::model::path::executable;
use crate::model::reason::Reason;
use crate::model::stable_abi::AbiFloor;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::python_request::{self, InterpreterChoice};
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

use super::problem::Problem;

/// Paths are absolute.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub project: Utf8PathBuf,
    pub tools: Vec<ToolFact>,
    pub interpreters: Vec<InterpreterFact>,
    pub environment: EnvironmentFact,
    pub members: Vec<MemberFact>,
    /// What caches compilations beyond cargo.
    pub compiler_cache: Option<CacheFact>,
    /// The disk usage of `target/pyx`, by part.
    pub disk: Vec<DiskFact>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ToolFact {
    pub name: String,
    /// `None` if there is none yet, or it does not report one.
    pub version: Option<String>,
    pub path: Option<Utf8PathBuf>,
    pub source: ToolSource,
    /// What decides: the required range, the pinned toolchain.
    pub wanted: Option<String>,
}

/// Where a tool comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolSource {
    Path,
    /// pyx put it into the user cache.
    Cache,
    /// pyx will put it there when it is needed.
    Later,
    /// It exists, but is too old or broken.
    Unusable,
    Missing,
}

impl std::fmt::Display for ToolSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Path => "from PATH",
            Self::Cache => "provided by pyx",
            Self::Later => "pyx provides it when it is needed",
            Self::Unusable => "cannot be used",
            Self::Missing => "missing",
        })
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct InterpreterFact {
    pub version: String,
    pub free_threaded: bool,
    pub path: Utf8PathBuf,
}

#[derive(Clone, Debug, Serialize)]
pub struct EnvironmentFact {
    pub path: Utf8PathBuf,
    pub state: EnvironmentCondition,
    /// The version of its Python, or of the one that it would be created with.
    pub python: Option<String>,
    /// `None` if it is missing.
    pub made_by: Option<Maker>,
    /// Why it must be created, or cannot be used.
    pub why: Option<String>,
    /// Why its packages are to be installed again; `None` if they are as recorded.
    pub packages_due: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentCondition {
    Good,
    Bad,
    Missing,
}

/// Who made an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Maker {
    Pyx,
    Conda,
    Uv,
    Others,
}

impl Maker {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pyx => "pyx",
            Self::Conda => "conda",
            Self::Uv => "uv",
            Self::Others => "others",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct MemberFact {
    pub name: String,
    pub manifest: Utf8PathBuf,
    pub layout: Layout,
    pub bindings: Bindings,
    pub module: String,
    pub profile: String,
    pub features: Vec<String>,
    pub link: LinkMode,
    /// The oldest Python of the stable ABI, as `3.9`; `3` if a feature names none.
    pub stable_abi: Option<String>,
    pub fresh: bool,
    pub reason: Option<Reason>,
    pub because: Option<String>,
}

/// What decides whether libpython is linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum LinkMode {
    /// `extension-module` in a dependency or a default feature.
    HardCoded { path: Utf8PathBuf, line: usize },
    /// `extension-module` in `[tool.maturin] features`.
    MaturinFeature,
    /// maturin, by telling PyO3's build script.
    Maturin,
    /// A program that runs Python.
    Program,
    /// Nothing to link.
    None,
}

#[derive(Clone, Debug, Serialize)]
pub struct CacheFact {
    /// Without credentials.
    pub store: String,
    pub answers: bool,
    /// The disk usage of a folder on this machine.
    pub bytes: Option<u64>,
    /// What the last run found.
    pub last: Option<CacheUse>,
}

impl CacheFact {
    fn of(cache: &CompilerCache) -> Self {
        let last = disk::read_text(&cache.record).ok().flatten();
        Self {
            store: cache.store.label.clone(),
            answers: cache.store.answers(),
            bytes: cache
                .store
                .folder
                .as_ref()
                .map(|dir| disk::usage(dir).bytes),
            last: last.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct DiskFact {
    pub path: Utf8PathBuf,
    pub bytes: u64,
    pub files: u64,
}

impl Report {
    /// The report, and problems with the tools.
    pub(super) fn gather(session: &Session, facts: &Facts) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut tools = tools(session, facts, &mut problems);
        let interpreters = interpreter::installed(session);
        let members = facts.builds.iter().map(MemberFact::of);
        let cache = match CompilerCache::gather(session, &facts.project) {
            Ok(cache) => cache,
            Err(error) => {
                problems.push(Problem::of("compiler-cache", &error));
                None
            }
        };
        if let Some(cache) = &cache {
            tools.push(ToolFact::of_cache(session, cache));
        }
        let report = Self {
            project: facts.project.root.clone(),
            compiler_cache: cache.as_ref().map(CacheFact::of),
            tools,
            environment: EnvironmentFact::of(session, facts),
            members: members.collect(),
            disk: disk_facts(facts),
            interpreters: sorted(&interpreters),
        };
        (report, problems)
    }
}

/// The newest first.
fn sorted(found: &[Interpreter]) -> Vec<InterpreterFact> {
    let mut found: Vec<&Interpreter> = found.iter().collect();
    found.sort_by(|a, b| b.version.cmp(&a.version));
    found.into_iter().map(InterpreterFact::of).collect()
}

fn tools(session: &Session, facts: &Facts, problems: &mut Vec<Problem>) -> Vec<ToolFact> {
    let mut found = Vec::new();
    let mut add = |name: &str, tool: Result<Tool>, wanted: Option<String>| {
        let fact = match tool {
            Ok(tool) => ToolFact::of(session, name, &tool, wanted),
            Err(error) => {
                problems.push(Problem::of("tool", &error));
                ToolFact::unusable(name, wanted)
            }
        };
        if !found
            .iter()
            .any(|known: &ToolFact| known.name == fact.name && known.wanted == fact.wanted)
        {
            found.push(fact);
        }
    };
    if let Ok(wanted) = facts.project.required_uv() {
        let said = Some(wanted.to_string()).filter(|range| !range.is_empty());
        add("uv", tool::uv_for(session, &wanted), said);
    }
    for build in &facts.builds {
        let member = &build.member;
        if member.bindings != Bindings::Embed {
            let wanted = Some(member.maturin.to_string()).filter(|range| !range.is_empty());
            add("maturin", tool::maturin(session, &member.maturin), wanted);
        }
    }
    add("just", tool::just(session), None);
    let toolchain = facts.builds.first().map(|build| &build.toolchain);
    for name in ["cargo", "rustc"] {
        let rustc = toolchain.and_then(|toolchain| toolchain.rustc.as_deref());
        // through rustup's proxy a missing toolchain would be installed
        let program = rustc
            .map(|path| path.with_file_name(executable(name)))
            .filter(|path| disk::is_file(path));
        let asked = program
            .as_deref()
            .filter(|_| toolchain.is_none_or(|it| it.may_be_asked(session)));
        let version = asked.and_then(|path| tool::version_of(session, path).ok());
        let pin = toolchain.and_then(|toolchain| toolchain.missing_pin.clone());
        found.push(ToolFact {
            name: name.to_owned(),
            source: if program.is_some() {
                ToolSource::Path
            } else {
                ToolSource::Missing
            },
            version: version.map(|version| version.to_string()),
            path: program,
            wanted: pin.map(|(name, _)| name),
        });
    }
    if let Err(error) = tool::cargo(session) {
        problems.push(Problem::of("tool", &error.into()));
    }
    found
}

impl ToolFact {
    fn of(session: &Session, name: &str, tool: &Tool, wanted: Option<String>) -> Self {
        let source = match &tool.missing {
            Some(_) => ToolSource::Later,
            None if tool.path.starts_with(session.cache()) => ToolSource::Cache,
            None => ToolSource::Path,
        };
        Self {
            name: name.to_owned(),
            version: tool.version.as_ref().map(ToString::to_string),
            path: tool.missing.is_none().then(|| tool.path.clone()),
            source,
            wanted,
        }
    }

    fn of_cache(session: &Session, cache: &CompilerCache) -> Self {
        let named = tool::find(session, cache.program.as_str());
        let path = named.unwrap_or_else(|| cache.program.clone());
        let is_there = cache.missing.is_none() && disk::is_file(&path);
        let is_asked = is_there && !interpreter::is_brought(session, &path);
        Self {
            name: "sccache".to_owned(),
            version: is_asked
                .then(|| tool::version_of(session, &path).ok())
                .flatten()
                .map(|version| version.to_string()),
            source: match is_there {
                true if path.starts_with(session.cache()) => ToolSource::Cache,
                true => ToolSource::Path,
                false if cache.missing.is_some() => ToolSource::Later,
                false => ToolSource::Missing,
            },
            path: is_there.then_some(path),
            wanted: None,
        }
    }

    fn unusable(name: &str, wanted: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            path: None,
            source: ToolSource::Unusable,
            wanted,
        }
    }
}

impl InterpreterFact {
    fn of(found: &Interpreter) -> Self {
        Self {
            version: found.version.to_string(),
            free_threaded: found.implementation == Implementation::FreeThreaded,
            path: found.path.clone(),
        }
    }
}

impl EnvironmentFact {
    fn of(session: &Session, facts: &Facts) -> Self {
        let path = facts.target.environment.path.clone();
        let (state, mut python, why) = match &facts.target.environment.state {
            State::Missing => (EnvironmentCondition::Missing, None, None),
            State::Good { version, .. } => {
                (EnvironmentCondition::Good, Some(version.to_string()), None)
            }
            State::Bad { why, .. } => (EnvironmentCondition::Bad, None, Some(why.clone())),
        };
        if python.is_none() {
            let requires = facts.project.requires_python();
            let request = facts.target.requested.as_ref();
            let choice = requested_python::installed(session, &facts.project)
                .and_then(|found| python_request::choose(session, &found, request, &requires));
            python = choice.ok().map(|choice| match choice {
                InterpreterChoice::Use(found) => found.to_string(),
                InterpreterChoice::Download(wanted) => format!("{} from uv", wanted.text),
            });
        }
        let record = EnvironmentRecord::load(&facts.target.environment.record_path()).record;
        let made_by = match &facts.target.environment.state {
            State::Missing => None,
            _ if record.made => Some(Maker::Pyx),
            _ if facts.target.environment.is_condas => Some(Maker::Conda),
            _ if facts.target.environment.is_uvs() => Some(Maker::Uv),
            _ => Some(Maker::Others),
        };
        Self {
            path,
            state,
            python,
            made_by,
            why,
            packages_due: facts
                .target
                .dependencies
                .stale
                .as_ref()
                .map(ToString::to_string),
        }
    }
}

impl MemberFact {
    fn of(build: &Build) -> Self {
        let member = &build.member;
        let reason = build
            .staleness
            .as_ref()
            .map(|staleness| staleness.reason.clone());
        let asked = build.locked.stable_abis;
        let stable_abi = asked.abi3.or(asked.abi3t);
        Self {
            name: member.name.clone(),
            manifest: member.manifest().to_owned(),
            layout: Layout::of(member),
            bindings: member.bindings,
            module: member.module.clone(),
            profile: build.options.profile.clone(),
            features: build.options.features.clone(),
            link: LinkMode::of(build),
            stable_abi: stable_abi.map(|floor| match floor {
                AbiFloor::Named((major, minor)) => format!("{major}.{minor}"),
                AbiFloor::Interpreter => "3".to_owned(),
            }),
            fresh: reason.is_none(),
            because: reason.as_ref().map(ToString::to_string),
            reason,
        }
    }
}

impl LinkMode {
    fn of(build: &Build) -> Self {
        let member = &build.member;
        if member.bindings == Bindings::Embed {
            return Self::Program;
        }
        if !member.bindings.is_pyo3() {
            return Self::None;
        }
        if let Some(HardWired { path, line, .. }) = &build.hard_wired {
            let (path, line) = (path.clone(), *line);
            return Self::HardCoded { path, line };
        }
        if project::is_switched_on(member) {
            Self::MaturinFeature
        } else {
            Self::Maturin
        }
    }
}

/// Folders that others may share too are counted whole.
fn disk_facts(facts: &Facts) -> Vec<DiskFact> {
    let mut folders = vec![facts.project.state.clone()];
    for member in facts.project.all() {
        folders.extend([
            member.intermediate_dir(&member.target),
            member.target.clone(),
        ]);
    }
    folders.sort();
    folders.dedup();
    let there = folders.into_iter().filter(|folder| disk::is_dir(folder));
    there
        .map(|path| {
            let disk::Usage { bytes, files } = disk::usage(&path);
            DiskFact { path, bytes, files }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_are_listed_from_the_newest_down() {
        let all = ["3.9.2", "3.13.0", "3.13.0rc1", "3.10.1"].map(|version| Interpreter {
            version: version.parse().unwrap(),
            path: "/python".into(),
            implementation: Implementation::default(),
        });
        let sorted = sorted(&all).into_iter().map(|found| found.version);
        let expected = ["3.13.0", "3.13.0rc1", "3.10.1", "3.9.2"];
        assert!(sorted.eq(expected));
    }
}
