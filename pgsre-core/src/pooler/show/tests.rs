//! The columns of each version, as its `src/admin.c` and `src/stats.c` have them.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

const POOLS_1_18: &str = "database|user|cl_active|cl_waiting|cl_active_cancel_req|\
    cl_waiting_cancel_req|sv_active|sv_active_cancel|sv_being_canceled|sv_idle|sv_used|sv_tested|\
    sv_login|maxwait|maxwait_us|pool_mode";
const DATABASES_1_18: &str = "name|host|port|database|force_user|pool_size|min_pool_size|\
    reserve_pool|pool_mode|max_connections|current_connections|paused|disabled";
const DATABASES_1_25: &str = "name|host|port|database|force_user|pool_size|min_pool_size|\
    reserve_pool_size|server_lifetime|pool_mode|load_balance_hosts|max_connections|\
    current_connections|max_client_connections|current_client_connections|paused|disabled";
const STATS_1_18: &str = "database|total_xact_count|total_query_count|total_received|total_sent|\
    total_xact_time|total_query_time|total_wait_time|avg_xact_count|avg_query_count|avg_recv|\
    avg_sent|avg_xact_time|avg_query_time|avg_wait_time";
const STATS_1_25: &str = "database|total_server_assignment_count|total_xact_count|\
    total_query_count|total_received|total_sent|total_xact_time|total_query_time|total_wait_time|\
    total_client_parse_count|total_server_parse_count|total_bind_count|\
    avg_server_assignment_count|avg_xact_count|avg_query_count|avg_recv|avg_sent|avg_xact_time|\
    avg_query_time|avg_wait_time|avg_client_parse_count|avg_server_parse_count|avg_bind_count";
const SOCKETS_1_18: &str = "type|user|database|state|addr|port|local_addr|local_port|connect_time|\
    request_time|wait|wait_us|close_needed|ptr|link|remote_pid|tls|application_name";
const SOCKETS_1_25: &str = "type|user|database|replication|state|addr|port|local_addr|local_port|\
    connect_time|request_time|wait|wait_us|close_needed|ptr|link|remote_pid|tls|application_name|\
    prepared_statements|id";

#[test]
fn pools_of_1_18_and_of_1_25_read_the_same() {
    let old = "shop|ann|7|3|0|0|25|0|0|0|1|2|4|2|250000|transaction";
    let read = PoolRow::read(&Row::fixture(POOLS_1_18, old)).unwrap();
    assert_eq!((read.clients_active, read.clients_waiting, read.servers_active), (7, 3, 25));
    assert!((read.max_wait_seconds - 2.25).abs() < 1e-9);
    assert_eq!(read.servers(), 28);
    let columns = format!("{POOLS_1_18}|load_balance_hosts");
    let new = Row::fixture(&columns, &format!("{old}|round-robin"));
    assert_eq!(PoolRow::read(&new).unwrap(), read);
}

#[test]
fn databases_of_1_18_and_of_1_25_read_the_same() {
    let old = "shop|db1|5432|shop||25|0|5||30|12|1|0";
    let new = "shop|db1|5432|shop||25|0|5|3600||round-robin|30|12|0|40|1|0";
    let read = DatabaseRow::read(&Row::fixture(DATABASES_1_18, old)).unwrap();
    assert_eq!((read.pool_size, read.reserve_pool_size, read.max_connections), (25, 5, 30));
    assert_eq!((read.paused, read.disabled, &read.force_user), (true, false, &None));
    assert_eq!(DatabaseRow::read(&Row::fixture(DATABASES_1_25, new)).unwrap(), read);
}

#[test]
fn counters_of_1_18_and_of_1_25_read_the_same_but_for_what_is_new() {
    let old = "shop|100|300|5|6|2000000|1500000|40000|1|1|1|1|1|1|1";
    let new = "shop|90|100|300|5|6|2000000|1500000|40000|1|1|1|1|1|1|1|1|1|1|1|1|1|1";
    let read = StatsRow::read(&Row::fixture(STATS_1_18, old)).unwrap();
    assert_eq!((read.transactions, read.queries, read.assignments), (100, 300, None));
    assert!((read.transaction_seconds - 2.0).abs() < 1e-9, "microseconds become seconds");
    let newer = StatsRow::read(&Row::fixture(STATS_1_25, new)).unwrap();
    assert_eq!(newer, StatsRow { assignments: Some(90), ..read });
}

#[test]
fn clients_of_1_18_and_of_1_25_read_the_same() {
    let old = "C|ann|shop|waiting|10.0.0.7|51000|10.0.0.5|6432|t|t|1|500000|0|p||0||web";
    let new = "C|ann|shop|none|waiting|10.0.0.7|51000|10.0.0.5|6432|t|t|1|500000|0|p||0||web|0|9";
    let read = ClientRow::read(&Row::fixture(SOCKETS_1_18, old)).unwrap();
    assert_eq!((read.state.as_str(), read.wait_seconds), ("waiting", 1.5));
    assert_eq!(ClientRow::read(&Row::fixture(SOCKETS_1_25, new)).unwrap(), read);
}

#[test]
fn users_have_sizes_where_the_version_has_them() {
    let old = UserRow::read(&Row::fixture("name|pool_mode", "ann|")).unwrap();
    assert_eq!((old.pool_mode, old.pool_size), (None, None));
    let columns = "name|pool_size|reserve_pool_size|pool_mode|max_user_connections|\
        current_connections|max_user_client_connections|current_client_connections";
    let new = Row::fixture(columns, "ann|       40|||50|3|0|9");
    let new = UserRow::read(&new).unwrap();
    assert_eq!((new.pool_size, new.max_user_connections), (Some(40), Some(50)));
}

#[test]
fn a_column_that_is_missing_or_no_number_is_named_and_never_taken_for_0() {
    let lacking = Row::fixture("database|user", "shop|ann");
    let error = PoolRow::read(&lacking).unwrap_err();
    assert!(error.to_string().contains("cl_active"), "{error}");
    let wrong = Row::fixture(POOLS_1_18, "shop|ann|x|3|0|0|25|0|0|0|1|2|4|2|1|session");
    assert!(PoolRow::read(&wrong).is_err());
}
