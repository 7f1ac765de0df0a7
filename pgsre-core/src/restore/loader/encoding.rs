//! The client encoding of a dump, and how its bytes become the UTF-8 that the session speaks.
//!
//! The session keeps `client_encoding = UTF8`, because the driver knows no other. COPY data passes
//! untouched, with the encoding named in the COPY statement; statements are converted.

use bytes::Bytes;

/// How the bytes of a dump are encoded, as its last `SET client_encoding` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, which is also the assumption before anything is said.
    #[default]
    Utf8,
    /// Bytes of no known encoding.
    SqlAscii,
    /// ISO 8859-1, whose bytes are Unicode's first code points.
    Latin1,
    /// Any other, which the server converts.
    Other(String),
}

/// What becomes of a statement's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// Text to send.
    Text(String),
    /// The server must convert it from this encoding.
    Convert(String),
    /// Bytes of no known encoding: only a database that is `SQL_ASCII` itself takes them.
    Raw,
    /// Not what the encoding allows.
    Invalid,
}

impl Encoding {
    /// The encoding of this name, spelled as PostgreSQL accepts it: in any case, with or without
    /// hyphens and underscores.
    pub(super) fn named(name: &str) -> Self {
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match plain.as_str() {
            "utf8" | "unicode" => Self::Utf8,
            "sqlascii" => Self::SqlAscii,
            "latin1" | "iso88591" => Self::Latin1,
            _ => Self::Other(name.to_owned()),
        }
    }

    /// The name to give in `COPY … WITH (ENCODING '…')`; `None` where the session's own is right.
    ///
    /// Bytes of no known encoding are declared to be in the database's own, so that the server
    /// checks them: it would take anything as `SQL_ASCII`.
    pub(super) fn of_copy<'a>(&'a self, server_encoding: &'a str) -> Option<&'a str> {
        match self {
            Self::Utf8 => None,
            Self::SqlAscii => Some(server_encoding),
            Self::Latin1 => Some("LATIN1"),
            Self::Other(name) => Some(name),
        }
    }

    /// Whether a character of more than one byte may end in that of a backslash: only encodings for
    /// clients have such.
    pub(super) fn may_end_in_a_backslash(&self) -> bool {
        matches!(self, Self::Other(name) if !is_server_encoding(name))
    }

    /// What becomes of a statement's bytes.
    pub(super) fn decode(&self, bytes: &Bytes) -> Decoded {
        if bytes.is_ascii() {
            return valid_utf8(bytes).map_or(Decoded::Invalid, Decoded::Text);
        }
        match self {
            Self::Utf8 => valid_utf8(bytes).map_or(Decoded::Invalid, Decoded::Text),
            Self::SqlAscii => valid_utf8(bytes).map_or(Decoded::Raw, Decoded::Text),
            Self::Latin1 => Decoded::Text(bytes.iter().copied().map(char::from).collect()),
            Self::Other(name) => Decoded::Convert(name.clone()),
        }
    }
}

fn valid_utf8(bytes: &Bytes) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// Whether a database can be created in this encoding: the rest are for clients only.
pub(in crate::restore) fn is_server_encoding(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    // https://www.postgresql.org/docs/18/multibyte.html, "Server?" = No.
    !matches!(
        plain.as_str(),
        "big5"
            | "win950"
            | "windows950"
            | "gb18030"
            | "gbk"
            | "win936"
            | "windows936"
            | "johab"
            | "sjis"
            | "mskanji"
            | "shiftjis"
            | "win932"
            | "windows932"
            | "shiftjis2004"
            | "uhc"
            | "win949"
            | "windows949"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_known_by_any_of_its_spellings() {
        assert_eq!(Encoding::named("UTF-8"), Encoding::Utf8);
        assert_eq!(Encoding::named("sql_ascii"), Encoding::SqlAscii);
        assert_eq!(Encoding::named("ISO_8859_1"), Encoding::Latin1);
        assert_eq!(Encoding::named("WIN1252"), Encoding::Other("WIN1252".to_owned()));
    }

    #[test]
    fn latin1_needs_no_server_and_others_do() {
        let cafe = Bytes::from_static(b"caf\xe9");
        assert_eq!(Encoding::Latin1.decode(&cafe), Decoded::Text("café".to_owned()));
        let other = Encoding::named("WIN1252");
        assert_eq!(other.decode(&cafe), Decoded::Convert("WIN1252".to_owned()));
        assert_eq!(Encoding::Utf8.decode(&cafe), Decoded::Invalid);
        assert_eq!(Encoding::SqlAscii.decode(&cafe), Decoded::Raw);
    }

    #[test]
    fn bytes_of_no_encoding_are_checked_as_the_databases_own() {
        assert_eq!(Encoding::SqlAscii.of_copy("UTF8"), Some("UTF8"));
        assert_eq!(Encoding::Utf8.of_copy("LATIN1"), None);
    }

    #[test]
    fn a_character_may_end_in_a_backslash_where_only_clients_have_the_encoding() {
        assert!(Encoding::named("SJIS").may_end_in_a_backslash());
        assert!(!Encoding::named("EUC_JP").may_end_in_a_backslash());
        assert!(!Encoding::Utf8.may_end_in_a_backslash());
    }

    #[test]
    fn client_only_encodings_are_no_server_encodings() {
        assert!(is_server_encoding("LATIN1"));
        assert!(!is_server_encoding("SJIS"));
        assert!(!is_server_encoding("Shift_JIS"));
    }
}
