//! Where a figure jumped: a table was dropped, a file system enlarged. What was before says nothing
//! of what comes.

use super::slope::median_of_sorted;

/// How many times the usual deviation a change must differ from the usual change: the median
/// absolute deviation, scaled to the deviation of a normal distribution.
const TIMES: f64 = 10.0;

const MAD_TO_DEVIATION: f64 = 1.4826;

/// And how much of the whole range it must be.
const SHARE: f64 = 0.05;

/// More jumps than this are how the figure grows: every night, say. Then none begins anew.
const RHYTHM: usize = 4;

/// The points since the last step; all of them where there was none. Sorted by their moments.
pub(super) fn since_the_last(points: &[(f64, f64)]) -> &[(f64, f64)] {
    let steps = steps(points);
    match steps.last() {
        Some(last) if steps.len() <= RHYTHM => &points[*last..],
        _ => points,
    }
}

/// The index behind each jump.
fn steps(points: &[(f64, f64)]) -> Vec<usize> {
    let changes: Vec<f64> = points.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let usual = median(changes.iter().copied());
    let deviation = MAD_TO_DEVIATION * median(changes.iter().map(|by| (by - usual).abs()));
    let values = || points.iter().map(|point| point.1);
    let range = values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min);
    let least = (TIMES * deviation).max(SHARE * range);
    changes
        .iter()
        .enumerate()
        .filter(|(_, by)| (*by - usual).abs() > least)
        .map(|(index, _)| index + 1)
        // A single value that jumps and comes back is noise, not a step.
        .filter(|index| stays(points, *index, least))
        .collect()
}

/// Whether the values behind a jump stay where it led.
fn stays(points: &[(f64, f64)], index: usize, least: f64) -> bool {
    let before = median(points[index.saturating_sub(3)..index].iter().map(|point| point.1));
    let end = points.len().min(index + 3);
    let behind = median(points[index..end].iter().map(|point| point.1));
    (behind - before).abs() > least / 2.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    median_of_sorted(&values)
}
