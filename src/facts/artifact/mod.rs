//! What a wheel or an sdist *is*, and every defect of it that can be seen without running it.
//!
//! Opening a file reads its content; `findings` judges that by rules, each with a name of its own. An error
//! is what PyPI refuses, what makes an installation or an import fail, what contradicts itself, or what leaks
//! a secret or a path of the build machine. Everything else is a warning.
//!
//! A rule belongs in the file of `rules` about the same part of a distribution; what a rule has to know about
//! a file is read by the files next to this one.

mod archive;
mod binary;
mod expected;
mod headers;
mod name;
mod platform;
mod record;
mod rules;
mod sdist;
mod wheel;

pub use archive::{ArchiveMember, is_harmless};
pub use binary::{Binary, Format, damage};
pub use expected::Expected;
pub use headers::Headers;
pub use name::{DistributionName, SDIST_ENDING, SdistName, Tags, WHEEL_ENDING, WheelName};
pub use record::{RecordEntry, installed, rewritten};
pub use sdist::Sdist;
pub use wheel::{Installed, Wheel};
