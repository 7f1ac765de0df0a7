//! `postgres://` URLs, read as libpq's `conninfo_uri_parse_options` (fe-connect.c) reads them.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::parameters::{Parameters, invalid};
use crate::postgres::error::PostgresError;

/// What a URL's user or database may not hold as it is.
const RESERVED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'%').add(b'/').add(b'?').add(b'#').add(b'@').add(b':').add(b'"');

pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Everything behind `postgres://`.
pub(super) fn parse(rest: &str) -> Result<Parameters, PostgresError> {
    let mut parameters = Parameters::default();
    let rest = parse_user(rest, &mut parameters)?;
    let rest = parse_hosts(rest, &mut parameters)?;
    let (database, query) = match rest.strip_prefix('/') {
        Some(path) => path.split_once('?').map_or((path, None), |(db, query)| (db, Some(query))),
        None => ("", rest.strip_prefix('?')),
    };
    store(&mut parameters, "dbname", database)?;
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|p| !p.is_empty()) {
        parse_query_parameter(pair, &mut parameters)?;
    }
    Ok(parameters)
}

/// As in libpq, an `@` before the first `/` ends user and password.
fn parse_user<'a>(rest: &'a str, parameters: &mut Parameters) -> Result<&'a str, PostgresError> {
    let Some(end) = rest.find(['@', '/']).filter(|&end| rest[end..].starts_with('@')) else {
        return Ok(rest);
    };
    let (user, password) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
    store(parameters, "user", user)?;
    store(parameters, "password", password)?;
    Ok(&rest[end + 1..])
}

fn parse_hosts<'a>(
    mut rest: &'a str,
    parameters: &mut Parameters,
) -> Result<&'a str, PostgresError> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    loop {
        let (host, after) = split_host(rest)?;
        let (port, after) = split_port(after);
        hosts.push(host);
        ports.push(port);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                rest = after;
                break;
            }
        }
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        store(parameters, "host", &hosts.join(","))?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        store(parameters, "port", &ports.join(","))?;
    }
    Ok(rest)
}

fn split_host(rest: &str) -> Result<(&str, &str), PostgresError> {
    let Some(inner) = rest.strip_prefix('[') else {
        return Ok(rest.split_at(rest.find([':', '/', '?', ',']).unwrap_or(rest.len())));
    };
    let (address, after) = inner
        .split_once(']')
        .filter(|(address, _)| !address.is_empty())
        .ok_or_else(|| invalid("the URL has an IPv6 address without its closing ']'"))?;
    if after.is_empty() || after.starts_with([':', '/', '?', ',']) {
        Ok((address, after))
    } else {
        Err(invalid("the URL has something other than a port or a path behind an IPv6 address"))
    }
}

fn split_port(rest: &str) -> (&str, &str) {
    match rest.strip_prefix(':') {
        Some(port) => port.split_at(port.find(['/', '?', ',']).unwrap_or(port.len())),
        None => ("", rest),
    }
}

fn parse_query_parameter(pair: &str, parameters: &mut Parameters) -> Result<(), PostgresError> {
    let (name, value) =
        pair.split_once('=').filter(|(_, value)| !value.contains('=')).ok_or_else(|| {
            let name = pair.split('=').next().unwrap_or_default();
            invalid(format!(
                "the URL's parameter {name:?} is not of the form name=value; write '=' inside a \
                 value as %3D"
            ))
        })?;
    let (name, value) = (decode("a parameter's name", name)?, decode(name, value)?);
    match (name.as_str(), value.as_str()) {
        // JDBC's spelling, which libpq takes too.
        ("ssl", "true") => parameters.set("sslmode", "require"),
        _ => parameters.set(&name, value),
    }
}

fn store(parameters: &mut Parameters, name: &str, raw: &str) -> Result<(), PostgresError> {
    if raw.is_empty() { Ok(()) } else { parameters.set(name, decode(name, raw)?) }
}

fn decode(what: &str, raw: &str) -> Result<String, PostgresError> {
    check_escapes(what, raw)?;
    let decoded = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| invalid(format!("the URL's {what} is not UTF-8 behind its percent signs")))?;
    if decoded.contains('\0') {
        return Err(invalid(format!("the URL's {what} holds a zero byte (%00)")));
    }
    Ok(decoded.into_owned())
}

/// The decoder lets a wrong escape through as it is; libpq refuses it.
fn check_escapes(what: &str, raw: &str) -> Result<(), PostgresError> {
    let good =
        |rest: &[u8]| matches!(rest, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    for (at, _) in raw.match_indices('%') {
        if !good(&raw.as_bytes()[at + 1..]) {
            return Err(invalid(format!(
                "the URL's {what} has a '%' that is not followed by two hexadecimal digits; write \
                 a percent sign as %25"
            )));
        }
    }
    Ok(())
}
