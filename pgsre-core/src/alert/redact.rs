//! Keeping the secret parts of URLs out of what people read.

/// The text with each URL cut to its scheme and host: user, path and query may be secrets.
pub(super) fn urls(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        redacted.push_str(before);
        let end = after.find(ends_url).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        redacted.push_str(&host(url));
        rest = tail;
    }
    redacted.push_str(rest);
    redacted
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ']' | '}' | ',')
}

fn host(url: &str) -> String {
    let authority_end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let (authority, path) = url.split_at(authority_end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    if path.len() > 1 { format!("{host}/…") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_scheme_and_host_only() {
        let text = "POST (https://me:pw@hooks.example:8443/services/T0/B0/secret?x=1) failed";
        assert_eq!(urls(text), "POST (https://hooks.example:8443/…) failed");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "no url", "odd ://", "https://host is down", "http://a, http://b"] {
            assert_eq!(urls(text), text);
        }
    }
}
