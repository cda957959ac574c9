//! What must not get into a release, or pass for one.

use std::fs;

use super::links::{linked_out, says_all};
use crate::support::{Project, folder};

#[test]
fn f40_a_link_that_leads_out_of_the_checkout_is_not_packed() {
    let (project, outside) = linked_out(&folder!());
    says_all(project.pyx("release").with(&["sdist"]).run(), &outside);
    assert!(!project.path("dist").exists());
}

/// Writes wheels that are good but for one thing each.
const HARMFUL: &str = "
import hashlib, sys, zipfile
def wheel(tag, members):
    info = 'shout-0.1.0.dist-info/'
    tags = f'py3-none-{tag}'
    members = dict(members)
    members[info + 'METADATA'] = 'Metadata-Version: 2.1\\nName: shout\\nVersion: 0.1.0\\n'
    members[info + 'WHEEL'] = f'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: {tags}\\n'
    members[info + 'RECORD'] = ''.join(f'{name},,\\n' for name in members) + info + 'RECORD,,\\n'
    with zipfile.ZipFile(f'{sys.argv[1]}/shout-0.1.0-{tags}.whl', 'w', zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o010644 if content is None else 0o100644) << 16
            file.writestr(entry, content or '')
wheel('bomb', {'shout/zeros': bytes(600 << 20)})
wheel('pipe', {'shout/pipe': None})
wheel('start', {'evil.pth': 'import evil'})
";

#[test]
fn f43_what_harms_who_unpacks_or_installs_it_is_refused_and_unpacked_by_nobody() {
    let folder = folder!();
    let project = Project::cold(&folder.join("bin"), "bin");
    let wheels = folder.join("wheels");
    fs::create_dir_all(&wheels).unwrap();
    let own = wheels.to_str().unwrap();
    project.run("python3", &["-c", HARMFUL, own]).succeeds();
    let harms = [
        ("bomb", "unpacks to more than 64 MiB"),
        ("pipe", "shout/pipe: is a pipe, a socket or a device"),
        ("start", "evil.pth: runs at every start of Python"),
    ];
    for (tag, why) in harms {
        let wheel = wheels.join(format!("shout-0.1.0-py3-none-{tag}.whl"));
        assert!(wheel.metadata().unwrap().len() < 1 << 20);
        let check = project.pyx("release");
        let run = check.with(&["check", wheel.to_str().unwrap()]).run();
        let run = run.exits(1).says_once(why);
        assert!(run.took < std::time::Duration::from_secs(60), "{run}");
        if tag != "start" {
            run.never_says("twine: ").never_says("wheel unpack: ");
        }
        let left = project.listing(&[".git"]);
        let zeros = left.iter().filter(|(path, _)| path.ends_with("zeros"));
        assert_eq!(zeros.count(), 0);
    }
    fs::remove_dir_all(&wheels).unwrap();
}
