//! Telling systemd how it goes (sd_notify(3)): READY=1, WATCHDOG=1, STOPPING=1.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::environment::Environment;

/// Where a service manager listens; nowhere without one.
#[derive(Debug)]
pub(super) struct Manager {
    address: Option<SocketAddr>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// `$NOTIFY_SOCKET` and `$WATCHDOG_USEC`.
    pub(super) fn of(environment: &Environment) -> Self {
        let socket = environment.set("NOTIFY_SOCKET");
        let address = socket.and_then(|socket| match socket.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(socket).ok(),
        });
        let watchdog = environment.set("WATCHDOG_USEC").and_then(|text| text.parse().ok());
        Self { address, watchdog: watchdog.map(Duration::from_micros) }
    }

    /// How often the manager wants a sign of life: half of what it waits for.
    pub(super) fn pulse(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.address.is_some()).map(|watchdog| watchdog / 2)
    }

    /// Says something. A manager that does not listen is no trouble of ours.
    pub(super) fn say(&self, what: &str) {
        if let (Some(address), Ok(socket)) = (&self.address, UnixDatagram::unbound()) {
            let _ = socket.send_to_addr(what.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_manager_hears_what_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let socket = path.to_string_lossy();
        let variables = [("NOTIFY_SOCKET", &*socket), ("WATCHDOG_USEC", "3000000")];
        let manager = Manager::of(&Environment::of(variables));
        manager.say("READY=1");
        let mut heard = [0; 64];
        let length = listener.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"READY=1");
        assert_eq!(manager.pulse(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn without_a_manager_nothing_is_said() {
        let manager = Manager::of(&Environment::of([("WATCHDOG_USEC", "3000000")]));
        manager.say("READY=1");
        assert_eq!(manager.pulse(), None);
    }
}
