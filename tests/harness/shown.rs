//! The dashboard as a user starts it: `pgsre dashboard`, and the demo's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::cli::Pgsre;

/// The time between two readings.
const INTERVAL: &str = "500ms";

/// `pgsre dashboard` under way. It is killed when dropped.
#[derive(Debug)]
pub struct Shown {
    child: Child,
    /// Where its first page is.
    pub address: String,
}

impl Shown {
    /// The dashboard of a database, at a free port.
    #[must_use]
    pub fn start(pgsre: &Pgsre, database: &str, more: &[&str]) -> Self {
        Self::at("127.0.0.1:0", pgsre, database, more)
    }

    /// The same at this address.
    #[must_use]
    pub fn at(listen: &str, pgsre: &Pgsre, database: &str, more: &[&str]) -> Self {
        let mut command = pgsre.command(&["dashboard", "--listen", listen]);
        Self::of(command.args(["--interval", INTERVAL, "--database", database]).args(more))
    }

    /// That of the demo.
    #[must_use]
    pub fn demo(pgsre: &Pgsre) -> Self {
        Self::of(&mut pgsre.command(&["demo", "--dashboard", "--listen", "127.0.0.1:0"]))
    }

    /// What a command says that serves one.
    ///
    /// # Panics
    /// Where it does not say where.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("pgsre");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("dashboard at ").expect("an address").to_owned();
        Self { child, address }
    }

    /// The host and the port, as `--listen` has them.
    ///
    /// # Panics
    /// Where the address is none.
    #[must_use]
    pub fn listen(&self) -> String {
        let rest = self.address.strip_prefix("http://").expect("an address");
        rest.split('/').next().expect("a host").to_owned()
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as Ctrl-C does; its exit status.
    ///
    /// # Panics
    /// Where it cannot be ended.
    #[must_use]
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
        self.child.wait().expect("a status").code()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
