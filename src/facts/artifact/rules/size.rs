//! How large a distribution may be.

use camino::Utf8Path;

use crate::facts::artifact::Expected;
use crate::model::finding::Finding;

pub(super) fn too_large(path: &Utf8Path, size: u64, expected: &Expected) -> Option<Finding> {
    let limit = expected.size_limit;
    // the one rounded up and the other down: what is larger reads so
    let message = format!(
        "it has {} MiB, but the limit is {} MiB",
        tenths((size * 10).div_ceil(1 << 20)),
        tenths((limit * 10) >> 20)
    );
    let hint = "build it with --release and `strip = true`, or ask PyPI for a higher limit";
    let finding = Finding::error("too-large", message).at(path, None);
    (size > limit).then(|| finding.hint(hint))
}

fn tenths(number: u64) -> String {
    match number % 10 {
        0 => (number / 10).to_string(),
        rest => format!("{}.{rest}", number / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_reads_as_larger_than_the_limit() {
        let message = |size, size_limit| {
            let expected = Expected {
                size_limit,
                ..Expected::default()
            };
            let found = too_large("a.whl".into(), size, &expected);
            found.map(|it| it.message).unwrap_or_default()
        };
        let limit = 100 << 20;
        assert_eq!(message(limit, limit), "");
        for (size, said) in [
            (limit + 1, "it has 100.1 MiB, but the limit is 100 MiB"),
            (
                limit + (limit / 250),
                "it has 100.4 MiB, but the limit is 100 MiB",
            ),
            (limit << 1, "it has 200 MiB, but the limit is 100 MiB"),
        ] {
            assert_eq!(message(size, limit), said);
        }
        assert_eq!(message(1000, 999), "it has 0.1 MiB, but the limit is 0 MiB");
    }
}
