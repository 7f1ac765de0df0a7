//! How deep a text may nest: a parser that descends needs stack for each level.

/// The deepest that parentheses may nest. PostgreSQL's own parser gives up at some thousands
/// (`max_stack_depth`).
const DEEPEST: usize = 1_000;

/// The most words of a file that open a level without a parenthesis.
const MOST_WORDS: usize = 20_000;

/// Words that open a level.
const OPENING: &[&str] = &["begin", "case", "explain", "if", "loop"];

/// What any stack has room for.
const SHALLOW: usize = 100;

/// More than a level takes, without optimisation.
const BYTES_A_LEVEL: usize = 16 << 10;

/// An upper bound of the levels of a text; none where it is too deep to be parsed.
///
/// Parentheses in strings and comments count too, up to the end of their statement.
pub(super) fn levels(sql: &str) -> Option<usize> {
    let (mut depth, mut deepest, mut words) = (0_usize, 0, 0);
    for line in sql.lines() {
        for byte in line.bytes() {
            match byte {
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        if line.trim_end().ends_with(';') {
            depth = 0;
        }
        let of_line = line.split(|c: char| !c.is_ascii_alphabetic());
        words +=
            of_line.filter(|word| OPENING.iter().any(|one| word.eq_ignore_ascii_case(one))).count();
    }
    (deepest <= DEEPEST && words <= MOST_WORDS).then_some(deepest + words)
}

/// Runs what descends as many levels, with a stack that has room for them; none where there is no such
/// stack.
pub(super) fn with_room<T: Send>(levels: usize, descend: impl FnOnce() -> T + Send) -> Option<T> {
    if levels <= SHALLOW {
        return Some(descend());
    }
    std::thread::scope(|scope| {
        let size = (levels * BYTES_A_LEVEL).max(8 << 20);
        let thread = std::thread::Builder::new().stack_size(size).spawn_scoped(scope, descend);
        thread.ok()?.join().ok()
    })
}
