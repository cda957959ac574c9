//! Replaces a file that processes may have loaded.

use camino::Utf8Path;

use crate::model::error::Result;

#[cfg(not(unix))]
use super::{copy, names_in, now, remove_empty, rename};
use super::{create_dir, io, keep_mode};

/// Copies a file over another with a rename, so that a process that has the old one mapped keeps it.
///
/// The copy is made next to the original, and only if that is on another file system, next to the target,
/// which may be among sources. A killed process leaves the copy behind; the next copy has the same name.
pub fn replace(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    create_dir(to.parent().unwrap_or(to))?;
    let moved = |beside: &Utf8Path| {
        let name = to.file_name().unwrap_or_default();
        let copy = beside.with_file_name(format!(".pyx-{name}.new"));
        let moved = copy_anew(from, &copy, to).and_then(|()| put_in_place(&copy, to));
        if moved.is_err() {
            let _ = std::fs::remove_file(&copy); // what went wrong before is what matters
        }
        moved
    };
    let moved = match moved(from) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => moved(to),
        moved => moved,
    };
    moved.map_err(io("write", to))
}

#[cfg(unix)]
fn put_in_place(new: &Utf8Path, path: &Utf8Path) -> std::io::Result<()> {
    std::fs::rename(new, path)
}

/// Windows does not replace a module that a process has loaded, but allows renaming it: it stays next to the
/// new one until no process has it loaded.
#[cfg(not(unix))]
fn put_in_place(new: &Utf8Path, path: &Utf8Path) -> std::io::Result<()> {
    let stem = format!("{}.old-", new.file_name().unwrap_or_default());
    let beside = new.parent().unwrap_or(Utf8Path::new("."));
    for former in names_in(beside, |name| name.starts_with(&stem)) {
        let _ = std::fs::remove_file(former); // the next one tries again
    }
    let is_in_the_way = |error: &std::io::Error| {
        error.kind() == std::io::ErrorKind::PermissionDenied && path.is_file()
    };
    match std::fs::rename(new, path) {
        Err(error) if is_in_the_way(&error) => {}
        renamed => return renamed,
    }
    let aside = beside.join(format!("{stem}{}", now()));
    std::fs::rename(path, &aside)?;
    std::fs::rename(new, path).inspect_err(|_| {
        let _ = std::fs::rename(&aside, path); // what went wrong before is what matters
    })
}

/// Makes a file removable. Windows does not remove a module that a process has loaded, but allows moving it:
/// it goes into the folder `aside` until it can be removed, and a copy takes its place.
#[cfg(not(unix))]
pub fn remove_later(path: &Utf8Path, aside: &Utf8Path) -> Result<()> {
    create_dir(aside)?;
    for former in names_in(aside, |_| true) {
        let _ = std::fs::remove_file(former); // the next one tries again
    }
    let loaded = aside.join(format!(
        "{}.{}",
        path.file_name().unwrap_or_default(),
        now()
    ));
    rename(path, &loaded)?;
    copy(&loaded, path).inspect_err(|_| {
        let _ = std::fs::rename(&loaded, path); // what went wrong before is what matters
    })?;
    let _ = std::fs::remove_file(&loaded); // the next one tries again
    remove_empty(aside, &[])
}

/// Makes a file removable: here every file is.
#[cfg(unix)]
pub fn remove_later(_path: &Utf8Path, _aside: &Utf8Path) -> Result<()> {
    Ok(())
}

/// `old`: the file that the copy is to replace.
fn copy_anew(from: &Utf8Path, copy: &Utf8Path, old: &Utf8Path) -> std::io::Result<()> {
    let _ = std::fs::remove_file(copy); // left by a killed process
    // a new file has the mode that the umask allows
    let mut new = std::fs::File::create_new(copy)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut new)?;
    keep_mode(old, copy.as_std_path())
}

#[cfg(all(test, windows))]
mod tests {
    use super::super::tests::dir;
    use super::super::{all_files, names, remove_file, write};
    use super::*;

    #[test]
    fn what_is_loaded_is_replaced_and_goes_when_nobody_has_it() {
        use std::os::windows::process::CommandExt;
        const CREATE_SUSPENDED: u32 = 4;
        let (_guard, dir) = dir();
        let (new, program) = (dir.join("new"), dir.join("p.exe"));
        write(&new, b"new").unwrap();
        let ways: [&dyn Fn() -> Result<()>; 2] = [&|| replace(&new, &program), &|| {
            remove_later(&program, &dir.join("aside"))
        }];
        for way in ways {
            std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
            let mut loading = std::process::Command::new(&program);
            let mut loaded = loading.creation_flags(CREATE_SUSPENDED).spawn().unwrap();
            remove_file(&program).unwrap_err();
            way().unwrap();
            assert_eq!(all_files(&dir).len(), 3, "and the one that is loaded");
            loaded.kill().unwrap();
            loaded.wait().unwrap();
            way().unwrap();
            assert_eq!(names(&dir), ["new", "p.exe"]);
        }
    }
}
