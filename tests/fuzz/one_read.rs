//! What every target does with its objects.

#[path = "../harness/reading.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod reading;

use std::cell::RefCell;

pub(crate) use reading::Objects;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::new(Builder::new_current_thread().build().unwrap());
}

/// Reads the objects both ways: no panic, no disagreement; the fuzzer sees to time and memory.
pub(crate) fn read(objects: Objects) {
    RUNTIME.with_borrow(|runtime| drop(runtime.block_on(reading::read_both_ways(&objects))));
}
