//! The index to publish to.

use url::Url;

use crate::facts::Publishing;
use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::invocation::without_credentials;
use crate::world::manifest::PublishConfig;
use crate::world::session::Session;

/// Where uv uploads to by default, and where that index lists its files.
const PYPI: (&str, &str) = (
    "https://upload.pypi.org/legacy/",
    "https://pypi.org/simple/",
);
const TEST_PYPI: (&str, &str) = (
    "https://test.pypi.org/legacy/",
    "https://test.pypi.org/simple/",
);

/// uv's variables that choose the index.
const URL: &str = "UV_PUBLISH_URL";
const NAME: &str = "UV_PUBLISH_INDEX";
const CHECK_URL: &str = "UV_PUBLISH_CHECK_URL";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Where files are uploaded, without credentials.
    pub url: String,
    /// Whether uv can check what is already there.
    pub listed: bool,
    /// uv's arguments for it; never credentials: uv itself finds a URL with credentials where it was found
    /// here.
    pub args: Vec<String>,
    /// Variables that uv must not see, because another index was chosen.
    pub unset: Vec<String>,
}

/// Where files are uploaded, as stated by the user.
struct StatedIndex {
    url: String,
    check_url: Option<String>,
    args: Vec<String>,
    /// The variables that uv reads it from.
    variables: &'static [&'static str],
}

impl Index {
    /// The first of: the command line, uv's variables, `[tool.uv] publish-url`, the only index with a
    /// `publish-url`, PyPI.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none by that name, or several.
    pub(super) fn gather(session: &Session, project: &Project, to: &Publishing) -> Result<Self> {
        let config = PublishConfig::read(&project.manifests, &project.home)?;
        let variable = |name| session.var(name);
        let said = match (&to.index, &to.publish_url, variable(NAME), variable(URL)) {
            (Some(name), ..) => named(&config, name)?,
            (None, Some(url), ..) => on_the_command_line(url, to.check_url.as_deref())?,
            (None, None, Some(_), Some(_)) => {
                let message = format!("{NAME} and {URL} are both set");
                return Err(Error::refused(message, format!("unset {URL}")));
            }
            (None, None, Some(name), None) => named(&config, name)?,
            (None, None, None, Some(url)) => StatedIndex {
                url: url.to_owned(),
                check_url: variable(CHECK_URL).map(str::to_owned),
                args: Vec::new(),
                variables: &[URL, CHECK_URL],
            },
            (None, None, None, None) => configured(&config, variable(CHECK_URL))?,
        };
        said.settle(session, &config)
    }
}

impl StatedIndex {
    fn settle(mut self, session: &Session, config: &PublishConfig) -> Result<Index> {
        let url = checked(&self.url)?;
        let known = [PYPI, TEST_PYPI].into_iter().find(|(own, _)| *own == url);
        if let (None, Some((_, list))) = (&self.check_url, known) {
            self.args.extend(["--check-url".into(), list.to_owned()]);
            self.check_url = Some(list.to_owned());
        }
        if self.check_url.is_none() && config.check_url.is_some() {
            return Err(Error::refused(
                format!("`check-url` of [tool.uv] may belong to an index other than {url}"),
                "state where this index lists its files: `--publish-url URL --check-url URL`",
            ));
        }
        if let Some(list) = &self.check_url {
            checked(list)?;
        }
        let foreign = [URL, NAME, CHECK_URL].into_iter();
        let foreign = foreign.filter(|name| !self.variables.contains(name));
        let foreign = foreign.filter(|name| session.env.contains_key(*name));
        Ok(Index {
            url,
            listed: self.check_url.is_some(),
            args: self.args,
            unset: foreign.map(str::to_owned).collect(),
        })
    }
}

/// By the name of one of the project's indexes, which states where it lists its files.
fn named(config: &PublishConfig, name: &str) -> Result<StatedIndex> {
    let mut indexes = config.indexes.iter();
    let index = indexes.find(|index| index.name == name).ok_or_else(|| {
        let known: Vec<&str> = publishable(config).map(|(name, _)| name).collect();
        let hint = match &known[..] {
            [] => "add a [[tool.uv.index]] with `name`, `url` and `publish-url` to pyproject.toml"
                .to_owned(),
            names => format!("--index {}", names.join(" or --index ")),
        };
        Error::refused(format!("the project has no index `{name}`"), hint)
    })?;
    let Some(url) = &index.publish_url else {
        return Err(Error::refused(
            format!("the index `{name}` has no `publish-url`"),
            "add the URL to upload to, in its [[tool.uv.index]]",
        ));
    };
    Ok(StatedIndex {
        url: url.clone(),
        check_url: Some(index.url.clone()),
        args: vec!["--index".into(), name.to_owned()],
        variables: &[],
    })
}

/// A URL in arguments is visible to every process of the machine: it may not contain a password.
fn on_the_command_line(url: &str, check_url: Option<&str>) -> Result<StatedIndex> {
    let mut args = vec!["--publish-url".to_owned(), url.to_owned()];
    args.extend(
        check_url
            .map(|list| ["--check-url".to_owned(), list.to_owned()])
            .into_iter()
            .flatten(),
    );
    if args
        .iter()
        .any(|word| without_credentials(word) != word.as_str())
    {
        return Err(Error::refused(
            "a URL on the command line contains a password, which other users can see".into(),
            "set UV_PUBLISH_TOKEN, or UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD, instead",
        ));
    }
    Ok(StatedIndex {
        url: url.to_owned(),
        check_url: check_url.map(str::to_owned),
        args,
        variables: &[],
    })
}

