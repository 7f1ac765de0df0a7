//! A network of its own for a server, which can be cut without a goodbye.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A network namespace beside that of the tests, joined to it by a pair of virtual interfaces. It is
/// removed when dropped. Unix sockets go through: what runs in it can still be asked.
#[derive(Debug)]
pub struct Network {
    namespace: String,
    subnet: String,
}

impl Network {
    /// A network, joined.
    ///
    /// # Panics
    /// Where this machine refuses one: that needs root, network namespaces, and `ip` and `nft`, which
    /// `tests/run.sh` installs.
    #[must_use]
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let (own, nth) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let network = Self {
            namespace: format!("pgsre{own}n{nth}"),
            subnet: format!("10.{}.{}", 192 + own % 32, (own / 32 + nth * 16) % 256),
        };
        let Self { namespace, .. } = &network;
        // The kernel has room for 15 characters.
        let (outer, inner) = (format!("pg{own}o{nth}"), format!("pg{own}i{nth}"));
        run(&format!("ip netns add {namespace}"));
        run(&format!("ip link add {outer} type veth peer name {inner} netns {namespace}"));
        run(&format!("ip address add {}/24 dev {outer}", network.outside()));
        run(&format!("ip link set {outer} up"));
        network.inside(&format!("ip address add {}.2/24 dev {inner}", network.subnet));
        network.inside(&format!("ip link set {inner} up"));
        network.inside("ip link set lo up");
        network
    }

    /// Its name.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The address of this machine, as it is seen from within.
    #[must_use]
    pub fn outside(&self) -> String {
        format!("{}.1", self.subnet)
    }

    /// Swallows every packet from now on, in both directions: nobody is told.
    ///
    /// # Panics
    /// Where the kernel refuses.
    pub fn cut(&self) {
        self.inside("nft add table inet cut");
        for hook in ["input", "output"] {
            let chain = format!("type filter hook {hook} priority 0 ; policy drop ;");
            self.inside(&format!("nft add chain inet cut {hook} {{ {chain} }}"));
        }
    }

    /// Lets packets through again.
    ///
    /// # Panics
    /// Where the kernel refuses.
    pub fn join(&self) {
        self.inside("nft delete table inet cut");
    }

    fn inside(&self, command: &str) {
        run(&format!("ip netns exec {} {command}", self.namespace));
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The interfaces go with it.
        drop(Command::new("ip").args(["netns", "delete", &self.namespace]).status());
    }
}

/// Words are parted by spaces.
fn run(command: &str) {
    let mut words = command.split_ascii_whitespace();
    let program = words.next().expect("a program");
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{command}: {error}: run tests/run.sh --parts, which installs iproute2 and nftables")
    });
    assert!(
        output.status.success(),
        "{command}: {}: a network that can be cut needs root and a kernel that allows network \
         namespaces (in a container: --privileged, or --cap-add=NET_ADMIN --cap-add=SYS_ADMIN)",
        String::from_utf8_lossy(&output.stderr)
    );
}
