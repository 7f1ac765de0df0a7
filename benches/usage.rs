//! What a process takes, as Linux counts it in `/proc`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a process took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// User and system time of its children that have ended, in seconds.
    pub children_cpu: f64,
    /// The most memory that it had resident at a time, in bytes.
    pub peak: u64,
    /// What it wrote into files, in bytes.
    pub written: u64,
}

impl Usage {
    /// Of several processes at once: their peaks are added, as if all had come at the same time.
    #[must_use]
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::default(), |sum, usage| Self {
            cpu: sum.cpu + usage.cpu,
            children_cpu: sum.children_cpu + usage.children_cpu,
            peak: sum.peak + usage.peak,
            written: sum.written + usage.written,
        })
    }
}

/// Looks at a child for as long as it lives.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    watcher: JoinHandle<Usage>,
}

impl Watch {
    /// Begins to look.
    #[must_use]
    pub fn new(child: Child) -> Self {
        let process = child.id();
        Self { child, watcher: std::thread::spawn(move || follow(process)) }
    }

    /// Waits for the child's end.
    ///
    /// # Panics
    /// Where it cannot be waited for.
    #[must_use]
    pub fn wait(mut self) -> (ExitStatus, Usage) {
        // In this order: what a process took is told until it has been waited for.
        let usage = self.watcher.join().expect("the watcher");
        (self.child.wait().expect("an exit status"), usage)
    }
}

fn follow(process: u32) -> Usage {
    let mut usage = Usage::default();
    let mut written = HashMap::new();
    loop {
        // Both vanish when the process ends; the times stay until it is waited for.
        usage.peak = peak_memory(process).unwrap_or(usage.peak);
        written.extend(written_by_threads(process));
        usage.written = written.values().sum();
        let Some(times) = Times::of(process) else { return usage };
        (usage.cpu, usage.children_cpu) = (times.own, times.children);
        if times.ended {
            return usage;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `VmHWM` of a process, in bytes.
fn peak_memory(process: u32) -> Option<u64> {
    field(Path::new(&format!("/proc/{process}/status")), "VmHWM:").map(|kilobytes| kilobytes << 10)
}

/// What each thread had the kernel write to a disk, in bytes: sockets and pipes do not count. (The
/// figure of the process has that of children in it, which for us are servers.)
fn written_by_threads(process: u32) -> HashMap<PathBuf, u64> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let paths = threads.filter_map(|thread| Some(thread.ok()?.path()));
    paths
        .filter_map(|path| field(&path.join("io"), "write_bytes:").map(|written| (path, written)))
        .collect()
}

/// What a process has resident now, in bytes; `None` where it has ended.
#[must_use]
pub fn resident_memory(process: u32) -> Option<u64> {
    field(Path::new(&format!("/proc/{process}/status")), "VmRSS:").map(|kilobytes| kilobytes << 10)
}

fn field(path: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The times of a process and of its children that have ended, in seconds.
pub(crate) struct Times {
    ended: bool,
    pub(crate) own: f64,
    pub(crate) children: f64,
}

impl Times {
    /// `state`, `utime`, `stime`, `cutime` and `cstime` of proc_pid_stat(5), in ticks of which Linux
    /// has a hundred a second.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (_, behind_name) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = behind_name.split(' ').collect();
        let seconds =
            |at: usize| -> Option<f64> { Some(fields.get(at)?.parse::<f64>().ok()? / 100.0) };
        Some(Self {
            ended: fields[0] == "Z",
            own: seconds(11)? + seconds(12)?,
            children: seconds(13)? + seconds(14)?,
        })
    }
}
