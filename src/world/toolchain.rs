//! Which Rust toolchain a folder builds with, told without running rustup or rustc
//! (rustup book, "Overrides").

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::invocation::Invocation;
use crate::model::path::executable;
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::Toml;
use crate::world::process;
use crate::world::session::Session;
use crate::world::tool;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler's own file, links resolved; an input of every build.
    pub rustc: Option<Utf8PathBuf>,
    /// Every file that selects the toolchain, existing or not.
    pub chosen_by: Vec<Utf8PathBuf>,
    /// What `RUSTUP_TOOLCHAIN` must be in children; `None`: it must not be set.
    pub name: Option<String>,
    /// A pinned toolchain that is not installed, and the file that pins it.
    pub missing_pin: Option<(String, Utf8PathBuf)>,
    /// Whether rustup may fetch what is missing.
    pub may_fetch: bool,
    /// Whether rustup has none to use: the project names none, and there is no default.
    pub is_unchosen: bool,
}

impl Toolchain {
    /// For builds in `dir`. rustup is not required: a `rustc` without it is its own toolchain.
    pub fn gather(session: &Session, dir: &Utf8Path) -> Self {
        let rustc = tool::find(session, "rustc");
        let Some(rustup) = Rustup::behind(session, rustc.as_deref()) else {
            return Self {
                rustc: rustc.map(|path| disk::resolve(&path)),
                name: session.var("RUSTUP_TOOLCHAIN").map(str::to_owned),
                ..Self::default()
            };
        };
        let explicit = rustup.explicit(session);
        let pin = rustup.pin(dir);
        let chosen = explicit
            .clone()
            .or_else(|| pin.clone().map(|(name, _)| name));
        let installed = |name: &String| rustup.installed(name);
        let missing_pin = pin.filter(|(name, _)| explicit.is_none() && installed(name).is_none());
        let chosen = chosen.as_ref().or(rustup.default.as_ref());
        let folder = chosen.and_then(installed);
        Self {
            rustc: folder.map(|folder| folder.join("bin").join(executable("rustc"))),
            chosen_by: rustup.choosers(dir),
            is_unchosen: chosen.is_none() && !disk::is_file(SYSTEM_SETTINGS.into()),
            name: explicit,
            missing_pin,
            may_fetch: rustup.may_fetch(session),
        }
    }

    /// Whether its programs may be run: a read-only command does not run one that a checkout brings, named by
    /// its folder.
    pub fn may_be_asked(&self, session: &Session) -> bool {
        let Some(rustc) = self.rustc.as_ref().filter(|_| session.looks_only) else {
            return true;
        };
        let bounds = disk::resolve(checkout::root(&session.cwd).unwrap_or(&session.cwd));
        let real = disk::resolve(rustc);
        !real.starts_with(bounds) || real.starts_with(disk::resolve(&rustup_home(session)))
    }

    /// The target triple that the compiler runs on; rustc is asked, if it [may be](Self::may_be_asked).
    pub fn host(&self, session: &Session) -> Option<String> {
        if !self.may_be_asked(session) {
            return None;
        }
        host(self.rustc.as_deref()?, &session.cwd).ok()?
    }
}

/// The target triple that a compiler runs on, asked in a folder; `None` if it does not say.
///
/// # Errors
/// Those of starting it.
pub fn host(rustc: &Utf8Path, dir: &Utf8Path) -> Result<Option<String>> {
    let output = process::read(&Invocation::new(rustc, dir).arg("-vV"))?;
    let mut lines = output.stdout.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    Ok(host.map(str::to_owned))
}

/// rustup stores a real path in Windows form, with `\\?\`.
fn without_prefix(dir: &str) -> Utf8PathBuf {
    let plain = dunce::simplified(dir.as_ref()).to_str();
    plain.unwrap_or(dir).into()
}

fn rustup_home(session: &Session) -> Utf8PathBuf {
    let said = session.path_var("RUSTUP_HOME");
    said.unwrap_or_else(|| session.home().join(".rustup"))
}

/// Where rustup looks for a default that its user has not set.
const SYSTEM_SETTINGS: &str = "/etc/rustup/settings.toml";

const PIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

