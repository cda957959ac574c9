//! What must not get into a release, or pass for one.

use crate::links::{commit_all, linked_out, says_all};
use crate::shout::{SDIST, damaged, packed_anew, released, wheel};
use crate::support::folder;

#[test]
fn f40_no_product_has_a_link_that_leads_out_of_the_checkout() {
    let folder = folder!();
    let (project, outside) = linked_out(&folder);
    for product in ["sdist", "wheel"] {
        says_all(project.pyx("release").with(&[product]).run(), &outside);
        assert!(!project.path("dist").exists());
    }
    // whatever is not packed may lead anywhere
    let apart = "\nexclude = [\"src/folder/**\", \"tests/file.txt\"]\n";
    project.append("pyproject.toml", apart);
    commit_all(&project);
    let run = project.pyx("release").with(&["sdist", "--no-test"]).run();
    run.never_says("outside the checkout").says("Building");
}

#[test]
fn f41_whatever_is_damaged_the_set_does_not_pass_for_checked() {
    let project = released(&folder!());
    let wheel = wheel(&project);
    let check = |args: &[&str]| project.pyx("release").with(&[&["check"], args].concat());
    check(&[]).run().succeeds();
    let manifest = project.read("dist/release.json");
    let sums = project.read("dist/SHA256SUMS");
    for other in [
        "garbage",
        "{\"schema\": 1",
        "{\"schema\": 9, \"files\": {}}",
    ] {
        project.write("dist/release.json", other);
        damaged(&project, "release.json", "was not written by cargo pyx");
    }
    project.remove("dist/release.json");
    damaged(&project, "SHA256SUMS", "`release.json` is missing");
    project.write("dist/release.json", &manifest);
    project.remove("dist/SHA256SUMS");
    damaged(&project, "release.json", "`SHA256SUMS` is missing");
    let cut = sums.lines().next().unwrap();
    project.write("dist/SHA256SUMS", cut);
    damaged(
        &project,
        "release.json",
        "`SHA256SUMS` and `release.json` disagree",
    );
    let more = format!("{sums}{}  other.whl\n", "0".repeat(64));
    project.write("dist/SHA256SUMS", &more);
    let unlisted = "lists `other.whl`, but `release.json` does not";
    damaged(&project, "SHA256SUMS", unlisted);
    project.write("dist/SHA256SUMS", &sums);
    let other = manifest.replace("\"version\": \"0.1.0\"", "\"version\": \"0.0.9\"");
    project.write("dist/release.json", &other);
    let run = check(&[]).run().exits(1);
    run.says(&format!(
        "`{wheel}` has version 0.0.9, but the project has 0.1.0"
    ));
    project.write("dist/release.json", &manifest);
    packed_anew(&project, &wheel);
    let own = |name: &str| format!("dist/{name}");
    for named in [&[][..], &[&*own(&wheel)]] {
        let run = check(named).run().exits(1);
        run.says_once(&format!("`{wheel}` is not the file that was released"))
            .never_says("pyx: ");
    }
    check(&[&own(SDIST)]).run().succeeds();
}
