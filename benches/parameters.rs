//! How much a benchmark does.

/// How much a benchmark does, and of what.
#[derive(Debug)]
pub struct Parameters {
    /// Size of the database, in MiB.
    pub megabytes: u64,
    /// How often everything is done, in turn.
    pub rounds: usize,
    /// Only what has this in its name is of interest: `cargo bench --bench restore -- custom`.
    pub only: Option<String>,
}

impl Parameters {
    /// From `PGSRE_BENCH_MB`, `PGSRE_BENCH_ROUNDS` and the command line.
    ///
    /// # Panics
    /// Where a variable is not a number.
    #[must_use]
    pub fn read() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        // `cargo test --benches` runs a benchmark once without this flag.
        let trial = !arguments.iter().any(|argument| argument == "--bench");
        let (megabytes, rounds) = if trial { (8, 1) } else { (2048, 3) };
        Self {
            megabytes: number("PGSRE_BENCH_MB").unwrap_or(megabytes),
            rounds: number("PGSRE_BENCH_ROUNDS").map_or(rounds, |rounds| rounds.max(1) as usize),
            only: arguments.into_iter().find(|argument| !argument.starts_with('-')),
        }
    }

    /// Whether something of this name is of interest.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
