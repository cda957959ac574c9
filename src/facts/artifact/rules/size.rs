//! How large a distribution may be.

use camino::Utf8Path;

use crate::facts::artifact::Expected;
use crate::model::finding::Finding;

pub(super) fn too_large(path: &Utf8Path, size: u64, expected: &Expected) -> Option<Finding> {
    let limit = expected.size_limit;
    let message = format!(
        "it has {} MiB, but the limit is {} MiB",
        size >> 20,
        limit >> 20
    );
    let hint = "build it with --release and `strip = true`, or ask PyPI for a higher limit";
    let finding = Finding::error("too-large", message).at(path, None);
    (size > limit).then(|| finding.hint(hint))
}
