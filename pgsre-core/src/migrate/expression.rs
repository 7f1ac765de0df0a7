//! Whether a default is the same for every row that is already there.

/// Functions of PostgreSQL and its well-known extensions that are not volatile (`pg_proc`).
const STEADY: &[&str] = &[
    "now",
    "lower",
    "upper",
    "initcap",
    "md5",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "digest",
    "length",
    "char_length",
    "abs",
    "round",
    "floor",
    "ceil",
    "ceiling",
    "trunc",
    "power",
    "sqrt",
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "concat",
    "concat_ws",
    "format",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "replace",
    "substring",
    "substr",
    "left",
    "right",
    "repeat",
    "reverse",
    "lpad",
    "rpad",
    "split_part",
    "position",
    "strpos",
    "string_to_array",
    "array_to_string",
    "array_append",
    "array_cat",
    "array_fill",
    "array_length",
    "cardinality",
    "encode",
    "decode",
    "to_char",
    "to_date",
    "to_number",
    "to_timestamp",
    "to_json",
    "to_jsonb",
    "to_tsvector",
    "to_tsquery",
    "json_build_object",
    "json_build_array",
    "jsonb_build_object",
    "jsonb_build_array",
    "jsonb_object",
    "json_object",
    "row_to_json",
    "date_trunc",
    "date_part",
    "extract",
    "age",
    "timezone",
    "make_date",
    "make_time",
    "make_timestamp",
    "make_timestamptz",
    "make_interval",
    "statement_timestamp",
    "transaction_timestamp",
    "current_setting",
    "current_schema",
    "current_database",
    "txid_current",
    "pg_current_xact_id",
    "inet_client_addr",
    "uuid_nil",
    "uuid_ns_dns",
    "uuid_ns_url",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "hstore",
    "point",
    "box",
    "chr",
    "ascii",
    "mod",
    "sign",
    "div",
    "cast",
    "array",
    "in",
    "and",
    "or",
    "not",
    "row",
    "values",
    "numeric",
    "decimal",
    "varchar",
    "char",
    "character",
    "varying",
    "bit",
    "varbit",
    "timestamp",
    "timestamptz",
    "time",
    "interval",
    "text",
    "integer",
    "int",
    "bigint",
    "boolean",
    "date",
    "current_timestamp",
    "current_time",
    "localtimestamp",
    "localtime",
    "when",
    "then",
    "else",
    "case",
    "end",
    "precision",
    "st_geomfromtext",
    "st_setsrid",
    "st_makepoint",
    "session_user",
    "overlay",
    "translate",
];

/// The first function of an expression that is volatile, or not known not to be.
pub(super) fn volatile(
    expression: &[String],
    known: impl Fn(&str) -> Option<bool>,
) -> Option<&str> {
    calls(expression).find(|name| {
        let lower = name.trim_matches('"').to_lowercase();
        known(&lower).unwrap_or_else(|| !STEADY.contains(&lower.as_str()))
    })
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
