//! The table of what was found, for people.

use camino::Utf8Path;

use crate::facts::project::Layout;
use crate::model::path::shown;
use crate::world::disk::Usage;

use super::report::{
    CacheFact, EnvironmentCondition, EnvironmentFact, LinkMode, Maker, MemberFact, Report,
    ToolFact, ToolSource,
};

/// A row's subject, what was found, and details.
type Row = [String; 3];

impl Report {
    /// The table for people.
    pub fn rows(&self) -> Vec<[String; 3]> {
        let mut rows = Vec::new();
        rows.extend(self.tools.iter().map(ToolFact::row));
        rows.extend(self.interpreters.iter().map(|found| {
            let suffix = if found.free_threaded { "t" } else { "" };
            row(
                "python",
                format!("{}{suffix}", found.version),
                found.path.as_str(),
            )
        }));
        rows.extend(self.environment.rows(&self.project));
        for member in &self.members {
            rows.extend(member.rows(&self.project));
        }
        rows.extend(self.compiler_cache.iter().map(CacheFact::row));
        rows.extend(self.disk.iter().map(|fact| {
            let size = Usage::wording(fact.bytes);
            row("disk", size, shown(&self.project, &fact.path).as_str())
        }));
        rows
    }
}

fn row(subject: &str, found: impl Into<String>, more: impl Into<String>) -> Row {
    [subject.to_owned(), found.into(), more.into()]
}

impl ToolFact {
    fn row(&self) -> Row {
        let version = self.version.clone().unwrap_or_else(|| "-".into());
        let path = self.path.iter().map(ToString::to_string);
        let source =
            Some(self.source).filter(|source| *source != ToolSource::Path || self.path.is_none());
        let source = source.map(|source| source.to_string());
        let wanted = self
            .wanted
            .iter()
            .map(|wanted| format!("required: {wanted}"));
        let more: Vec<String> = path.chain(source).chain(wanted).collect();
        row(&self.name, version, more.join(", "))
    }
}

impl CacheFact {
    fn row(&self) -> Row {
        let answer = if self.answers {
            "answers"
        } else {
            "does not answer"
        };
        let size = self.bytes.map(Usage::wording);
        let last = self.last.map(|found| {
            let all = found.hits + found.misses;
            format!("last run: {} of {all} compilations", found.hits)
        });
        let more = [Some(answer.to_owned()), size, last];
        let more: Vec<String> = more.into_iter().flatten().collect();
        row("compiler cache", self.store.as_str(), more.join(", "))
    }
}

impl EnvironmentFact {
    fn rows(&self, root: &Utf8Path) -> Vec<Row> {
        let path = shown(root, &self.path);
        let python = self.python.clone().unwrap_or_else(|| "no Python".into());
        let maker = self.made_by.unwrap_or(Maker::Others).name();
        let more = match (self.state, &self.why) {
            (EnvironmentCondition::Missing, _) => {
                format!("missing; `cargo pyx dev` creates it with {python}")
            }
            (_, Some(why)) => format!("made by {maker}; {why}"),
            (_, None) => format!("Python {python}, made by {maker}"),
        };
        let mut rows = vec![row("environment", path.as_str(), more)];
        if self.state == EnvironmentCondition::Good {
            let staleness = self.packages_due.as_ref();
            let state = staleness.map_or_else(|| "fresh".to_owned(), |why| format!("due: {why}"));
            rows.push(row("  packages", state, ""));
        }
        rows
    }
}

impl MemberFact {
    fn rows(&self, root: &Utf8Path) -> Vec<Row> {
        let manifest = shown(root, &self.manifest);
        let what = match self.layout {
            Layout::Programs | Layout::Embed => self.layout.to_string(),
            layout => format!("{layout}, {}, module {}", self.bindings, self.module),
        };
        let mut rows = vec![row(&self.name, what, manifest.as_str())];
        let link = self.link.wording(root);
        let stable = self
            .stable_abi
            .iter()
            .map(|floor| format!("stable ABI from {floor}"));
        let more: Vec<String> = stable.collect();
        rows.extend(link.map(|link| row("  link", link, more.join(", "))));
        let features = self.features.join(", ");
        let profile = format!("profile {}", self.profile);
        let settings = if features.is_empty() {
            profile
        } else {
            format!("{profile}, features {features}")
        };
        rows.push(match &self.because {
            None => row("  build", "fresh", settings),
            Some(because) => row("  build", format!("due: {because}"), settings),
        });
        rows
    }
}

impl LinkMode {
    fn wording(&self, root: &Utf8Path) -> Option<String> {
        Some(match self {
            Self::HardCoded { path, line } => {
                format!("extension-module hard-coded, {}:{line}", shown(root, path))
            }
            Self::MaturinFeature => "extension-module through [tool.maturin] features".into(),
            Self::Maturin => "by maturin".into(),
            Self::Program => "with libpython".into(),
            Self::None => return None,
        })
    }
}
