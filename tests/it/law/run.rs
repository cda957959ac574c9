//! Random steps until one breaks the law, and the fewest of them that do.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::lab::{Breach, Lab};
use super::project::{KINDS, Kind, Project};
use super::steps::{self, ALL};

/// How long a run is.
pub(crate) struct Extent {
    pub(crate) seed: u64,
    /// At most.
    pub(crate) steps: usize,
    /// At most.
    pub(crate) time: Duration,
    /// Steps that take longer are left out, in seconds.
    pub(crate) longest: u32,
    /// Whether to look for fewer steps that break the law as well, and for how long.
    pub(crate) shrink: Duration,
    /// How many breaches end the run.
    pub(crate) breaches: usize,
    /// Whether each breach is told when it is found, and at the end what was done.
    pub(crate) is_told: bool,
}

impl Extent {
    /// Beside what the test says: nobody waits hours for a first word.
    fn say(&self, text: &str) {
        if self.is_told {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

/// A step is the same whenever it is done with the same seed to the same files.
#[derive(Clone, Copy)]
struct Step {
    kind: usize,
    seed: u64,
}

fn told(steps: &[Step]) -> String {
    let names = steps
        .iter()
        .map(|step| format!("{}:{}", ALL[step.kind].name, step.seed));
    names.collect::<Vec<_>>().join(",")
}

fn act(lab: &mut Lab, step: Step) -> Result<(), Breach> {
    let mut rng = Rng::with_seed(step.seed);
    let acted = std::panic::AssertUnwindSafe(|| {
        (ALL[step.kind].act)(lab, &mut rng)?;
        if rng.u32(..6) == 0 {
            return lab.nothing();
        }
        Ok(())
    });
    let done = std::panic::catch_unwind(acted);
    done.unwrap_or_else(|_| Err(Breach::new("aborted", ALL[step.kind].name)))
}

fn choose(project: &Project, rng: &mut Rng, longest: u32) -> Step {
    let fits = |kind: &steps::Kind| kind.seconds <= longest && (kind.fits)(project);
    let sum: u32 = ALL
        .iter()
        .filter(|kind| fits(kind))
        .map(|kind| kind.weight)
        .sum();
    let mut left = rng.u32(..sum);
    let mut chosen = 0;
    for (number, kind) in ALL.iter().enumerate() {
        if !fits(kind) {
            continue;
        }
        if left < kind.weight {
            chosen = number;
            break;
        }
        left -= kind.weight;
    }
    Step {
        kind: chosen,
        seed: rng.u64(..1_000_000),
    }
}

/// The law of one kind of project holds for random steps. Where `CARGO_PYX_LAW_REPLAY` names steps, those
/// are done instead.
///
/// # Panics
/// With each breach: the steps that lead to it.
pub(crate) fn holds(name: &str, folder: &Path, extent: &Extent) {
    let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
    let mut run = Run {
        kind: *kind,
        folder: folder.to_owned(),
        counts: BTreeMap::new(),
        told: String::new(),
    };
    if let Ok(words) = std::env::var("CARGO_PYX_LAW_REPLAY") {
        let broken = run.replay(&parsed(&words));
        assert!(broken.is_none(), "{}", broken.unwrap());
        return;
    }
    let found = run.all(extent);
    let seed = extent.seed;
    let counts = run.counts;
    let sum = counts.values().sum::<usize>();
    extent.say(&format!(
        "law of {name}, seed {seed}: {sum} steps {counts:?}"
    ));
    assert!(
        found == 0,
        "{found} breaches of the law, seed {seed}:\n{}",
        run.told
    );
    let _ = fs::remove_dir_all(folder);
}

fn parsed(words: &str) -> Vec<Step> {
    let steps = words.split(',').map(|word| {
        let (name, seed) = word.split_once(':').unwrap_or((word, "0"));
        let kind = ALL.iter().position(|kind| kind.name == name);
        Step {
            kind: kind.unwrap_or_else(|| panic!("no step `{name}`")),
            seed: seed.parse().unwrap(),
        }
    });
    steps.collect()
}

struct Run {
    kind: Kind,
    /// Where the projects are made.
    folder: PathBuf,
    /// How often each kind of step was done.
    counts: BTreeMap<&'static str, usize>,
    /// What is to be said of breaches.
    told: String,
}

impl Run {
    /// How many breaches there were.
    fn all(&mut self, extent: &Extent) -> usize {
        let start = Instant::now();
        let mut rng = Rng::with_seed(extent.seed);
        let mut found = 0;
        let mut done = 0;
        while found < extent.breaches {
            let mut lab = self.new_lab("law");
            let mut steps = Vec::new();
            let breach = loop {
                if done == extent.steps || start.elapsed() > extent.time {
                    return found;
                }
                done += 1;
                let step = choose(&lab.project, &mut rng, extent.longest);
                steps.push(step);
                *self.counts.entry(ALL[step.kind].name).or_default() += 1;
                if let Err(breach) = act(&mut lab, step) {
                    break breach;
                }
            };
            found += 1;
            let report = format!("{} after {}\n{breach}", self.kind.name, told(&steps));
            extent.say(&report);
            let (steps, breach) = self.shrunk(steps, breach, extent.shrink);
            let again = format!(
                "\n{breach}\nagain: CARGO_PYX_LAW_REPLAY={} for {}\n",
                told(&steps),
                self.kind.name
            );
            extent.say(&again);
            self.told.push_str(&again);
        }
        found
    }

    fn new_lab(&self, name: &str) -> Lab {
        let lab = Lab::new(self.kind, &self.folder.join(name));
        lab.unwrap_or_else(|breach| panic!("the first build of {}: {breach}", self.kind.name))
    }

    fn replay(&self, steps: &[Step]) -> Option<Breach> {
        let mut lab = self.new_lab("replay");
        steps.iter().find_map(|step| act(&mut lab, *step).err())
    }

    /// The fewest steps that are found in time and break the law in the same way.
    fn shrunk(&self, steps: Vec<Step>, breach: Breach, time: Duration) -> (Vec<Step>, Breach) {
        let start = Instant::now();
        let mut best = (steps, breach);
        let mut length = best.0.len() / 2;
        while length > 0 {
            let mut at = 0;
            while at + length < best.0.len() {
                if start.elapsed() > time {
                    return best;
                }
                let mut fewer = best.0.clone();
                fewer.drain(at..at + length);
                match self.replay(&fewer) {
                    Some(found) if found.sort() == best.1.sort() => best = (fewer, found),
                    _ => at += length,
                }
            }
            length /= 2;
        }
        best
    }
}
