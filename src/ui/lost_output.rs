//! Whether anyone still reads standard output.

/// Of standard output, as the system tells before anything is written.
#[cfg(unix)]
pub(super) fn lost_output() -> Option<std::io::Error> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    let mut listeners = [PollFd::new(&stdout, PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let _ = poll(&mut listeners, Some(&now)); // an error says nothing
    if listeners[0].revents().contains(PollFlags::ERR) {
        return Some(std::io::ErrorKind::BrokenPipe.into());
    }
    rustix::io::write(&stdout, b"").err().map(Into::into)
}

#[cfg(not(unix))]
pub(super) fn lost_output() -> Option<std::io::Error> {
    None
}
