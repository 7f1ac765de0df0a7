//! Ends a server that outlived its owner.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Ends the server of a cluster directory, if one runs there: only a process whose working
/// directory is that very data directory, as a postmaster's is.
pub(super) fn end_leftover(cluster: &Path) -> io::Result<()> {
    for data in data_directories(cluster) {
        let Some(pid) = postmaster_of(&data) else { continue };
        for (signal, patience) in [("QUIT", 50), ("KILL", 50)] {
            if !runs_in(pid, &data) {
                break;
            }
            send(signal, pid)?;
            wait_for_end(pid, &data, patience);
        }
        if runs_in(pid, &data) {
            return Err(io::Error::other(format!("its server, process {pid}, does not end")));
        }
    }
    Ok(())
}

/// The cluster's directory, or one right below it.
fn data_directories(cluster: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(cluster).into_iter().flatten().flatten().map(|e| e.path());
    let mut found = vec![cluster.to_owned()];
    found.extend(below);
    found.retain(|path| path.join("postmaster.pid").is_file());
    found
}

fn postmaster_of(data: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

#[cfg(target_os = "linux")]
fn runs_in(pid: u32, data: &Path) -> bool {
    let working = std::fs::read_link(format!("/proc/{pid}/cwd"));
    matches!((working, data.canonicalize()), (Ok(working), Ok(data)) if working == data)
}

/// Without `/proc`: the command line must name the data directory.
#[cfg(not(target_os = "linux"))]
fn runs_in(pid: u32, data: &Path) -> bool {
    let listed = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    listed.is_ok_and(|listed| {
        String::from_utf8_lossy(&listed.stdout).contains(&*data.to_string_lossy())
    })
}

fn send(signal: &str, pid: u32) -> io::Result<()> {
    Command::new("kill")
        .args([format!("-{signal}"), pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(|_| ())
}

/// Waits for at most `tenths` of a second.
fn wait_for_end(pid: u32, data: &Path, tenths: u32) {
    for _ in 0..tenths {
        if !runs_in(pid, data) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
