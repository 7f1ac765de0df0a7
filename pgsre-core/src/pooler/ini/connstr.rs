//! The `key=value` lists of `[databases]`, `[users]` and `[peers]` (`src/loader.c`).

/// The parameters of one entry, in order.
///
/// # Errors
/// What PgBouncer would not understand, in a sentence.
pub(in crate::pooler) fn parse(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let after = after.trim_start_matches(is_blank);
        let value = after.strip_prefix('=').filter(|_| !key.is_empty());
        let Some(value) = value else {
            return Err("a parameter lacks its `=` or its name");
        };
        let (value, after) = self::value(value.trim_start_matches(is_blank))?;
        if value.is_empty() {
            return Err("a parameter's value is empty");
        }
        parameters.push((key.to_owned(), value));
        rest = after.trim_start_matches(is_blank);
    }
    Ok(parameters)
}

/// A value and what follows it: a quote within quotes is written twice.
fn value(text: &str) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('\'') else {
        return Ok(match text.split_once(' ') {
            Some((value, rest)) => (value.to_owned(), rest),
            None => (text.to_owned(), ""),
        });
    };
    let mut value = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('\'') {
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Ok((value, after)),
        }
    }
    Err("a quoted value lacks its closing quote")
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn quotes_hold_blanks_and_doubled_quotes() {
        let text = "host=db1  port = 5432 connect_query='set x to ''a b''' dbname=shop";
        let expected = [
            ("host", "db1"),
            ("port", "5432"),
            ("connect_query", "set x to 'a b'"),
            ("dbname", "shop"),
        ];
        assert_eq!(parse(text), Ok(owned(&expected)));
        assert_eq!(parse("  "), Ok(Vec::new()));
    }

    #[test]
    fn what_pgbouncer_refuses_is_refused() {
        for text in ["host", "host=", "=db1", "host=''", "password='open", "host db1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