struct Rustup {
    home: Utf8PathBuf,
    default: Option<String>,
    /// `default_host_triple` of its settings.
    host: Option<String>,
    /// `auto_install` of its settings.
    auto_install: Option<String>,
    /// Folder and toolchain, deepest folder first.
    overrides: Vec<(Utf8PathBuf, String)>,
}

impl Rustup {
    /// If `rustc` is rustup's proxy: rustup is next to it.
    fn behind(session: &Session, rustc: Option<&Utf8Path>) -> Option<Self> {
        let beside = rustc?.parent()?.join(executable("rustup"));
        if !disk::is_file(&beside) {
            return None;
        }
        let home = rustup_home(session);
        let settings = Toml::read(&home.join("settings.toml")).ok().flatten();
        let mut overrides: Vec<(Utf8PathBuf, String)> = settings
            .as_ref()
            .and_then(|toml| toml.table(&["overrides"]))
            .into_iter()
            .flat_map(|table| table.iter())
            .filter_map(|(dir, name)| Some((without_prefix(dir), name.as_str()?.to_owned())))
            .collect();
        overrides.sort_by_key(|(dir, _)| std::cmp::Reverse(dir.as_str().len()));
        let setting = |name: &str| settings.as_ref().and_then(|toml| toml.string(&[name]));
        Some(Self {
            default: setting("default_toolchain"),
            host: setting("default_host_triple"),
            auto_install: setting("auto_install"),
            overrides,
            home,
        })
    }

    /// `RUSTUP_TOOLCHAIN` if the user set it. cargo's proxy sets it for `cargo pyx` too; then it names the
    /// choice of the working directory, which need not be the project's.
    fn explicit(&self, session: &Session) -> Option<String> {
        let name = session.var("RUSTUP_TOOLCHAIN")?;
        // newer ones say what chose it
        if let Some(source) = session.var("RUSTUP_TOOLCHAIN_SOURCE") {
            return matches!(source, "cli" | "env").then(|| name.to_owned());
        }
        let implied = self
            .pin(&session.started_in)
            .map(|(name, _)| name)
            .or_else(|| self.default.clone());
        let same = implied.is_some_and(|implied| self.installed(&implied) == self.installed(name));
        (!(session.under_cargo() && same)).then(|| name.to_owned())
    }

    /// Whether cargo may make it install a toolchain: `RUSTUP_AUTO_INSTALL`, then its settings (rustup book,
    /// "Environment variables").
    fn may_fetch(&self, session: &Session) -> bool {
        match session.var("RUSTUP_AUTO_INSTALL") {
            Some(value) => value != "0",
            None => self.auto_install.as_deref() != Some("disable"),
        }
    }

    /// The nearest file decides, even if only for the default toolchain.
    fn pin(&self, dir: &Utf8Path) -> Option<(String, Utf8PathBuf)> {
        for folder in dir.ancestors() {
            if let Some((_, name)) = self.overrides.iter().find(|(known, _)| known == folder) {
                return Some((name.clone(), self.home.join("settings.toml")));
            }
            for name in PIN_FILES {
                let path = folder.join(name);
                if let Ok(Some(text)) = disk::read_text(&path) {
                    return Some((named_by(&path, &text)?, path));
                }
            }
        }
        None
    }

    /// The folder of an installed toolchain: `stable` stands for `stable-HOST`. One that is named by its
    /// folder exists.
    fn installed(&self, name: &str) -> Option<Utf8PathBuf> {
        if Utf8Path::new(name).is_absolute() {
            return disk::is_dir(name.into()).then(|| name.into());
        }
        let folder = self.home.join("toolchains");
        let distance = |full: &str| match full.strip_prefix(name)? {
            "" => Some(0),
            rest => {
                let host = rest.strip_prefix('-').filter(|rest| is_host(rest))?;
                let is_own = self.host.as_deref() == Some(host);
                let is_near = host.starts_with(std::env::consts::ARCH);
                Some(if is_own { 1 } else { 3 - u8::from(is_near) })
            }
        };
        let fitting = disk::names(&folder).into_iter();
        let fitting = fitting.filter_map(|full| Some((distance(&full)?, full)));
        fitting.min().map(|(_, full)| folder.join(full))
    }

