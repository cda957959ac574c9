//! Which interpreters uv may use: those it installed itself, or the system's (uv docs, "Python versions",
//! "Adjusting Python version preferences"). uv does not report the settings it ends up with.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::manifest::Manifests;
use crate::world::session::Session;

const KEY: &str = "python-preference";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PythonPreference {
    OnlyManaged,
    Managed,
    System,
    OnlySystem,
}

impl PythonPreference {
    /// From the environment, else the nearest uv.toml or pyproject.toml with uv's table from `home` upward,
    /// else the user's uv.toml, else the system's; `None` if nothing states a value that uv knows.
    ///
    /// # Errors
    /// As [`Manifests::toml`].
    pub fn read(session: &Session, manifests: &Manifests, home: &Utf8Path) -> Result<Option<Self>> {
        let is_on = |name| {
            let value = session.var(name).unwrap_or_default();
            matches!(
                &*value.to_lowercase(),
                "1" | "true" | "yes" | "on" | "t" | "y"
            )
        };
        if is_on("UV_MANAGED_PYTHON") {
            return Ok(Some(Self::OnlyManaged));
        }
        if is_on("UV_NO_MANAGED_PYTHON") {
            return Ok(Some(Self::OnlySystem));
        }
        if let Some(said) = session.var("UV_PYTHON_PREFERENCE") {
            return Ok(Self::of(said));
        }
        if let Some(file) = session.path_var("UV_CONFIG_FILE") {
            let toml = manifests.toml(&file)?;
            return Ok(toml.and_then(|toml| Self::of(&toml.string(&[KEY])?)));
        }
        if is_on("UV_NO_CONFIG") {
            return Ok(None);
        }
        for folder in home.ancestors() {
            let own = manifests.toml(&folder.join("uv.toml"))?;
            let tables = manifests.toml(&folder.join("pyproject.toml"))?;
            let said = match (own, tables) {
                (Some(toml), _) => toml.string(&[KEY]),
                (None, Some(toml)) if toml.get(&["tool", "uv"]).is_some() => {
                    toml.string(&["tool", "uv", KEY])
                }
                _ => continue,
            };
            if let Some(said) = said {
                return Ok(Self::of(&said));
            }
            break; // the nearest of these counts, whatever it says
        }
        for file in beyond_projects(session) {
            let toml = manifests.toml(&file)?;
            if let Some(said) = toml.and_then(|toml| toml.string(&[KEY])) {
                return Ok(Self::of(&said));
            }
        }
        Ok(None)
    }

    fn of(said: &str) -> Option<Self> {
        Some(match said {
            "only-managed" => Self::OnlyManaged,
            "managed" => Self::Managed,
            "system" => Self::System,
            "only-system" => Self::OnlySystem,
            _ => return None,
        })
    }

    /// Those of `installed` that may be used, preferred ones first, otherwise in their order.
    pub fn order(self, session: &Session, installed: Vec<Interpreter>) -> Vec<Interpreter> {
        let of_uv = |it: &Interpreter| interpreter::is_managed(session, it);
        let (managed, system): (Vec<_>, Vec<_>) = installed.into_iter().partition(of_uv);
        match self {
            Self::OnlyManaged => managed,
            Self::Managed => [managed, system].concat(),
            Self::System => [system, managed].concat(),
            Self::OnlySystem => system,
        }
    }
}

/// uv's files of the user and of the system, of which only the first counts (uv docs, "Configuration files").
fn beyond_projects(session: &Session) -> Vec<Utf8PathBuf> {
    let config = session.path_var("XDG_CONFIG_HOME");
    let config = config.or_else(|| session.path_var("APPDATA").filter(|_| cfg!(windows)));
    let config = config.unwrap_or_else(|| session.home().join(".config"));
    let user = Some(config.join("uv/uv.toml")).filter(|path| disk::is_file(path));
    let mut system = of_the_system(session).into_iter();
    let system = system.find(|path| disk::is_file(path));
    user.into_iter().chain(system).collect()
}

