//! Names to addresses, as the system looks them up, until a deadline.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use super::probe::{Failure, Target};
use super::stream::Deadline;

/// The addresses of a host, each once, in the order of the system. The system cannot be told to give up: its thread is left
/// behind where it takes too long.
pub(super) fn lookup(target: &Target, deadline: &Deadline) -> Result<Vec<IpAddr>, Failure> {
    let (sender, receiver) = mpsc::channel();
    let (host, port) = (target.host.clone(), target.port);
    thread::Builder::new()
        .spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect());
            sender.send(found)
        })
        .map_err(|error| Failure::NoLookup(error.to_string()))?;
    let found: io::Result<Vec<IpAddr>> =
        receiver.recv_timeout(deadline.left()?).map_err(|_| Failure::TimedOut)?;
    let mut addresses = Vec::new();
    for address in found.map_err(|error| failure(&error))? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Failure::NoAddress) } else { Ok(addresses) }
}

/// Tells a name that has no address from a lookup that does not work. The standard library hands on no number but on Windows:
/// what is left are the words of the system, which are English wherever the locale is not set, as here.
fn failure(error: &io::Error) -> Failure {
    let words = error.to_string();
    let is_known = NO_SUCH_NAME.iter().any(|known| words.contains(known));
    if is_known || error.raw_os_error().is_some_and(|number| NO_SUCH_NAME_ON_WINDOWS.contains(&number)) {
        return Failure::NoAddress;
    }
    let words = words.strip_prefix("failed to lookup address information: ").unwrap_or(&words);
    Failure::NoLookup(words.to_owned())
}

/// EAI_NONAME and EAI_NODATA, as glibc, musl and macOS word them.
const NO_SUCH_NAME: [&str; 6] = [
    "Name or service not known",
    "No address associated with",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
    "no address associated with",
];
/// WSAHOST_NOT_FOUND and WSANO_DATA.
const NO_SUCH_NAME_ON_WINDOWS: [i32; 2] = [11001, 11004];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_name_without_an_address_is_told_from_a_lookup_that_does_not_work() {
        let said = |words: &str| {
            failure(&io::Error::other(format!("failed to lookup address information: {words}")))
        };
        assert_eq!(said("Name or service not known"), Failure::NoAddress);
        assert_eq!(said("nodename nor servname provided, or not known"), Failure::NoAddress);
        assert_eq!(said("Name does not resolve"), Failure::NoAddress);
        assert_eq!(
            said("Temporary failure in name resolution"),
            Failure::NoLookup("Temporary failure in name resolution".to_owned())
        );
    }

    #[test]
    fn addresses_come_each_once_and_a_deadline_that_is_over_is_kept() {
        let target = Target { host: "127.0.0.1".to_owned(), port: 1 };
        let found = lookup(&target, &Deadline::after(Duration::from_secs(5))).unwrap();
        assert_eq!(found, [IpAddr::from([127, 0, 0, 1])]);
        assert_eq!(lookup(&target, &Deadline::after(Duration::ZERO)), Err(Failure::TimedOut));
    }
}