    fn choosers(&self, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
        dir.ancestors()
            .flat_map(|folder| PIN_FILES.map(|name| folder.join(name)))
            .chain([self.home.join("settings.toml")])
            .collect()
    }
}

/// Whether it may be a target triple, and not a date or `beta.1`, which come before one.
fn is_host(text: &str) -> bool {
    let arch = text.split('-').next().unwrap_or_default();
    let is_arch = arch.starts_with(|c: char| c.is_ascii_alphabetic()) && !arch.contains('.');
    is_arch && text.matches('-').count() >= 2
}

/// What a toolchain file names, in either of its two formats: a channel, or the folder of a toolchain, which
/// rustup accepts only as an absolute path.
fn named_by(path: &Utf8Path, text: &str) -> Option<String> {
    let line = text.trim();
    if !line.contains(['=', '\n', '[']) && !line.is_empty() {
        return Some(line.to_owned());
    }
    let toml = Toml::parse(path, text).ok()?;
    let folder = toml.string(&["toolchain", "path"]);
    let folder = folder.filter(|path| Utf8Path::new(path).is_absolute());
    toml.string(&["toolchain", "channel"]).or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rustup with two toolchains and a project that pins one that is missing.
    fn machine() -> (tempfile::TempDir, Utf8PathBuf, Session) {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for name in ["rustup", "rustc"] {
            let file = root.join("bin").join(executable(name));
            disk::write(&file, b"").unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(file, mode).unwrap();
            }
        }
        for name in [
            "stable-x86_64-unknown-linux-gnu",
            "nightly-x86_64-unknown-linux-gnu",
        ] {
            disk::create_dir(&root.join("rustup/toolchains").join(name)).unwrap();
        }
        let settings = b"default_toolchain = 'stable-x86_64-unknown-linux-gnu'\n";
        disk::write(&root.join("rustup/settings.toml"), settings).unwrap();
        let session = Session {
            cwd: root.join("elsewhere"),
            env: [
                ("PATH".to_owned(), root.join("bin").to_string()),
                ("RUSTUP_HOME".to_owned(), root.join("rustup").to_string()),
            ]
            .into(),
            ..Session::default()
        };
        disk::create_dir(&session.cwd).unwrap();
        (temp, root, session)
    }

    #[test]
    fn a_pin_that_is_not_installed_is_nothing_else_and_fetched_where_rustup_may() {
        let (_temp, root, mut session) = machine();
        let project = root.join("p");
        disk::write(&project.join("rust-toolchain"), b"1.60.0\n").unwrap();
        let found = Toolchain::gather(&session, &project);
        assert_eq!((found.name, found.rustc), (None, None));
        assert_eq!(found.missing_pin.unwrap().0, "1.60.0");
        assert!(found.may_fetch);
        session.env.insert("RUSTUP_AUTO_INSTALL".into(), "0".into());
        assert!(!Toolchain::gather(&session, &project).may_fetch);
        session.env.remove("RUSTUP_AUTO_INSTALL");
        let settings = b"auto_install = 'disable'\n";
        disk::write(&root.join("rustup/settings.toml"), settings).unwrap();
        assert!(!Toolchain::gather(&session, &project).may_fetch);
    }

    #[test]
    fn what_a_person_writes_behind_cargo_goes_before_a_pin() {
        let (_temp, root, mut session) = machine();
        let project = root.join("p");
        disk::write(&project.join("rust-toolchain"), b"1.60.0\n").unwrap();
        let stable = "stable-x86_64-unknown-linux-gnu";
        session.env.insert("CARGO".into(), "cargo".into());
        session.env.insert("RUSTUP_TOOLCHAIN".into(), stable.into());
        for (source, explicit) in [("cli", true), ("env", true), ("default", false)] {
            let source = source.to_owned();
            session.env.insert("RUSTUP_TOOLCHAIN_SOURCE".into(), source);
            let found = Toolchain::gather(&session, &project);
            assert_eq!(found.name.is_some(), explicit);
            assert_eq!(found.missing_pin.is_none(), explicit);
        }
    }

    #[test]
    fn an_installed_pin_is_left_to_rustup() {
        let (_temp, root, session) = machine();
        let project = root.join("p");
        let pin = b"[toolchain]\nchannel = 'nightly'\n";
        disk::write(&project.join("rust-toolchain.toml"), pin).unwrap();
        let found = Toolchain::gather(&session, &project);
        assert_eq!((found.name, found.missing_pin), (None, None));
        assert!(found.rustc.unwrap().as_str().contains("nightly-"));
    }

    #[test]
    fn a_channel_is_none_of_its_dates_and_of_hosts_its_own_comes_first() {
        let (_temp, root, session) = machine();
        let toolchains = root.join("rustup/toolchains");
        for name in [
            "nightly-2025-01-01-x86_64-unknown-linux-gnu",
            "1.80.0-beta.1-x86_64-unknown-linux-gnu",
            "stable-aarch64-unknown-linux-gnu",
            "stable-riscv64gc-unknown-linux-gnu",
            "my",
            "my-own",
        ] {
            disk::create_dir(&toolchains.join(name)).unwrap();
        }
        let settings = b"default_host_triple = 'riscv64gc-unknown-linux-gnu'\n";
        disk::write(&root.join("rustup/settings.toml"), settings).unwrap();
        let project = root.join("p");
        let chosen = |pin: &str| {
            disk::write(&project.join("rust-toolchain"), pin.as_bytes()).unwrap();
            let rustc = Toolchain::gather(&session, &project).rustc?;
            let folder = rustc.parent()?.parent()?.file_name()?;
            Some(folder.to_owned())
        };
        for (pin, folder) in [
            ("nightly", Some("nightly-x86_64-unknown-linux-gnu")),
            (
                "nightly-2025-01-01",
                Some("nightly-2025-01-01-x86_64-unknown-linux-gnu"),
            ),
            ("nightly-2025", None),
            ("1.80.0", None),
            ("stable", Some("stable-riscv64gc-unknown-linux-gnu")),
            ("my", Some("my")),
            ("my-own", Some("my-own")),
        ] {
            assert_eq!(chosen(pin).as_deref(), folder, "{pin}");
        }
        disk::remove_dir(&toolchains.join("my")).unwrap();
        assert_eq!(chosen("my"), None);
    }

    #[test]
    fn the_nearest_toolchain_file_ends_the_search_whatever_it_says() {
        let (_temp, root, session) = machine();
        disk::write(&root.join("rust-toolchain"), b"nightly\n").unwrap();
        let own = root.join("own");
        disk::create_dir(&own).unwrap();
        let project = root.join("p");
        let stable = root.join("rustup/toolchains/stable-x86_64-unknown-linux-gnu");
        for (text, folder) in [
            (format!("path = '{own}'"), &own),
            ("components = ['rustfmt']".to_owned(), &stable),
            ("path = 'own'".to_owned(), &stable), // rustup refuses it
        ] {
            let text = format!("[toolchain]\n{text}\n");
            disk::write(&project.join("rust-toolchain.toml"), text.as_bytes()).unwrap();
            let found = Toolchain::gather(&session, &project);
            assert_eq!(found.missing_pin, None, "{text}");
            assert!(found.rustc.unwrap().starts_with(folder), "{text}");
        }
    }

    #[test]
    fn without_a_default_only_a_project_can_choose() {
        let (_temp, root, session) = machine();
        let project = root.join("p");
        assert!(!Toolchain::gather(&session, &project).is_unchosen);
        disk::write(&root.join("rustup/settings.toml"), b"version = '12'\n").unwrap();
        assert!(Toolchain::gather(&session, &project).is_unchosen);
        disk::write(&project.join("rust-toolchain"), b"nightly\n").unwrap();
        assert!(!Toolchain::gather(&session, &project).is_unchosen);
    }

    #[test]
    fn what_cargo_said_of_the_working_directory_is_not_the_projects_choice() {
        let (_temp, root, mut session) = machine();
        session.env.insert("CARGO".into(), "cargo".into());
        let stable = "stable-x86_64-unknown-linux-gnu";
        session.env.insert("RUSTUP_TOOLCHAIN".into(), stable.into());
        assert_eq!(Toolchain::gather(&session, &root.join("p")).name, None);
        session
            .env
            .insert("RUSTUP_TOOLCHAIN".into(), "nightly".into());
        let found = Toolchain::gather(&session, &root.join("p"));
        assert_eq!(found.name.as_deref(), Some("nightly"));
    }
}
