//! The reader of custom-format archives: any bytes, in line and with the tables' data apart.

#![no_main]

#[path = "../one_read.rs"]
mod one_read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    one_read::read([("shop.dump".to_owned(), bytes.to_vec())].into());
});
