//! How a restore would go on machines that are not at hand: a simulation of the loader's schedule.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench scaling
//! ```
//!
//! The database is the one of the `restore` benchmark, the costs are CPU seconds that were measured
//! with it on two cores of PostgreSQL 15 and grow with the size (sorting by its logarithm too). What
//! it leaves out: disks and network slower than this, and locks inside PostgreSQL (extending one
//! table from many connections, inserting WAL), which were not felt by two.

use std::fmt;

/// CPU seconds that one connection needs to take a gigabyte of COPY text.
const COPY: f64 = 8.0;
/// Gigabytes of SQL a second that one thread unpacks from gzip and splits.
const UNPACK: f64 = 0.49;
/// Gigabytes of SQL that the costs of indexes and keys were measured with.
const MEASURED: f64 = 1.06;

/// A table: its share of the SQL, its indexes by the seconds that each took, its foreign keys by
/// the seconds and the table that each refers to.
struct Table {
    share: f64,
    indexes: &'static [f64],
    foreign_keys: &'static [(f64, usize)],
}

const TABLES: &[Table] = &[
    Table { share: 0.17, indexes: &[0.4, 1.4], foreign_keys: &[] },
    Table { share: 0.11, indexes: &[1.1, 1.6], foreign_keys: &[] },
    Table { share: 0.48, indexes: &[1.6, 1.9, 2.7, 2.1], foreign_keys: &[(2.7, 0), (3.1, 1)] },
    Table { share: 0.24, indexes: &[1.0, 2.4, 4.5], foreign_keys: &[(1.7, 0)] },
];

/// How the data is stored.
#[derive(Clone, Copy, PartialEq)]
enum Dump {
    /// One gzip stream: read once, in order.
    Plain,
    /// A stream for each table, read beside one another.
    Archive,
}

fn main() {
    println!("| dump | cores | restore | data | keys and indexes behind it | what it waits for |");
    println!("|---|---|---|---|---|---|");
    for gigabytes in [MEASURED, 1000.0] {
        for dump in [Dump::Plain, Dump::Archive] {
            for cores in [2, 16, 64] {
                println!("{}", Simulation::of(dump, gigabytes, cores).run());
            }
        }
    }
}

/// What remains to be done of a table.
struct Remaining {
    data: f64,
    indexes: Vec<f64>,
    foreign_keys: Vec<(f64, usize)>,
}

struct Simulation {
    dump: Dump,
    gigabytes: f64,
    cores: usize,
    tables: Vec<Remaining>,
    now: f64,
    data_ended: f64,
}

/// Something that runs now: its part of a table, and how fast it goes.
enum Running {
    Data { table: usize, rate: f64 },
    Index { table: usize, index: usize },
    ForeignKey { table: usize },
}

impl Simulation {
    fn of(dump: Dump, gigabytes: f64, cores: usize) -> Self {
        let scale = gigabytes / MEASURED;
        // Sorting n rows takes n log n; 5 M rows were measured.
        let sort = scale * (5e6 * scale).log2() / 5e6_f64.log2();
        let remaining = |table: &Table| Remaining {
            data: table.share * gigabytes,
            indexes: table.indexes.iter().map(|seconds| seconds * sort).collect(),
            foreign_keys: table.foreign_keys.iter().map(|(s, to)| (s * scale, *to)).collect(),
        };
        let tables = TABLES.iter().map(remaining).collect();
        Self { dump, gigabytes, cores, tables, now: 0.0, data_ended: 0.0 }
    }