/// If none is named: what uv's configuration says, else PyPI.
fn configured(config: &PublishConfig, check_url: Option<&str>) -> Result<StatedIndex> {
    let check_url = check_url.or(config.check_url.as_deref()).map(str::to_owned);
    let publishable: Vec<(&str, &str)> = publishable(config).collect();
    let url = match (&config.url, &publishable[..]) {
        (Some(url), _) => url,
        (None, [(name, _)]) => return named(config, name),
        (None, []) => PYPI.0,
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            return Err(Error::refused(
                format!("several indexes have a `publish-url`: {}", names.join(", ")),
                format!("choose one with `--index {}`", names[0]),
            ));
        }
    };
    Ok(StatedIndex {
        url: url.to_owned(),
        check_url,
        args: Vec::new(),
        variables: &[CHECK_URL],
    })
}

/// The names and upload URLs of indexes that accept files.
fn publishable(config: &PublishConfig) -> impl Iterator<Item = (&str, &str)> {
    let indexes = config.indexes.iter();
    indexes.filter_map(|index| Some((index.name.as_str(), index.publish_url.as_deref()?)))
}

/// The URL without credentials.
///
/// # Errors
/// [`Error::Refused`] for what is not a URL, without showing it: it may contain a password.
fn checked(url: &str) -> Result<String> {
    match Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => {
            Ok(without_credentials(url).into_owned())
        }
        Ok(_) | Err(_) => Err(Error::refused(
            "the URL of the index is invalid".into(),
            "it must begin with `https://`; percent-encode characters like `/`, `@` and `#` in a password, or put the password into UV_PUBLISH_PASSWORD",
        )),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    const TWO: &str = "[[index]]\nname = \"a\"\nurl = \"https://a/simple\"\npublish-url = \"https://a/up\"\n\
                       [[index]]\nname = \"b\"\nurl = \"https://b/simple\"\npublish-url = \"https://b/up\"\n";

    /// The index with this uv.toml and these variables.
    fn index(toml: &str, env: &[(&str, &str)], to: &Publishing) -> Result<Index> {
        let temp = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        crate::world::disk::write(&home.join("uv.toml"), toml.as_bytes()).unwrap();
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let session = Session {
            env: env.collect(),
            ..Session::default()
        };
        let project = Project {
            home,
            ..Project::default()
        };
        Index::gather(&session, &project, to)
    }

    fn url(url: &str, check_url: Option<&str>) -> Publishing {
        Publishing {
            publish_url: Some(url.into()),
            check_url: check_url.map(str::to_owned),
            ..Publishing::default()
        }
    }

    fn words(index: &Index) -> String {
        format!("{} {}", index.url, index.args.join(" "))
    }

    #[test]
    fn pypi_is_where_nobody_names_another() {
        let index = index("", &[], &Publishing::default()).unwrap();
        let pypi = "https://upload.pypi.org/legacy/ --check-url https://pypi.org/simple/";
        assert_eq!((words(&index).as_str(), index.listed), (pypi, true));
    }

    #[test]
    fn the_command_line_goes_before_variables_and_these_before_the_project() {
        let one = TWO.split("[[index]]\nname = \"b\"").next().unwrap();
        let nothing = Publishing::default();
        let by_project = index(one, &[], &nothing).unwrap();
        assert_eq!(words(&by_project), "https://a/up --index a");
        let env = [(URL, "https://env/up"), (CHECK_URL, "https://env/simple")];
        let by_variable = index(one, &env, &nothing).unwrap();
        assert_eq!(words(&by_variable), "https://env/up ");
        assert!(by_variable.listed && by_variable.unset.is_empty());
        let by_flag = index(one, &env, &url("https://flag/up", None)).unwrap();
        assert_eq!(
            words(&by_flag),
            "https://flag/up --publish-url https://flag/up"
        );
        assert_eq!(
            (by_flag.listed, by_flag.unset),
            (false, vec![URL.to_owned(), CHECK_URL.to_owned()])
        );
        let name = Publishing {
            index: Some("b".into()),
            ..nothing
        };
        assert_eq!(
            words(&index(TWO, &env, &name).unwrap()),
            "https://b/up --index b"
        );
    }

    #[test]
    fn what_could_be_two_indexes_is_refused() {
        let nothing = Publishing::default();
        let several = index(TWO, &[], &nothing).unwrap_err();
        assert!(
            several.to_string().ends_with("`publish-url`: a, b"),
            "{several}"
        );
        let both = [(URL, "https://x/"), (NAME, "a")];
        assert!(index(TWO, &both, &nothing).is_err());
        // the list of another index would say that files are there already
        let config = "check-url = \"https://test.pypi.org/simple/\"\n";
        assert!(index(config, &[], &url("https://own/", None)).is_err());
        assert!(
            index(
                config,
                &[],
                &url("https://own/", Some("https://own/simple/"))
            )
            .is_ok()
        );
    }

    #[test]
    fn a_password_in_a_url_stays_where_it_was_found() {
        let env = [
            (URL, "https://user:canary@own/up"),
            (CHECK_URL, "https://user:canary@own/simple"),
        ];
        let found = index("", &env, &Publishing::default()).unwrap();
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        assert_eq!(found.url, "https://****@own/up");
        for bad in [
            "https://user:canary@own/up",
            "https://user:can/ary@own/",
            "ftp://canary",
        ] {
            let error = index("", &[], &url(bad, None)).unwrap_err();
            let text = format!("{error} {:?}", error.hint());
            assert!(!text.contains("ary"), "{text}");
        }
    }
}
