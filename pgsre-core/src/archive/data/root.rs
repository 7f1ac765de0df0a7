//! Dumps whose `INSERT` statements may name another table than their entry does.

/// The first minor releases whose archives say so where data is loaded through a partition root.
const SAYING: &[(u32, u32)] = &[(11, 20), (12, 15), (13, 11), (14, 8), (15, 3)];

/// Whether statements by this `pg_dump`, named as in the header, may be for a partition's root
/// without a word about it.
pub(super) fn may_be_silent(dumped_by: Option<&str>) -> bool {
    let Some((major, minor)) = dumped_by.and_then(version) else {
        return true;
    };
    match SAYING.iter().find(|(saying, _)| *saying == major) {
        Some((_, since)) => minor < *since,
        None => major < SAYING[0].0,
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let number = text.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut parts = number.split('.').map(str::parse);
    let major = parts.next()?.ok()?;
    // A beta has no minor version.
    Some((major, parts.next().and_then(Result::ok).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_releases_are_silent_about_partition_roots() {
        for old in ["9.6.24", "10.23", "11.19", "14.7 (Debian 14.7-1)", "15.2", "who knows"] {
            assert!(may_be_silent(Some(old)), "{old}");
        }
        for new in ["11.20", "15.18 (Debian 15.18-0+deb12u1)", "16.0", "18beta1", "18.4"] {
            assert!(!may_be_silent(Some(new)), "{new}");
        }
    }
}
