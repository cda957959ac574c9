//! What `dev`, `test` and `run` share: building the project into its environment.

use clap::Subcommand;

use crate::driver::{Driver, matrix, test_report, watch};
use crate::facts::{Purpose, Request};
use crate::model::error::{Error, Result};
use crate::world::python_request::ALL;

use super::build_args::CommonArgs;
use super::dev::Dev;
use super::global::CommandContext;
use super::run::Run;
use super::test::Test;

#[derive(Debug, Subcommand)]
pub enum BuildCommand {
    Dev(Dev),
    #[command(visible_alias = "t")]
    Test(Test),
    #[command(visible_alias = "r")]
    Run(Run),
}

impl BuildCommand {
    pub(super) fn common(&self) -> &CommonArgs {
        match self {
            Self::Dev(dev) => &dev.common,
            Self::Test(test) => &test.common,
            Self::Run(run) => &run.common,
        }
    }

    /// `--python`, as often as it is given.
    fn pythons(&self) -> &[String] {
        match self {
            Self::Dev(dev) => dev.python.as_slice(),
            Self::Test(test) => &test.python,
            Self::Run(run) => run.python.as_slice(),
        }
    }

    fn purpose(&self, context: CommandContext<'_>) -> Result<Purpose> {
        Ok(match self {
            Self::Dev(_) => Purpose::Dev,
            Self::Test(test) => Purpose::Test(test.testing(context.session, context.global)),
            Self::Run(run) => Purpose::Run(run.running(context.session)?),
        })
    }

    fn request(&self, context: CommandContext<'_>) -> Result<Request> {
        let purpose = self.purpose(context)?;
        let request = self.common().request(context, purpose)?;
        let python = self.pythons().first().cloned();
        Ok(Request { python, ..request })
    }

    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        if let Self::Test(test) = self
            && let Some(merge) = test.merging(session)
        {
            return merge.run(session, ui, global.dry_run);
        }
        let request = self.request(context)?;
        let command = Driver {
            session,
            ui,
            request: &request,
        };
        let watch = match self {
            Self::Dev(dev) => dev.watch.watch,
            Self::Test(test) => test.watch.watch,
            Self::Run(run) => run.watch.watch,
        };
        if watch
            && request
                .testing()
                .is_some_and(|it| it.reporting.is_of_one_run())
        {
            let message = "`--watch` runs tests repeatedly: it takes no `--shard`, `--durations` or `--junit`";
            return Err(Error::Usage(message.into()));
        }
        let several = self.pythons().len() > 1;
        let all = self.pythons().iter().any(|word| word == ALL);
        if all && !matches!(request.purpose, Purpose::Test(_)) {
            return Err(Error::Usage("`--python all` is only for `test`".into()));
        }
        if watch && (all || several) {
            return Err(Error::Usage("`--watch` takes only one `--python`".into()));
        }
        if let Some(testing) = request.testing() {
            test_report::check_outputs(&testing.reporting)?;
        }
        if all && !global.dry_run {
            matrix::lock_crates(&command)?;
        }
        let pythons = matrix::pythons(session, ui, &request, self.pythons())?;
        if global.dry_run {
            return command.show(&pythons);
        }
        if watch {
            return watch::run(&command);
        }
        test_report::prepare(&command)?;
        if several || all {
            return matrix::run(&command, &pythons);
        }
        match request.purpose {
            Purpose::Test(_) => test_report::run(&command),
            Purpose::Dev
            | Purpose::Run(_)
            | Purpose::Release(_)
            | Purpose::Just(_)
            | Purpose::Look => command.perform().map(drop),
        }
    }
}
