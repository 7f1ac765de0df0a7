//! What earlier statements change about how later ones are read.

use crate::archive::{Provenance, SqlDialect, StatementKind};

/// How quotes and double-byte characters are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Off means that `'…'` takes backslash escapes.
    pub(super) standard_conforming_strings: bool,
    pub(super) double_byte: DoubleByte,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { standard_conforming_strings: true, double_byte: DoubleByte::None }
    }
}

/// Client encodings whose second byte may look like ASCII, such as a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DoubleByte {
    None,
    /// SJIS and SHIFT_JIS_2004: 0xA1 to 0xDF are characters of one byte.
    ShiftJis,
    /// BIG5, GBK, UHC, GB18030, JOHAB.
    Other,
}

impl DoubleByte {
    pub(super) fn of(encoding: &str) -> Self {
        // As pg_char_to_encoding compares: letters and digits only.
        let name: String = encoding
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        match name.as_str() {
            "sjis" | "shiftjis" | "mskanji" | "win932" | "windows932" | "shiftjis2004" => {
                Self::ShiftJis
            }
            "big5" | "win950" | "windows950" | "gbk" | "win936" | "windows936" | "uhc"
            | "win949" | "windows949" | "gb18030" | "johab" => Self::Other,
            _ => Self::None,
        }
    }

    /// Whether the byte behind `byte` belongs to the same character.
    pub(super) fn leads(self, byte: u8) -> bool {
        match self {
            Self::None => false,
            Self::ShiftJis => matches!(byte, 0x81..=0x9f | 0xe0..=0xfc),
            Self::Other => byte >= 0x81,
        }
    }
}

impl Dialect {
    /// What `classify` must know.
    pub(super) fn for_statement(self, provenance: Provenance) -> SqlDialect {
        SqlDialect {
            provenance,
            standard_conforming_strings: self.standard_conforming_strings,
            double_byte: self.double_byte != DoubleByte::None,
        }
    }

    /// Follows a statement that changes the reading of those behind it.
    pub(super) fn follow(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::SetClientEncoding(encoding) => {
                self.double_byte = DoubleByte::of(encoding);
            }
            StatementKind::Set { name, value } if name == "standard_conforming_strings" => {
                self.standard_conforming_strings = value.as_deref().is_none_or(is_true);
            }
            _ => {}
        }
    }
}

/// A Boolean parameter's value, as `parse_bool` reads it.
fn is_true(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    !matches!(value.as_str(), "off" | "of" | "0")
        && (value.is_empty() || (!"false".starts_with(&value) && !"no".starts_with(&value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_client_encodings_with_ascii_second_bytes_are_double_byte() {
        assert_eq!(DoubleByte::of("SJIS"), DoubleByte::ShiftJis);
        assert_eq!(DoubleByte::of("SHIFT_JIS_2004"), DoubleByte::ShiftJis);
        assert_eq!(DoubleByte::of("BIG5"), DoubleByte::Other);
        assert_eq!(DoubleByte::of("UTF8"), DoubleByte::None);
        assert_eq!(DoubleByte::of("EUC_JP"), DoubleByte::None);
        assert!(!DoubleByte::ShiftJis.leads(0xb1), "half-width kana have one byte");
    }

    #[test]
    fn off_is_off_however_it_is_written() {
        for off in ["off", "OFF", "false", "f", "no", "0"] {
            assert!(!is_true(off), "{off}");
        }
        for on in ["on", "true", "yes", "1"] {
            assert!(is_true(on), "{on}");
        }
    }
}
