//! What people do today.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use pgsre_tests::harness::s3::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::programs;

use crate::server::{JOBS, MAJOR, RivalServer};
use crate::{Outcome, Usage, Watch};

/// Runs the rivals.
#[derive(Debug)]
pub struct Rivals {
    /// Where their servers and copies go.
    directory: PathBuf,
}

impl Rivals {
    /// Rivals that put their files here.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// A server as `initdb` leaves it.
    pub async fn default_server(&self) -> RivalServer {
        RivalServer::default_in(&self.directory).await
    }

    /// A server with the settings of pgsre's throw-away server.
    pub async fn tuned_server(&self) -> RivalServer {
        RivalServer::tuned_in(&self.directory).await
    }

    /// The shell script: `curl` copies an object of the bucket, `gunzip -c | psql` restores it into
    /// a default server.
    ///
    /// # Panics
    /// Where a program is missing or fails.
    pub async fn script(&self, store: &S3Server, key: &str) -> Outcome {
        let server = self.default_server().await;
        let copy = self.directory.join("copy.sql.gz");
        let begin = Instant::now();
        let curl =
            succeed(Watch::new(download(store, key, &copy).spawn().expect("curl: install it")));
        let mut gunzip = Command::new("gunzip")
            .arg("-c")
            .arg(&copy)
            .stdout(Stdio::piped())
            .spawn()
            .expect("gunzip");
        let pipe = gunzip.stdout.take().expect("a pipe");
        let psql = Command::new(program("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &server.url()])
            .stdin(pipe)
            .stdout(Stdio::null())
            .spawn()
            .expect("psql");
        let restored = [gunzip, psql].map(Watch::new).map(succeed);
        let seconds = begin.elapsed().as_secs_f64();
        std::fs::remove_file(&copy).expect("removed");
        let clients = Usage::sum(restored.into_iter().chain([curl]));
        let server_cpu = Some(server.cpu());
        server.stop().await;
        Outcome { seconds, clients, server_cpu }
    }

    /// `pg_restore -j2` of these sections of a dump in the custom format; of all where none is named.
    ///
    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn pg_restore(server: &RivalServer, dump: &Path, sections: &[&str]) -> Outcome {
        let mut command = Command::new(program("pg_restore"));
        command.args(sections.iter().map(|section| format!("--section={section}")));
        command.arg(format!("--jobs={JOBS}")).arg("--dbname").arg(server.url()).arg(dump);
        let (begin, before) = (Instant::now(), server.cpu());
        let clients = succeed(Watch::new(command.spawn().expect("pg_restore")));
        let seconds = begin.elapsed().as_secs_f64();
        Outcome { seconds, clients, server_cpu: Some(server.cpu() - before) }
    }

    /// The same of a whole dump into a new server, which is stopped then.
    pub async fn restore_into(&self, server: RivalServer, dump: &Path) -> Outcome {
        let outcome = Self::pg_restore(&server, dump, &[]);
        server.stop().await;
        outcome
    }

    /// `gunzip -c > /dev/null`.
    ///
    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn gunzip(&self, dump: &Path) -> Outcome {
        let begin = Instant::now();
        let mut command = Command::new("gunzip");
        command.arg("-c").arg(dump).stdout(Stdio::null());
        let clients = succeed(Watch::new(command.spawn().expect("gunzip")));
        Outcome { seconds: begin.elapsed().as_secs_f64(), clients, server_cpu: None }
    }
}

fn download(store: &S3Server, key: &str, copy: &Path) -> Command {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--fail", "--aws-sigv4", "aws:amz:us-east-1:s3"])
        .args(["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"])
        .args(["--user", &format!("{ACCESS_KEY}:{SECRET_KEY}"), "--output"])
        .arg(copy)
        .arg(format!("http://{}/{BUCKET}/{key}", store.address()));
    command
}

fn succeed(watch: Watch) -> Usage {
    let (status, usage) = watch.wait();
    assert!(status.success(), "a rival ended with {status}");
    // pg_restore works in children, none of which is a server.
    Usage { cpu: usage.cpu + usage.children_cpu, ..usage }
}

fn program(name: &str) -> PathBuf {
    programs(MAJOR).bindir().join(name)
}
