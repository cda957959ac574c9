//! What each kind of project is built into, once.

use super::{GREET, GREETING};
use crate::support::{CheckOutcome, Project, project};

/// The first build of a fixture works and leaves nothing in the checkout; the second does nothing;
/// what was built prints a line.
fn is_built_once(
    project: &Project,
    members: &[&str],
    (script, printed): (&str, &str),
) -> CheckOutcome {
    let first = project.dev().run().succeeds();
    assert_eq!(project.traces(), "", "{first}");
    let second = project.dev().run().succeeds();
    let fresh: Vec<String> = members
        .iter()
        .map(|name| format!("{:>12} {name}\n", "Fresh"))
        .collect();
    assert_eq!(second.stderr, fresh.concat());
    assert_eq!(project.python(script), printed);
    first
}

#[test]
fn hello_is_built_once() {
    is_built_once(&project!("hello"), &["hello"], (GREET, GREETING))
        .says("Compiling hello")
        .says("Finished dev");
}

#[test]
fn a_package_with_its_module_in_place_is_built_once() {
    let report = "import mixed; print(mixed.report('word ' * 1000))";
    is_built_once(&project!("mixed"), &["mixed"], (report, "1,000 words"));
}

#[test]
fn a_module_by_hand_is_built_once() {
    let sum = "import ffi_add; print(ffi_add.add(2, 3))";
    is_built_once(&project!("ffi"), &["ffi-add"], (sum, "5"));
}

#[test]
fn rust_and_python_in_folders_of_their_own_are_built_once() {
    let gcd = "import src_layout; print(src_layout.gcd(12, 18))";
    is_built_once(&project!("src-layout"), &["src-layout"], (gcd, "6"));
}

#[test]
fn a_stable_abi_module_is_built_once() {
    let same = "import hardcoded, sys; print(hardcoded.python_version() == sys.version_info[:2])";
    is_built_once(&project!("hardcoded"), &["hardcoded"], (same, "True"));
}

#[test]
fn a_cffi_library_is_built_once() {
    let sum = "from cffi_add import lib; print(lib.add(2, 3))";
    is_built_once(&project!("cffi"), &["cffi-add"], (sum, "5"));
}

#[test]
fn a_program_is_built_once() {
    let shout = "import subprocess as s, sysconfig\n\
                 s.run([sysconfig.get_path('scripts') + '/shout', 'hello', 'you'], check=True)";
    is_built_once(&project!("bin"), &["shout"], (shout, "HELLO YOU!"));
}

#[test]
fn a_crate_that_embeds_python_is_built_once() {
    is_built_once(&project!("embed"), &["embed"], ("print(1)", "1"));
}

#[test]
fn the_members_of_a_monorepo_share_an_environment_and_are_built_once() {
    let both = "import alpha, beta; print(alpha.slug('A b'), beta.slugs(['C d']))";
    let project = project!("workspace");
    is_built_once(&project, &["alpha", "beta"], (both, "a-b ['c-d']"));
}

#[test]
fn a_project_is_one_wherever_a_link_leads_to_it() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let link = project.path("target/link");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(project.path(""), &link).unwrap();
    let manifest = link.join("pyproject.toml");
    for [option, place] in [
        ["-C", link.to_str().unwrap()],
        ["--manifest-path", manifest.to_str().unwrap()],
    ] {
        project
            .dev()
            .with(&[option, place])
            .run()
            .finds_fresh("hello");
        project.dev().run().finds_fresh("hello");
    }
}
