//! Whether a default is the same for every row that is already there.

/// The names of PostgreSQL's functions that are not volatile, in any of their forms (`pg_proc`).
const STEADY: &str = include_str!("steady_functions.txt");

/// What looks like a call of a function, and functions of well-known extensions that are not volatile.
const STEADY_TOO: &[&str] = &[
    "and",
    "array",
    "array_append",
    "array_cat",
    "bigint",
    "boolean",
    "btrim",
    "case",
    "cast",
    "character",
    "coalesce",
    "current_time",
    "current_timestamp",
    "decimal",
    "digest",
    "else",
    "end",
    "greatest",
    "hstore",
    "in",
    "int",
    "integer",
    "least",
    "localtime",
    "localtimestamp",
    "not",
    "nullif",
    "or",
    "precision",
    "row",
    "st_geomfromtext",
    "st_makepoint",
    "st_setsrid",
    "then",
    "trim",
    "uuid_nil",
    "uuid_ns_dns",
    "uuid_ns_url",
    "values",
    "varying",
    "when",
];

/// The first function of an expression that is volatile, or not known not to be.
pub(super) fn volatile(
    expression: &[String],
    known: impl Fn(&str) -> Option<bool>,
) -> Option<&str> {
    calls(expression).find(|name| {
        let lower = name.trim_matches('"').to_lowercase();
        known(&lower).unwrap_or_else(|| !is_steady(&lower))
    })
}

fn is_steady(function: &str) -> bool {
    STEADY_TOO.contains(&function) || STEADY.lines().any(|name| name == function)
}

/// Words before an opening parenthesis.
fn calls(expression: &[String]) -> impl Iterator<Item = &str> {
    let is_name =
        |text: &str| text.starts_with(|c: char| c == '_' || c == '"' || c.is_alphabetic());
    let pairs = expression.windows(2).filter(|pair| pair[1] == "(");
    pairs.map(|pair| pair[0].as_str()).filter(move |name| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_volatile(expression: &str) -> bool {
        let words: Vec<String> = expression.split(' ').map(str::to_owned).collect();
        volatile(&words, |_| None).is_some()
    }

    #[test]
    fn a_default_that_is_one_value_for_all_rows_is_not_volatile() {
        for default in
            ["now ( )", "- 1", "current_date", "lower ( 'X' )", "( 1 + 2 )", "'{}' :: jsonb"]
        {
            assert!(!is_volatile(default), "{default}");
        }
    }

    #[test]
    fn a_default_that_differs_from_row_to_row_is_volatile() {
        for default in
            ["random ( )", "gen_random_uuid ( )", "array [ random ( ) ]", "nextval ( 's' )"]
        {
            assert!(is_volatile(default), "{default}");
        }
    }
}