fn of_the_system(session: &Session) -> Vec<Utf8PathBuf> {
    if cfg!(windows) {
        let drive = session.var("SYSTEMDRIVE");
        let place = |drive| format!(r"{drive}\ProgramData\uv\uv.toml").into();
        return drive.map(place).into_iter().collect();
    }
    let said = session.var("XDG_CONFIG_DIRS");
    let folders = said.filter(|said| !said.is_empty()).unwrap_or("/etc/xdg");
    let folders = folders.split(':').map(str::trim);
    let folders = folders.filter(|folder| !folder.is_empty());
    let mut files: Vec<_> = folders
        .map(|folder| Utf8Path::new(folder).join("uv/uv.toml"))
        .collect();
    files.push("/etc/uv/uv.toml".into());
    files
}

#[cfg(test)]
mod tests {
    use pep440_rs::Version;

    use crate::model::implementation::Implementation;

    use super::*;

    /// A project, and uv's folders, in `root`.
    fn session(root: &Utf8Path, variable: Option<(&str, &str)>) -> Session {
        let places = [
            ("UV_PYTHON_INSTALL_DIR", root.join("uvs").into_string()),
            ("XDG_CONFIG_HOME", root.join("config").into_string()),
        ];
        let named = variable.map(|(name, value)| (name, value.to_owned()));
        let env = places.into_iter().chain(named);
        Session {
            env: env.map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Session::default()
        }
    }

    #[test]
    fn the_nearest_counts_of_all_that_say_which_interpreters_uv_takes() {
        use PythonPreference::{Managed, OnlyManaged, OnlySystem, System};
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let read = |variable: Option<(&str, &str)>| {
            PythonPreference::read(&session(root, variable), &Manifests::default(), root).unwrap()
        };
        let write = |name: &str, text: &str| {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        };
        write("xdg/uv/uv.toml", "python-preference = 'only-managed'\n");
        let folders = format!("/none:{}", root.join("xdg"));
        let named = Some(("XDG_CONFIG_DIRS", folders.as_str()));
        assert_eq!(read(named), Some(OnlyManaged).filter(|_| cfg!(unix)));
        write("config/uv/uv.toml", "python-preference = 'system'\n");
        assert_eq!(read(named), Some(System));
        assert_eq!(read(None), Some(System));
        write(
            "pyproject.toml",
            "[tool.uv]\npython-preference = 'only-managed'\n",
        );
        assert_eq!(read(None), Some(OnlyManaged));
        write("uv.toml", "python-preference = 'managed'\n");
        assert_eq!(read(None), Some(Managed));
        write("named.toml", "python-preference = 'only-system'\n");
        let named = root.join("named.toml");
        assert_eq!(
            read(Some(("UV_CONFIG_FILE", named.as_str()))),
            Some(OnlySystem)
        );
        assert_eq!(read(Some(("UV_PYTHON_PREFERENCE", "system"))), Some(System));
        assert_eq!(read(Some(("UV_MANAGED_PYTHON", "1"))), Some(OnlyManaged));
        assert_eq!(read(Some(("UV_NO_MANAGED_PYTHON", "0"))), Some(Managed));
    }

    #[test]
    fn those_that_uv_has_installed_come_first_or_alone_where_that_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let session = session(&root, None);
        disk::create_dir(&root.join("uvs")).unwrap();
        let python = |place: &str| Interpreter {
            path: root.join(place),
            version: Version::new([3, 12]),
            implementation: Implementation::CPython,
        };
        let ordered = |preference: PythonPreference| {
            let installed = vec![python("usr/bin/python3"), python("uvs/cpython/bin/python3")];
            let found = preference.order(&session, installed).into_iter();
            let places =
                found.map(|it| it.path.strip_prefix(&root).unwrap().as_str()[..3].to_owned());
            places.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ordered(PythonPreference::OnlyManaged), "uvs");
        assert_eq!(ordered(PythonPreference::Managed), "uvs usr");
        assert_eq!(ordered(PythonPreference::System), "usr uvs");
        assert_eq!(ordered(PythonPreference::OnlySystem), "usr");
    }
}
