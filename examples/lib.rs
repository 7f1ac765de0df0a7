//! Examples of the library: `first_drill`, `custom_validator`, `custom_alerter`.
