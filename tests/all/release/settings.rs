//! What a project settles for its releases, in a whole set.

use crate::released::set;
use crate::support::{label, oldest_and_newest, project};

#[test]
fn the_projects_settings_are_used_and_the_command_line_goes_first() {
    let project = project!("hello");
    let [oldest, newest] = oldest_and_newest();
    let table =
        format!("pythons = [\"{newest}\"]\ncompatibility = \"manylinux_2_28\"\ntest = false");
    project.configure_release(&table);
    let untested = project.release(&["wheel", "--no-test"]);
    untested.run().succeeds().never_says("Promoting");
    assert!(
        !project.path("dist").exists(),
        "nothing is released untested"
    );
    project.release(&["wheel"]).run().succeeds();
    let set = set(&project);
    let [(name, known)] = &Vec::from_iter(set.known)[..] else {
        panic!("{:?}", set.files)
    };
    let label_of_newest = label(&newest);
    assert!(name.contains(&format!("-{label_of_newest}-")), "{name}");
    if cfg!(target_os = "linux") {
        assert!(name.contains("-manylinux_2_28_"), "{name}");
    }
    assert_eq!(known["tests"][label_of_newest], "imports 2 passed");
    let first = ["--python", &*oldest, "--compatibility", "manylinux_2_30"];
    let dry = project.release(&["wheel", "--dry-run"]).with(&first).run();
    let dry = dry.succeeds();
    let wanted = format!("# wheel: hello {} manylinux_2_30", label(&oldest));
    assert!(dry.stdout.starts_with(&wanted), "{dry}");
}
