//! The comments by which `pg_dump` says what it writes (`_printTocEntry`, `RestoreArchive` and
//! `pg_dumpall.c`).

use crate::archive::EntryComment;

/// What a line comment says, without its `--`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// `--` alone: the frame around headers and trailers.
    Frame,
    /// `-- PostgreSQL database dump`
    DumpBegins,
    /// `-- PostgreSQL database dump complete`
    DumpComplete,
    /// `-- PostgreSQL database cluster dump`
    ClusterBegins,
    /// `-- PostgreSQL database cluster dump complete`
    ClusterComplete,
    /// `-- Database "shop" dump`: pg_dumpall announces a database.
    DatabaseAnnounced(String),
    /// `-- Dumped from database version 15.18`
    DumpedFrom(String),
    /// `-- Dumped by pg_dump version 15.18`
    DumpedBy(String),
    /// `-- Started on 2026-11-22 03:00:01 UTC`
    StartedOn(String),
    /// `-- Name: orders; Type: TABLE; Schema: public; Owner: shop`
    Entry(EntryComment),
    /// `-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: shop`
    DataEntry(EntryComment),
    Other,
}

impl Comment {
    /// Reads a comment's bytes behind `--`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let text = text.trim_end();
        let Some(text) = text.strip_prefix(' ') else {
            return if text.is_empty() { Self::Frame } else { Self::Other };
        };
        match text {
            "PostgreSQL database dump" => Self::DumpBegins,
            "PostgreSQL database dump complete" => Self::DumpComplete,
            "PostgreSQL database cluster dump" => Self::ClusterBegins,
            "PostgreSQL database cluster dump complete" => Self::ClusterComplete,
            _ => Self::parse_labelled(text),
        }
    }

    fn parse_labelled(text: &str) -> Self {
        let labelled = |label| text.strip_prefix(label).map(str::to_owned);
        if let Some(version) = labelled("Dumped from database version ") {
            return Self::DumpedFrom(version);
        }
        if let Some(version) = labelled("Dumped by ") {
            let number = version.split_once(" version ").map(|(_, number)| number.to_owned());
            return Self::DumpedBy(number.unwrap_or(version));
        }
        if let Some(time) = labelled("Started on ") {
            return Self::StartedOn(time);
        }
        if let Some(name) = text.strip_prefix("Database \"").and_then(|t| t.strip_suffix("\" dump"))
        {
            return Self::DatabaseAnnounced(name.to_owned());
        }
        if let Some(entry) = text.strip_prefix("Data for Name: ").and_then(parse_entry) {
            return Self::DataEntry(entry);
        }
        let entry = text.strip_prefix("Statistics for ").unwrap_or(text);
        entry.strip_prefix("Name: ").and_then(parse_entry).map_or(Self::Other, Self::Entry)
    }
}

/// Reads `orders; Type: TABLE; Schema: public; Owner: shop; Tablespace: fast`.
///
/// From the right: a name may hold anything, semicolons included; newlines were turned to blanks.
fn parse_entry(text: &str) -> Option<EntryComment> {
    let (text, owner) = text.rsplit_once("; Owner: ")?;
    let owner = owner.split_once("; Tablespace: ").map_or(owner, |(owner, _)| owner);
    let (text, schema) = text.rsplit_once("; Schema: ")?;
    let (name, kind) = text.rsplit_once("; Type: ")?;
    Some(EntryComment {
        name: name.to_owned(),
        kind: kind.to_owned(),
        schema: present(schema),
        owner: present(owner),
    })
}

fn present(value: &str) -> Option<String> {
    (value != "-" && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: &str, schema: Option<&str>, owner: Option<&str>) -> EntryComment {
        EntryComment {
            name: name.to_owned(),
            kind: kind.to_owned(),
            schema: schema.map(str::to_owned),
            owner: owner.map(str::to_owned),
        }
    }

    #[test]
    fn headers_and_trailers_are_told_apart_exactly() {
        for (text, comment) in [
            ("", Comment::Frame),
            (" PostgreSQL database dump", Comment::DumpBegins),
            (" PostgreSQL database dump complete\r", Comment::DumpComplete),
            (" PostgreSQL database cluster dump", Comment::ClusterBegins),
            (" PostgreSQL database cluster dump complete", Comment::ClusterComplete),
            (" PostgreSQL database dump compl", Comment::Other),
            ("PostgreSQL database dump", Comment::Other),
            (" Database \"shop\" dump", Comment::DatabaseAnnounced("shop".to_owned())),
            (" Dumped by pg_dump version 15.18", Comment::DumpedBy("15.18".to_owned())),
        ] {
            assert_eq!(Comment::parse(text.as_bytes()), comment, "{text}");
        }
    }

    #[test]
    fn an_entry_is_read_from_the_right_because_names_hold_anything() {
        assert_eq!(
            Comment::parse(b" Name: a; Type: b; Type: TABLE; Schema: public; Owner: -"),
            Comment::Entry(entry("a; Type: b", "TABLE", Some("public"), None)),
        );
        assert_eq!(
            Comment::parse(
                b" Data for Name: t; Type: TABLE DATA; Schema: s; Owner: o; Tablespace: fast"
            ),
            Comment::DataEntry(entry("t", "TABLE DATA", Some("s"), Some("o"))),
        );
        assert_eq!(
            Comment::parse(b" Statistics for Name: t; Type: STATISTICS DATA; Schema: s; Owner: -"),
            Comment::Entry(entry("t", "STATISTICS DATA", Some("s"), None)),
        );
        assert_eq!(
            Comment::parse(b" Name: shop; Type: DATABASE; Schema: -; Owner: postgres"),
            Comment::Entry(entry("shop", "DATABASE", None, Some("postgres"))),
        );
    }
}
