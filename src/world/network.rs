//! Whether this machine has a network, and whether something listens at an address.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use camino::Utf8Path;

use crate::model::invocation::Invocation;

use super::disk;
use super::session::Session;

/// The variables that make cargo and uv give up at once without a network, unless the user has set them:
/// otherwise they retry for half a minute, and no try goes better than the first.
pub fn patience(session: &Session) -> BTreeMap<String, String> {
    let mut tries = BTreeMap::new();
    if is_missing() {
        let names = ["CARGO_NET_RETRY", "UV_HTTP_RETRIES"];
        let unset = names.into_iter().filter(|name| session.var(name).is_none());
        tries.extend(unset.map(|name| (name.to_owned(), "0".to_owned())));
    }
    tries
}

/// A call of cargo or uv with no more [`patience`] than is useful.
pub fn patient(session: &Session, call: Invocation) -> Invocation {
    let patience = patience(session).into_iter();
    patience.fold(call, |call, (name, value)| call.env(&name, value))
}

/// Whether something accepts connections at `host:port`, within `patience` for looking up the host and for each
/// of its addresses.
pub fn listens(address: &str, patience: Duration) -> bool {
    let mut places = places(address, patience).into_iter();
    places.any(|place| TcpStream::connect_timeout(&place, patience).is_ok())
}

/// Like [`listens`], and it also answers `greeting` within `patience`.
pub fn answers(address: &str, greeting: Option<&str>, patience: Duration) -> bool {
    let Some(greeting) = greeting else {
        return listens(address, patience);
    };
    let answer = |place| {
        let mut stream = TcpStream::connect_timeout(&place, patience)?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(greeting.as_bytes())?;
        stream.read(&mut [0])
    };
    let mut places = places(address, patience).into_iter();
    places.any(|place| answer(place).is_ok_and(|bytes| bytes > 0))
}

/// The first addresses of `host:port`; none if they are not known within `patience`.
fn places(address: &str, patience: Duration) -> Vec<SocketAddr> {
    let address = address.to_owned();
    let found = within(patience, move || address.to_socket_addrs());
    let found = found.and_then(Result::ok).into_iter().flatten();
    found.take(2).collect()
}

/// The result of `work`; `None` after `patience`. The system's name resolution has no time limit.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(work()); // nobody waits any more
    });
    receiver.recv_timeout(patience).ok()
}

/// A port of this machine that is free now.
pub fn free_port() -> Option<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    Some(listener.local_addr().ok()?.port())
}

/// Whether there is no route out of this machine, as far as the system tells.
fn is_missing() -> bool {
    let table = |name| disk::read_text(&Utf8Path::new("/proc/net").join(name));
    let (Ok(Some(old)), Ok(new)) = (table("route"), table("ipv6_route")) else {
        return false;
    };
    !leads_out(&old, &new.unwrap_or_default())
}

/// By the kernel's routing tables for IPv4, which has a header, and for IPv6.
fn leads_out(old: &str, new: &str) -> bool {
    let device = |line: &str| line.split_whitespace().last().map(str::to_owned);
    old.lines().skip(1).any(|line| !line.trim().is_empty())
        || new.lines().filter_map(device).any(|name| name != "lo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_that_does_not_end_is_left_to_itself() {
        let began = std::time::Instant::now();
        let slow = || std::thread::sleep(Duration::from_secs(30));
        assert_eq!(within(Duration::from_millis(20), slow), None);
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(within(Duration::from_secs(10), || 1), Some(1));
        let here = places("127.0.0.1:80", Duration::from_secs(10));
        assert_eq!(here, ["127.0.0.1:80".parse().unwrap()]);
    }

    #[test]
    fn a_route_to_ourselves_leads_nowhere() {
        let head = "Iface\tDestination\tGateway\tFlags\n";
        let zeros = "0".repeat(32);
        let own =
            format!("{zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200       lo\n");
        assert!(!leads_out(head, &own) && !leads_out("", ""));
        assert!(leads_out(
            &format!("{head}eth0\t00000000\t010200C0\t0003\n"),
            &own
        ));
        assert!(leads_out(head, &own.replace("lo", "eth0")));
    }
}
