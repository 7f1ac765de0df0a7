//! Whether a server runs on this machine: proven, never guessed.
//!
//! A Unix socket may be forwarded and a loopback address be a tunnel, and then the server's paths
//! are another machine's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;

use crate::postgres::HostAddress;

/// How long a socket of this machine may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a postmaster may take from its first line in `postmaster.pid` to the start that it
/// tells, in seconds: it reserves its memory in between.
const SAME_START: f64 = 60.0;

/// What the server says of itself.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    pub(super) backend: i32,
    /// When the postmaster started, in seconds since 1970.
    pub(super) started: f64,
    pub(super) data: Option<&'a Path>,
}

/// Whether the server runs here: the backend that serves us must be a process of this machine whose
/// parent listens on the socket that we used, or is named, with its start, by the `postmaster.pid`
/// of the data directory. Says what is missing where it is not proven.
pub(super) async fn prove(hosts: &[HostAddress], claim: &Claim<'_>) -> Result<(), &'static str> {
    let Some(postmaster) = parent(claim.backend) else {
        return Err("the server's process is not one of this machine");
    };
    for host in hosts.iter().filter(|host| host.is_socket()) {
        if listener(host).await == Some(postmaster) {
            return Ok(());
        }
    }
    let noted = claim.data.and_then(noted);
    match noted {
        Some((pid, start)) if pid == postmaster && (start - claim.started).abs() < SAME_START => {
            Ok(())
        }
        _ => Err("it is not proven that the server runs on this machine"),
    }
}

/// The process that listens on a server's socket.
async fn listener(host: &HostAddress) -> Option<i32> {
    let path = Path::new(&host.host).join(format!(".s.PGSQL.{}", host.port));
    let stream = tokio::time::timeout(PATIENCE, UnixStream::connect(path)).await.ok()?.ok()?;
    stream.peer_cred().ok()?.pid()
}

/// The parent of a process (proc(5): the name in parentheses may hold anything).
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    after.split_whitespace().nth(1)?.parse().ok()
}

/// The postmaster and its start that a data directory names; its owner may read it.
fn noted(data: &Path) -> Option<(i32, f64)> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let start = lines.nth(1)?.trim().parse().ok()?;
    Some((pid, start))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A server whose backend this process would be.
    fn claim(data: &Path) -> Claim<'_> {
        let backend = std::process::id().try_into().unwrap();
        Claim { backend, started: 1_800_000_000.5, data: Some(data) }
    }

    fn note(data: &Path, pid: i32, start: i64) {
        let text = format!("{pid}\n{}\n{start}\n5432\n", data.display());
        fs::write(data.join("postmaster.pid"), text).unwrap();
    }

    #[tokio::test]
    async fn the_data_directory_must_name_the_parent_of_our_backend_and_its_start() {
        let data = tempfile::tempdir().unwrap();
        let own = parent(claim(data.path()).backend).unwrap();
        assert!(prove(&[], &claim(data.path())).await.is_err(), "it names nobody");
        note(data.path(), own, 1_800_000_000);
        assert_eq!(prove(&[], &claim(data.path())).await, Ok(()));
        note(data.path(), own, 1_800_009_999);
        assert!(prove(&[], &claim(data.path())).await.is_err(), "an earlier one");
        note(data.path(), own + 1, 1_800_000_000);
        assert!(prove(&[], &claim(data.path())).await.is_err(), "another one");
        fs::write(data.path().join("postmaster.pid"), [0xff, 0, b'\n']).unwrap();
        assert!(prove(&[], &claim(data.path())).await.is_err(), "rubbish");
    }

    #[tokio::test]
    async fn a_process_that_is_not_here_proves_nothing() {
        let data = tempfile::tempdir().unwrap();
        let elsewhere = Claim { backend: i32::MAX, ..claim(data.path()) };
        let why = prove(&[], &elsewhere).await.unwrap_err();
        assert_eq!(why, "the server's process is not one of this machine");
    }

    #[tokio::test]
    async fn a_socket_that_another_process_listens_on_proves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join(".s.PGSQL.5432");
        let _listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let host = directory.path().display().to_string();
        let host = HostAddress { host, address: None, port: 5432 };
        assert_eq!(listener(&host).await, Some(std::process::id().try_into().unwrap()));
        let hosts = [host];
        // This process listens, and its parent is another one: as with a socket that is forwarded.
        assert!(prove(&hosts, &claim(directory.path())).await.is_err());
    }
}
