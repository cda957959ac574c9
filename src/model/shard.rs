//! One of several parts of all tests.
//!
//! Which part a test belongs to is decided by its name, and by a table of recorded seconds that is the same
//! for all parts: never by what else a machine finds.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// From 1 to `count`.
    pub index: u32,
    pub count: u32,
}

impl Shard {
    /// Whether a test without recorded seconds is in this shard. All parameters of a test stay together.
    pub fn holds(self, name: &str) -> bool {
        self.index == Self::of(without_parameters(name), self.count)
    }

    /// The number of a name's shard, from 1 to `count`: the first eight bytes of its SHA-256 as a number,
    /// modulo `count`.
    fn of(name: &str, count: u32) -> u32 {
        let hash = Sha256::digest(name.as_bytes());
        let first: [u8; 8] = hash[..8].try_into().unwrap_or_default();
        let index = u64::from_be_bytes(first) % u64::from(count.max(1));
        u32::try_from(index).unwrap_or_default() + 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let shard = numbers.map(|(index, count)| Self { index, count });
        let is_one = |it: &Self| (1..=it.count).contains(&it.index);
        shard
            .filter(is_one)
            .ok_or_else(|| "which of how many, as in 2/5".to_owned())
    }
}

/// `tests/test_a.py::test_b` of `tests/test_a.py::test_b[1-x]`: parameter names may differ between machines.
pub fn without_parameters(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// The shard of each recorded test, from 1 to `count`: the longest first, each into the shard with the least
/// work so far. A function of its arguments alone.
pub fn balanced<K: Ord + Clone>(seconds: &BTreeMap<K, f64>, count: u32) -> BTreeMap<K, u32> {
    let mut longest: Vec<(&K, f64)> = seconds
        .iter()
        .map(|(name, seconds)| (name, *seconds))
        .collect();
    // those that take equally long stay in the order of their names
    longest.sort_by(|(_, one), (_, other)| other.partial_cmp(one).unwrap_or(Ordering::Equal));
    let mut loads = vec![0.0_f64; count.max(1) as usize];
    let mut assigned = BTreeMap::new();
    for (name, seconds) in longest {
        let mut least = 0;
        for (at, load) in loads.iter().enumerate() {
            if *load < loads[least] {
                least = at;
            }
        }
        // a test that took no time that was measured is one more all the same
        loads[least] += seconds.max(0.000_1);
        assigned.insert(name.clone(), u32::try_from(least).unwrap_or_default() + 1);
    }
    assigned
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_one_of_those_that_there_are() {
        for (text, expected) in [("1/1", Some((1, 1))), ("2/5", Some((2, 5)))] {
            let shard = text.parse::<Shard>().ok();
            assert_eq!(shard.map(|it| (it.index, it.count)), expected);
            assert_eq!(shard.map(|it| it.to_string()).as_deref(), Some(text));
        }
        for text in ["0/5", "6/5", "1/0", "1", "a/b", "-1/5", "1/5/2", ""] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_in_the_same_shard_everywhere() {
        // what the plugins in Python compute as well
        let all = ["tests/test_a.py::test_b", "a::b", "é"].map(|name| Shard::of(name, 5));
        assert_eq!(all, [1, 4, 2]);
    }

    proptest! {
        #[test]
        fn each_test_is_in_exactly_one_shard(name in ".{0,40}", count in 1_u32..40) {
            let holding = (1..=count).filter(|index| Shard { index: *index, count }.holds(&name));
            prop_assert_eq!(holding.count(), 1);
        }

        #[test]
        fn recorded_seconds_are_spread_evenly(
            seconds in prop::collection::btree_map("[a-z]{1,6}", 0.0_f64..10.0, 0..80),
            count in 1_u32..9,
        ) {
            let assigned = balanced(&seconds, count);
            prop_assert_eq!(assigned.len(), seconds.len());
            let load = |shard: u32| -> f64 {
                let own = assigned.iter().filter(|(_, at)| **at == shard);
                own.map(|(name, _)| seconds[name]).sum()
            };
            let loads: Vec<f64> = (1..=count).map(load).collect();
            let longest = seconds.values().copied().fold(0.0, f64::max);
            let (most, least) = loads.iter().fold((0.0_f64, f64::MAX), |(most, least), load| {
                (most.max(*load), least.min(*load))
            });
            prop_assert!(most - least <= longest + 0.01, "{loads:?}");
            prop_assert!(assigned.values().all(|shard| (1..=count).contains(shard)));
        }
    }
}
