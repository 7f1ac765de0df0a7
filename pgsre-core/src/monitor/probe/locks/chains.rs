//! Who is at the head of a chain of backends that wait for each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A backend that others wait for and that waits for none itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// 0 is a prepared transaction, which has no backend.
    pub(super) pid: i32,
    /// How many wait for it, also behind others.
    pub(super) blocked: usize,
    /// How many wait one behind the other.
    pub(super) depth: usize,
}

/// The head that holds up the most, and how many heads there are. `waits` is each waiter with those
/// that it waits for; of a circle, which the server breaks as a deadlock, nobody is the head.
pub(super) fn worst(waits: &[(i32, Vec<i32>)]) -> Option<(Head, usize)> {
    let waiting: BTreeSet<i32> = waits.iter().map(|(waiter, _)| *waiter).collect();
    let mut behind: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (waiter, blockers) in waits {
        for blocker in blockers {
            behind.entry(*blocker).or_default().push(*waiter);
        }
    }
    let heads = behind.keys().filter(|pid| !waiting.contains(pid));
    let heads: Vec<Head> = heads.map(|pid| head(*pid, &behind)).collect();
    let worst = heads.iter().max_by_key(|head| (head.blocked, head.depth)).copied()?;
    Some((worst, heads.len()))
}

fn head(pid: i32, behind: &BTreeMap<i32, Vec<i32>>) -> Head {
    let mut seen = BTreeSet::from([pid]);
    let mut queue = VecDeque::from([(pid, 0)]);
    let mut depth = 0;
    while let Some((blocker, at)) = queue.pop_front() {
        depth = depth.max(at);
        for waiter in behind.get(&blocker).into_iter().flatten() {
            if seen.insert(*waiter) {
                queue.push_back((*waiter, at + 1));
            }
        }
    }
    Head { pid, blocked: seen.len() - 1, depth }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_who_waits_for_nobody_and_everybody_behind_counts() {
        // 2 waits for 1, 3 and 4 for 2; 6 waits for 5.
        let waits = [(2, vec![1]), (3, vec![2]), (4, vec![2, 1]), (6, vec![5])];
        assert_eq!(worst(&waits), Some((Head { pid: 1, blocked: 3, depth: 2 }, 2)));
    }

    #[test]
    fn a_prepared_transaction_may_be_the_head() {
        assert_eq!(worst(&[(7, vec![0])]), Some((Head { pid: 0, blocked: 1, depth: 1 }, 1)));
    }

    #[test]
    fn a_circle_has_no_head_and_a_blocker_that_is_gone_none_either() {
        assert_eq!(worst(&[(1, vec![2]), (2, vec![1])]), None);
        assert_eq!(worst(&[(1, Vec::new())]), None);
        assert_eq!(worst(&[]), None);
        // Who waits behind a circle waits all the same, and nothing goes round for ever.
        assert_eq!(worst(&[(1, vec![2]), (2, vec![1, 9])]).map(|(head, _)| head.blocked), Some(2));
    }
}
