//! `cargo pyx release publish`: clap types to a [`Releasing`].

use camino::Utf8PathBuf;
use clap::Args;

use crate::facts::{Product, Publishing, Releasing};
use crate::model::error::Result;
use crate::world::session::Session;

use super::build_args::{BuildArgs, member};
use super::distributions::{self, PlaceArgs};
use super::global::CommandContext;

/// Upload what `release wheel` and `release sdist` put into `dist/`
///
/// Uploads exactly the files in dist/release.json, if they are what was checked and tested. Files that
/// the index already has are skipped, so an interrupted upload can be repeated; a file that the index has
/// with different content is refused before anything is sent. The index is the only
/// `[[tool.uv.index]]` with a `publish-url`, otherwise PyPI. Credentials are uv's: `UV_PUBLISH_TOKEN`, or
/// `UV_PUBLISH_USERNAME` and `UV_PUBLISH_PASSWORD`, a keyring, or trusted publishing.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx release publish                    show the files, ask, and upload
  cargo pyx release publish --yes              do not ask, as in CI
  cargo pyx release publish --dry-run          only print the commands
  cargo pyx release publish --index internal   to a named [[tool.uv.index]]
  cargo pyx release publish --publish-url https://test.pypi.org/legacy/")]
pub struct Publish {
    /// Files of the release to upload [default: all]
    #[arg(value_name = "FILE")]
    pub files: Vec<Utf8PathBuf>,
    /// Publish only the files of this package, by name or folder
    #[arg(short = 'p', long = "package", value_name = "MEMBER", value_parser = member)]
    pub package: Vec<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Name of one of the project's indexes
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub index: Option<String>,
    /// URL to upload to
    #[arg(long = "publish-url", value_name = "URL")]
    pub url: Option<String>,
    /// URL where that index lists its files
    #[arg(long, value_name = "URL", requires = "url")]
    pub check_url: Option<String>,
}

impl Publish {
    /// Uploads, after asking.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::model::error::Error::Refused) where nobody can be asked.
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global, session, ..
        } = context;
        let terminal = session.stdin_is_terminal && session.stderr_is_terminal;
        let mut releasing = self.releasing(session);
        releasing.publishing.unattended = !(terminal || self.yes || global.dry_run);
        distributions::perform(context, &self.package, &BuildArgs::default(), releasing)
    }

    fn releasing(&self, session: &Session) -> Releasing {
        let files = self.files.iter().map(|path| session.absolute(path));
        Releasing {
            product: Product::Publication,
            files: files.collect(),
            out_dir: self.place.out_dir(session),
            publishing: Publishing {
                index: self.index.clone(),
                publish_url: self.url.clone(),
                check_url: self.check_url.clone(),
                confirmed: self.yes,
                unattended: false,
            },
            ..Releasing::default()
        }
    }
}
