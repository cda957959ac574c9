//! A command as data.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

/// What separates the folders in PATH, PYTHONPATH and the like.
pub const SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

/// One run of one program. [`Display`](std::fmt::Display) is what a person could paste into a POSIX shell,
/// except for passwords in URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invocation {
    /// An absolute path, or a name that PATH resolves.
    pub program: Utf8PathBuf,
    pub args: Vec<String>,
    /// The working directory, absolute.
    pub dir: Utf8PathBuf,
    /// Variables set on top of the inherited environment.
    pub set: BTreeMap<String, String>,
    /// Folders that precede the inherited ones in the PATH of `set`.
    pub path_first: Vec<String>,
    /// Variables removed from the inherited environment.
    pub unset: BTreeSet<String>,
}

impl Invocation {
    pub fn new(program: impl Into<Utf8PathBuf>, dir: &Utf8Path) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: dir.to_owned(),
            set: BTreeMap::new(),
            path_first: Vec::new(),
            unset: BTreeSet::new(),
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.unset.remove(name);
        self.set.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn envs(self, variables: &BTreeMap<String, String>) -> Self {
        let variables = variables.iter();
        variables.fold(self, |call, (name, value)| call.env(name, value.clone()))
    }

    /// With PATH beginning with `first`, unless `inherited` already begins with it.
    #[must_use]
    pub fn path(mut self, first: &[&Utf8Path], inherited: &str) -> Self {
        let begins = inherited
            .split(SEPARATOR)
            .zip(first)
            .filter(|(part, dir)| part == *dir);
        if begins.count() == first.len() {
            return self;
        }
        self.path_first = first.iter().map(ToString::to_string).collect();
        let mut folders = self.path_first.clone();
        // an empty entry would be the working directory
        folders.extend((!inherited.is_empty()).then(|| inherited.to_owned()));
        self.env("PATH", folders.join(SEPARATOR))
    }

    /// With another working directory.
    #[must_use]
    pub fn dir(mut self, dir: Utf8PathBuf) -> Self {
        self.dir = dir;
        self
    }

    #[must_use]
    pub fn without<'a>(mut self, names: impl IntoIterator<Item = &'a String>) -> Self {
        for name in names {
            if !self.set.contains_key(name) {
                self.unset.insert(name.clone());
            }
        }
        self
    }
}

impl std::fmt::Display for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(cd {} && ", quote(self.dir.as_str()))?;
        let is_by_env = !(self.unset.is_empty() && self.set.is_empty());
        if is_by_env {
            f.write_str("env ")?;
        }
        for name in &self.unset {
            write!(f, "-u {name} ")?;
        }
        for (name, value) in &self.set {
            if name == "PATH" && !self.path_first.is_empty() {
                let first = quote(&self.path_first.join(":")).into_owned();
                let is_all = *value == self.path_first.join(SEPARATOR);
                let inherited = if is_all { "" } else { ":\"$PATH\"" };
                write!(f, "PATH={first}{inherited} ")?;
                continue;
            }
            write!(f, "{name}={} ", quote(&without_credentials(value)))?;
        }
        // what `env` would take for another variable
        if is_by_env && self.program.as_str().contains('=') {
            f.write_str("sh -c 'exec \"$@\"' sh ")?;
        }
        f.write_str(&quote(self.program.as_str()))?;
        for arg in &self.args {
            write!(f, " {}", quote(&without_credentials(arg)))?;
        }
        f.write_str(")")
    }
}

/// As one word of a POSIX shell. Arguments and paths cannot hold NUL, the one thing that cannot be quoted.
pub fn quote(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

/// The text with `****` instead of the user and password of every URL. The user of ssh alone is not a secret,
/// and without it the URL would be useless.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    let is_end = |c: char| c.is_whitespace() || "/?#'\"`<>".contains(c);
    let (mut masked, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        let authority = &after[..after.find(is_end).unwrap_or(after.len())];
        masked.push_str(before);
        let is_secret = |user: &str| !before.ends_with("ssh://") || user.contains(':');
        let end = authority.rfind('@');
        rest = match end.filter(|end| is_secret(&authority[..*end])) {
            Some(end) => {
                masked.push_str("****");
                &after[end..]
            }
            None => after,
        };
    }
    if masked.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(masked + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_what_a_shell_takes() {
        let invocation = Invocation::new("/bin/echo", Utf8Path::new("/a b"))
            .arg("it's $(here)")
            .env("X", "1 2")
            .without(["Y".to_owned()].iter());
        assert_eq!(
            invocation.to_string(),
            r#"(cd '/a b' && env -u Y X='1 2' /bin/echo "it's "'$(here)')"#
        );
    }

    #[test]
    fn a_program_is_no_variable() {
        let call = Invocation::new("/a=b/p", Utf8Path::new("/")).arg("c");
        assert_eq!(call.to_string(), "(cd / && '/a=b/p' c)");
        let call = call.env("X", "1").to_string();
        assert_eq!(call, r#"(cd / && env X=1 sh -c 'exec "$@"' sh '/a=b/p' c)"#);
    }

    #[test]
    fn a_path_has_no_empty_entry() {
        let first = Utf8Path::new("/venv/bin");
        let call = |inherited: &str| {
            let call = Invocation::new("p", Utf8Path::new("/")).path(&[first], inherited);
            let path = call.set.get("PATH").cloned();
            (path.unwrap_or_default(), call.to_string())
        };
        let (path, shown) = call("");
        assert_eq!(path, "/venv/bin");
        assert_eq!(shown, "(cd / && env PATH=/venv/bin p)");
        let (path, shown) = call("/bin");
        assert_eq!(path, ["/venv/bin", "/bin"].join(SEPARATOR));
        assert_eq!(shown, "(cd / && env PATH=/venv/bin:\"$PATH\" p)");
    }

    #[test]
    fn no_password_in_a_url_is_shown() {
        let call = Invocation::new("uv", Utf8Path::new("/"))
            .arg("https://user:p@ss@host:1/x?a=b@c")
            .env("INDEX", "http://token@host");
        assert_eq!(
            call.to_string(),
            "(cd / && env INDEX='http://****@host' uv 'https://****@host:1/x?a=b@c')"
        );
        for plain in [
            "https://host/@scope and user@host",
            "pkg @ git+ssh://git@host/x and https://host",
        ] {
            assert_eq!(without_credentials(plain), plain);
        }
        let mixed = "ssh://a:b@host https://c@host";
        assert_eq!(
            without_credentials(mixed),
            "ssh://****@host https://****@host"
        );
    }

    #[test]
    fn a_variable_is_set_or_unset_never_both() {
        let names = ["X".to_owned()];
        let dir = Utf8Path::new("/");
        let set_first = Invocation::new("p", dir).env("X", "1").without(&names);
        let unset_first = Invocation::new("p", dir).without(&names).env("X", "1");
        assert_eq!(set_first, unset_first);
    }
}
