//! The reasoning behind a size, in sentences.

use super::{LEAST, REFERENCE, SPARE, SizeRequest, Sizing, by_cores, by_slots};

pub(super) fn of(request: &SizeRequest, sizing: &Sizing) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(cost(request, sizing));
    reasons.extend(load(request, sizing));
    reasons.extend(bounds(request));
    reasons.extend(capped(request, sizing));
    reasons
}

/// What as many backends as clients cost.
fn cost(request: &SizeRequest, sizing: &Sizing) -> Option<String> {
    let clients = request.clients.filter(|clients| *clients > sizing.total)?;
    // 1.3 MiB with huge pages, 7.6 MiB without: A. Freund, "Measuring the Memory Overhead of a
    // Postgres Connection", 2020; what queries use comes on top.
    let (least, most) = (clients * 13 / 10, clients * 76 / 10);
    Some(format!(
        "{clients} connections straight to the server are {clients} processes: {least} to {most} \
         MiB before the first query, and snapshots and locks to share; most of them idle"
    ))
}

fn load<'r>(
    request: &'r SizeRequest,
    sizing: &'r Sizing,
) -> impl Iterator<Item = String> + use<'r> {
    request.demands.iter().zip(&sizing.pools).map(|(demand, pool)| {
        let (Some(measured), Some(peak)) = (demand.concurrency, pool.concurrency) else {
            return match sizing.cap {
                Some(cap) => format!(
                    "{}: its load is not known, so the pool is as large as the server can use: {cap}",
                    demand.database
                ),
                None => format!(
                    "{}: neither its load nor the server's cores are known, so the pool is the \
                     reference's {REFERENCE}",
                    demand.database
                ),
            };
        };
        let wait = request.target_wait.as_secs_f64() * 1e3;
        let by_time = demand.transaction_seconds.map_or_else(String::new, |seconds| {
            format!(", {:.2} ms a transaction", seconds * 1e3)
        });
        let least = if pool.wanted == LEAST { " (the least that any pool should have)" } else { "" };
        format!(
            "{}: {measured:.2} server connections are in use on average{by_time}; at a peak of {peak:.2} \
             a mean wait below {wait} ms needs {}{least}",
            demand.database, pool.wanted
        )
    })
}

fn bounds(request: &SizeRequest) -> Vec<String> {
    let mut reasons = Vec::new();
    match (by_cores(request), request.cores) {
        (Some(cap), Some(cores)) => reasons.push(format!(
            "{cores} cores × 2 + {} = {cap} connections are all that the server works on at once \
             (PostgreSQL's wiki, \"Number Of Database Connections\")",
            request.spindles
        )),
        _ => reasons.push(
            "the server's cores are not known, so they bound nothing: give --cores".to_owned(),
        ),
    }
    if let Some(usable) = request.usable_slots {
        reasons.push(format!(
            "the server has {usable} connections for ordinary roles; {SPARE} are left to \
             administrators, and without the reserves {} remain",
            by_slots(usable, request.demands.len())
        ));
    }
    reasons
}

fn capped(request: &SizeRequest, sizing: &Sizing) -> Vec<String> {
    let mut reasons = Vec::new();
    let short = sizing.pools.iter().filter(|pool| pool.size < pool.wanted);
    for pool in short {
        let wait = match (pool.wait_seconds, pool.concurrency) {
            (Some(wait), _) => format!("a mean wait of {:.2} ms is to be expected", wait * 1e3),
            (None, Some(_)) => "which cannot keep up with the load: more connections would not \
                                help, only faster queries or a larger server"
                .to_owned(),
            (None, None) => "which was divided among the databases".to_owned(),
        };
        reasons.push(format!(
            "{}: {} of the {} wanted fit, {wait}",
            pool.database, pool.size, pool.wanted
        ));
    }
    if request.demands.len() > 1 {
        reasons.push(format!(
            "together: {} server connections for {} databases",
            sizing.total,
            request.demands.len()
        ));
    }
    reasons
}
