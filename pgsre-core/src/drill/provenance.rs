//! Who ran a drill, and where: what an auditor asks first.

use serde::{Deserialize, Serialize};

/// Who ran a drill, and where. Empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The operating system's user that ran it.
    pub user: String,
    /// The machine it ran on.
    pub host: String,
    /// The version of the server that it was restored on.
    pub restored_on: Option<String>,
}

impl Provenance {
    /// This process: its user and its machine.
    #[must_use]
    pub fn here() -> Self {
        Self { user: user(), host: host(), ..Self::default() }
    }
}

/// The name that the login set, else the number: a job of cron often has only that.
fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_user_and_its_machine() {
        let here = Provenance::here();
        assert!(!here.user.is_empty() && !here.host.is_empty());
    }
}
