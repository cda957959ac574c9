//! `hello`, released twice for the oldest and the newest Python: what several tests look at.

use std::sync::OnceLock;

use crate::artifact::parts::Parts;
use crate::released::{Set, set};
use crate::support::{CheckOutcome, entries, label, oldest_and_newest, project};

pub(crate) struct Hello {
    /// Commit and time of the commit, in seconds.
    pub(crate) head: String,
    /// What git and `dist/` hold besides the set.
    pub(crate) traces: String,
    pub(crate) ignored: String,
    pub(crate) first: (Set, CheckOutcome),
    /// Once more with `--reproduce`.
    pub(crate) reproduced: (Set, CheckOutcome),
    /// The wheels in this order, with one of their tags, and the sdist that they are built from.
    pub(crate) good: [Parts; 3],
}

pub(crate) fn hello() -> &'static Hello {
    static HELLO: OnceLock<Hello> = OnceLock::new();
    HELLO.get_or_init(released)
}

fn released() -> Hello {
    let project = project!("hello");
    let pythons = oldest_and_newest();
    let release = |args: &[&str]| {
        let named = ["wheel", "--python", &pythons[0], "--python", &pythons[1]];
        let run = project.release(&named).with(args).run().succeeds();
        (set(&project), run)
    };
    let first = release(&[]);
    let traces = project.traces();
    let reproduced = release(&["--reproduce"]);
    let wheel = |python: &String| {
        let tag = format!("-{}-", label(python));
        let mut files = first.0.files.iter();
        let (_, path) = files.find(|(name, _)| name.contains(&tag)).unwrap();
        with_one_tag(Parts::of_wheel(path))
    };
    let [oldest, newest] = pythons.each_ref().map(wheel);
    let sdists = entries(&project.path("target/pyx/release/sdist/hello"));
    Hello {
        head: project.git(&["log", "-1", "--format=%H %ct"]),
        traces,
        ignored: project.read("dist/.gitignore"),
        good: [oldest, newest, Parts::of_sdist(&sdists[0])],
        first,
        reproduced,
    }
}

fn with_one_tag(mut parts: Parts) -> Parts {
    let newer = format!("manylinux_2_17_{}", std::env::consts::ARCH);
    parts.file = parts.file.replace(&format!(".{newer}"), "");
    let tag = format!("Tag: cp{0}-cp{0}-{newer}\n", parts.python());
    parts.edit("/WHEEL", &tag, "");
    parts
}
