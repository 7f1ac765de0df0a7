//! Which name was probably meant.

/// Longer ones are no slip of the pen, and would take their time.
const LONGEST: usize = 64;

/// The likeness, from 0 to 1, beyond which one name reads like another: half of the letters.
const ALIKE: f64 = 0.5;

/// The known name most like `text` in any case of letters, where one is alike enough to be meant;
/// for the hint of a message about an unknown name.
///
/// ```
/// use pgsre_core::finding::nearest;
///
/// assert_eq!(nearest("max_agee", ["max_age", "min_size"]), Some("max_age"));
/// assert_eq!(nearest("colour", ["max_age", "min_size"]), None);
/// ```
#[must_use]
pub fn nearest<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let text: String = text.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&text, &name.to_lowercase());
    let scored = known.into_iter().map(|name| (likeness(name), name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > ALIKE).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["max_client_conn", "pool_mode", "replication.replay_lag_seconds", ""];

    #[test]
    fn a_slip_of_the_pen_finds_its_name_and_another_word_finds_none() {
        for (text, meant) in [
            ("max_client_con", Some("max_client_conn")),
            ("Pool_Mode", Some("pool_mode")),
            ("replication.replay_lag", Some("replication.replay_lag_seconds")),
            ("colour", None),
            ("ŝ🦀", None),
        ] {
            assert_eq!(nearest(text, KNOWN), meant, "{text}");
        }
        assert_eq!(nearest("anything", []), None);
    }

    #[test]
    fn an_endless_name_is_compared_by_its_beginning() {
        assert_eq!(nearest(&"x".repeat(1 << 20), KNOWN), None);
    }
}
