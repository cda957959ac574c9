//! The law of freshness by some dozens of steps; `just law` tries thousands.

use std::time::Duration;

use crate::law::{Extent, holds};
use crate::support::folder;

/// Always the same steps, however fast the machine and whatever else is installed: what fails here,
/// fails for everybody.
fn short(seed: u64) -> Extent {
    Extent {
        seed,
        steps: 30,
        time: Duration::from_secs(600),
        longest: 2,
        shrink: Duration::from_secs(60),
        breaches: 1,
        is_told: false,
    }
}

#[test]
fn python_imports_what_the_sources_of_a_pure_module_say() {
    holds("pure", &folder!(), &short(1));
}

#[test]
fn python_imports_what_the_crates_around_a_mixed_package_say() {
    holds("mixed", &folder!(), &short(2));
}

#[test]
fn python_imports_what_each_of_two_members_of_one_name_says() {
    holds("two", &folder!(), &short(3));
}

#[test]
fn programs_and_what_cffi_loads_are_as_the_sources_say() {
    for name in ["bin", "cffi"] {
        holds(
            name,
            &folder!().join(name),
            &Extent {
                steps: 12,
                ..short(4)
            },
        );
    }
}