    fn run(mut self) -> Outcome {
        let mut waits = [0.0; 4];
        while !self.is_done() {
            let running = self.schedule();
            let step = running.iter().map(|running| self.left(running)).fold(f64::MAX, f64::min);
            waits[self.waits_for(&running) as usize] += step;
            self.advance(&running, step);
        }
        let (most, _) = waits
            .iter()
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(other.1))
            .expect("four reasons");
        Outcome {
            dump: self.dump,
            gigabytes: self.gigabytes,
            cores: self.cores,
            seconds: self.now,
            data: self.data_ended,
            waits_for: [Reason::Cores, Reason::OneStream, Reason::OneIndex, Reason::ForeignKeys]
                [most],
        }
    }

    fn is_done(&self) -> bool {
        self.tables.iter().all(|table| {
            table.data <= 0.0 && table.indexes.is_empty() && table.foreign_keys.is_empty()
        })
    }

    /// Foreign keys first (those of a table are a chain), then indexes of tables that are in, the
    /// longest first, and data with the cores that are left, each core to the largest table.
    fn schedule(&self) -> Vec<Running> {
        let mut free = self.cores as f64;
        let mut running = Vec::new();
        let indexed = |table: &Remaining| table.data <= 0.0 && table.indexes.is_empty();
        let mut locked = vec![false; self.tables.len()];
        for (at, table) in self.tables.iter().enumerate() {
            let Some(&(_, to)) = table.foreign_keys.first() else { continue };
            let ready = indexed(table) && indexed(&self.tables[to]);
            if ready && !locked[at] && !locked[to] && free >= 1.0 {
                (locked[at], locked[to]) = (true, true);
                free -= 1.0;
                running.push(Running::ForeignKey { table: at });
            }
        }
        let mut indexes: Vec<(f64, usize, usize)> = Vec::new();
        for (at, table) in self.tables.iter().enumerate().filter(|(_, table)| table.data <= 0.0) {
            // In a plain dump, indexes stand behind all of the data.
            if self.dump == Dump::Plain && self.tables.iter().any(|table| table.data > 0.0) {
                continue;
            }
            indexes.extend(table.indexes.iter().enumerate().map(|(i, s)| (*s, at, i)));
        }
        indexes.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (_, table, index) in indexes {
            if free >= 1.0 {
                free -= 1.0;
                running.push(Running::Index { table, index });
            }
        }
        self.schedule_data(free, &mut running);
        running
    }

    fn schedule_data(&self, mut free: f64, running: &mut Vec<Running>) {
        let mut waiting: Vec<usize> =
            (0..self.tables.len()).filter(|at| self.tables[*at].data > 0.0).collect();
        waiting.sort_by(|one, other| self.tables[*other].data.total_cmp(&self.tables[*one].data));
        if self.dump == Dump::Plain {
            waiting.truncate(1);
        }
        // A gigabyte costs the unpacking thread and the taking connections.
        let cores_of_full_rate = UNPACK * COPY + 1.0;
        for table in waiting {
            let cores = free.min(cores_of_full_rate);
            if cores < 0.5 {
                break;
            }
            free -= cores;
            running.push(Running::Data { table, rate: cores / (COPY + 1.0 / UNPACK) });
        }
    }

    /// How long it still takes.
    fn left(&self, running: &Running) -> f64 {
        match running {
            Running::Data { table, rate } => self.tables[*table].data / rate,
            Running::Index { table, index } => self.tables[*table].indexes[*index],
            Running::ForeignKey { table } => self.tables[*table].foreign_keys[0].0,
        }
    }

    fn advance(&mut self, running: &[Running], step: f64) {
        self.now += step;
        const NOTHING: f64 = 1e-9;
        for one in running {
            match one {
                Running::Data { table, rate } => {
                    let data = &mut self.tables[*table].data;
                    *data -= rate * step;
                    if *data <= NOTHING {
                        *data = 0.0;
                        self.data_ended = self.now;
                    }
                }
                Running::Index { table, index } => {
                    self.tables[*table].indexes[*index] -= step;
                }
                Running::ForeignKey { table } => {
                    self.tables[*table].foreign_keys[0].0 -= step;
                }
            }
        }
        for table in &mut self.tables {
            table.indexes.retain(|left| *left > NOTHING);
            table.foreign_keys.retain(|(left, _)| *left > NOTHING);
        }
    }

    /// What keeps it from going faster now.
    fn waits_for(&self, running: &[Running]) -> Reason {
        let busy: f64 = running
            .iter()
            .map(|one| match one {
                Running::Data { rate, .. } => rate * (COPY + 1.0 / UNPACK),
                _ => 1.0,
            })
            .sum();
        let any = |of: fn(&Running) -> bool| running.iter().any(of);
        if busy >= self.cores as f64 - 0.5 {
            Reason::Cores
        } else if any(|one| matches!(one, Running::Data { .. })) {
            Reason::OneStream
        } else if any(|one| matches!(one, Running::Index { .. })) {
            Reason::OneIndex
        } else {
            Reason::ForeignKeys
        }
    }
}

#[derive(Clone, Copy)]
enum Reason {
    Cores,
    OneStream,
    OneIndex,
    ForeignKeys,
}

struct Outcome {
    dump: Dump,
    gigabytes: f64,
    cores: usize,
    seconds: f64,
    data: f64,
    waits_for: Reason,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dump = match self.dump {
            Dump::Plain => "plain .sql.gz",
            Dump::Archive => "custom, directory",
        };
        let reason = match self.waits_for {
            Reason::Cores => "the cores",
            Reason::OneStream => "one thread that unpacks the largest stream",
            Reason::OneIndex => "the largest table's slowest index",
            Reason::ForeignKeys => "the foreign keys of one table, which exclude one another",
        };
        let (all, data) = (Time(self.seconds), Time(self.data));
        let behind = Time(self.seconds - self.data);
        let size = self.gigabytes;
        write!(
            f,
            "| {dump}, {size:.0} GB of SQL | {} | {all} | {data} | {behind} | {reason} |",
            self.cores
        )
    }
}

struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds < 300.0 => write!(f, "{seconds:.0} s"),
            seconds if seconds < 7200.0 => write!(f, "{:.0} min", seconds / 60.0),
            seconds => write!(f, "{:.1} h", seconds / 3600.0),
        }
    }
}
