//! The rules, one a file: first what PgBouncer would not even start with, then pools, waiting,
//! authentication, the network, the log.

use super::PoolRule;

mod application_is_admin;
mod auth_any;
mod auth_file;
mod auth_file_secrets;
mod auth_plain;
mod auth_trust;
mod breaks_in_transaction_mode;
mod client_idle_timeout;
mod client_tls;
mod client_tls_files;
mod deprecated;
mod duplicate;
mod extra_float_digits;
mod idle_transaction_timeout;
mod ignored_parameters;
mod invalid_value;
mod large_pool;
mod max_client_conn;
mod min_pool_size;
mod newer_setting;
mod no_databases;
mod no_reserve_pool;
mod no_reset_query;
mod nobody_can_watch;
mod open_files;
mod pool_above_limit;
mod pools_exceed_server;
mod prepared_statements;
mod query_timeout;
mod query_wait_timeout;
mod readable_secrets;
mod reserved_database;
mod reset_query_always;
mod reset_query_in_transaction_mode;
mod search_path_auth_query;
mod server_idle_timeout;
mod server_lifetime;
mod server_tls;
mod server_tls_ca;
mod session_pooling;
mod silent_log;
mod statement_pooling;
mod stats_period;
mod syntax;
mod tcp_keepalive;
mod unbounded_pools;
mod unknown_section;
mod unknown_setting;
mod verbose_log;
mod wildcard_database;

/// Every rule, in the order of the documentation.
pub const RULES: &[PoolRule] = &[
    syntax::RULE,
    unknown_section::RULE,
    unknown_setting::RULE,
    newer_setting::RULE,
    invalid_value::RULE,
    duplicate::RULE,
    deprecated::RULE,
    session_pooling::RULE,
    statement_pooling::RULE,
    max_client_conn::RULE,
    open_files::RULE,
    pools_exceed_server::RULE,
    unbounded_pools::RULE,
    wildcard_database::RULE,
    large_pool::RULE,
    pool_above_limit::RULE,
    min_pool_size::RULE,
    no_reserve_pool::RULE,
    auth_any::RULE,
    auth_trust::RULE,
    auth_plain::RULE,
    auth_file::RULE,
    auth_file_secrets::RULE,
    readable_secrets::RULE,
    search_path_auth_query::RULE,
    query_wait_timeout::RULE,
    idle_transaction_timeout::RULE,
    reset_query_always::RULE,
    reset_query_in_transaction_mode::RULE,
    no_reset_query::RULE,
    prepared_statements::RULE,
    extra_float_digits::RULE,
    ignored_parameters::RULE,
    nobody_can_watch::RULE,
    application_is_admin::RULE,
    client_tls::RULE,
    client_tls_files::RULE,
    server_tls::RULE,
    server_tls_ca::RULE,
    silent_log::RULE,
    verbose_log::RULE,
    stats_period::RULE,
    server_idle_timeout::RULE,
    server_lifetime::RULE,
    client_idle_timeout::RULE,
    query_timeout::RULE,
    tcp_keepalive::RULE,
    no_databases::RULE,
    reserved_database::RULE,
    breaks_in_transaction_mode::RULE,
];
