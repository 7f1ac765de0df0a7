//! Privileges as people and all versions write them.
//!
//! A grantee who has all privileges of the kind has `ALL`, as in `pg_dump`'s output: a newer server
//! that knows one more (`MAINTAIN` from 17) grants that, too.

use crate::postgres::quote_identifier;

/// Letters and names of `acl.h`, in the order that `pg_dump` writes them in.
const NAMES: &[(char, &str)] = &[
    ('r', "SELECT"),
    ('a', "INSERT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('m', "MAINTAIN"),
    ('X', "EXECUTE"),
    ('U', "USAGE"),
    ('C', "CREATE"),
    ('c', "CONNECT"),
    ('T', "TEMPORARY"),
    ('s', "SET"),
    ('A', "ALTER SYSTEM"),
];

/// Every privilege of a type of objects, by the letters of `acldefault`.
fn all(acl_type: &str, major: u32) -> &'static str {
    match acl_type {
        "r" if major >= 17 => "rawdDxtm",
        "r" => "rawdDxt",
        "c" => "rawx",
        "s" => "rwU",
        "d" => "CTc",
        "f" => "X",
        "n" => "UC",
        "L" => "rw",
        _ => "U",
    }
}

/// The items of an access list, sorted; `None` where they are the default.
pub(super) fn privileges(
    acl: Option<Vec<String>>,
    default: Option<Vec<String>>,
    acl_type: &str,
    major: u32,
) -> Option<Vec<String>> {
    let items = render(acl?, acl_type, major);
    let default = default.map(|default| render(default, acl_type, major));
    (default.as_ref() != Some(&items)).then_some(items)
}

fn render(acl: Vec<String>, acl_type: &str, major: u32) -> Vec<String> {
    let all = all(acl_type, major);
    let mut items: Vec<_> = acl.iter().map(|item| render_item(item, all)).collect();
    items.sort_unstable();
    items
}

/// `alice=r*w/owner`, as `aclitemout` writes it; anything else stays as it is.
fn render_item(item: &str, all: &str) -> String {
    let parts = name(item).and_then(|(grantee, rest)| {
        let (letters, grantor) = rest.strip_prefix('=')?.split_once('/')?;
        Some((grantee, letters, name(grantor)?.0))
    });
    let Some((grantee, letters, grantor)) = parts else { return item.to_owned() };
    let grantee = if grantee.is_empty() { "PUBLIC".to_owned() } else { quoted(&grantee) };
    format!("{grantee}={}/{}", render_letters(letters, all), quoted(&grantor))
}

/// Quoted only where it must be: these are read more often than run.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(plain) { name.to_owned() } else { quote_identifier(name) }
}

fn render_letters(letters: &str, all: &str) -> String {
    let has = |letter: char, option: bool| {
        letters.char_indices().any(|(at, found)| {
            found == letter && letters[at + found.len_utf8()..].starts_with('*') == option
        })
    };
    if all.chars().all(|letter| has(letter, true)) {
        return "ALL*".to_owned();
    }
    if all.chars().all(|letter| has(letter, false)) {
        return "ALL".to_owned();
    }
    let mut names = Vec::new();
    for &(letter, name) in NAMES {
        if has(letter, true) {
            names.push(format!("{name}*"));
        } else if has(letter, false) {
            names.push(name.to_owned());
        }
    }
    names.join(", ")
}

/// A role's name at the beginning, and what follows. Quotes inside of a quoted one are doubled.
fn name(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['=', '/']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::privileges;

    fn read(acl: &[&str], acl_type: &str, major: u32) -> Vec<String> {
        let acl = acl.iter().map(|&item| item.to_owned()).collect();
        privileges(Some(acl), None, acl_type, major).unwrap_or_default()
    }

    #[test]
    fn privileges_are_named_and_sorted() {
        assert_eq!(
            read(&["owner=arwdDxt/owner", "=r/owner", "alice=r*w/owner"], "r", 15),
            ["PUBLIC=SELECT/owner", "alice=SELECT*, UPDATE/owner", "owner=ALL/owner"]
        );
    }

    #[test]
    fn all_privileges_are_the_same_before_and_after_maintain() {
        let before = read(&["owner=arwdDxt/owner", "a=r*a*w*d*D*x*t*/owner"], "r", 16);
        let after = read(&["owner=arwdDxtm/owner", "a=r*a*w*d*D*x*t*m*/owner"], "r", 17);
        assert_eq!(before, after);
        assert_ne!(read(&["owner=arwdDxt/owner"], "r", 17), before);
    }

    #[test]
    fn a_quoted_role_is_read_whole() {
        assert_eq!(
            read(&[r#""a=b/""c"""=U/"R 1""#, "odd"], "n", 15),
            [r#""a=b/""c"""=USAGE/"R 1""#, "odd"]
        );
    }

    #[test]
    fn the_default_is_nothing_to_say() {
        let acl = || Some(vec!["=X/o".to_owned(), "o=X/o".to_owned()]);
        let reversed = Some(vec!["o=X/o".to_owned(), "=X/o".to_owned()]);
        assert_eq!(privileges(acl(), reversed, "f", 15), None);
        assert_eq!(privileges(None, acl(), "f", 15), None);
        assert_eq!(privileges(Some(Vec::new()), acl(), "f", 15), Some(Vec::new()));
    }
}
