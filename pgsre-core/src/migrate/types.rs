//! Types of columns: which changes of type keep the rows as they are.

/// A type in its one name, with its modifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DataType {
    name: String,
    modifiers: Vec<i64>,
    array: bool,
}

impl DataType {
    pub(super) fn parse(text: &str) -> Self {
        let array = text.contains('[') || text.ends_with(" array");
        let open = text.find('(');
        let close = text.find(')');
        let inside = open.zip(close).and_then(|(open, close)| text.get(open + 1..close));
        let modifiers = inside.unwrap_or_default().split(',').filter_map(|n| n.trim().parse().ok());
        let before = &text[..open.unwrap_or(text.len())];
        let after = close.and_then(|close| text.get(close + 1..)).unwrap_or_default();
        let name = format!("{before} {after}");
        let name = name.split('[').next().unwrap_or_default().trim().trim_end_matches(" array");
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { name: canonical(&name).to_owned(), modifiers: modifiers.collect(), array }
    }

    pub(super) fn without_modifiers(mut self) -> Self {
        self.modifiers.clear();
        self
    }

    pub(super) fn is_array(&self) -> bool {
        self.array
    }

    /// Types of one class sort alike: an index on a column stays as it is when its type changes within
    /// the class (`CheckIndexCompatible`).
    pub(super) fn operator_class(&self) -> (&str, bool) {
        let class = match self.name.as_str() {
            "varchar" => "text",
            "cidr" => "inet",
            name => name,
        };
        (class, self.array)
    }

    /// Whether a column of this type can become of the other without a rewrite (`pg_cast`'s binary
    /// coercions; the length coercions that their support functions leave out), in a session whose time
    /// zone may be UTC.
    pub(super) fn becomes(&self, to: &Self, utc: bool) -> bool {
        if self.array || to.array {
            return self == to
                || (self.array && to.array && self.name == to.name && to.modifiers.is_empty());
        }
        let (from, into) = (self.name.as_str(), to.name.as_str());
        match (from, into) {
            _ if self == to => true,
            ("varchar", "varchar" | "text") | ("varbit", "varbit") => {
                wider(&self.modifiers, &to.modifiers)
            }
            ("text" | "citext" | "xml", "varchar") => to.modifiers.is_empty(),
            ("text", "citext") | ("citext" | "xml", "text") | ("varchar", "citext") => true,
            ("bit", "varbit") => to.modifiers.is_empty(),
            ("timestamp", "timestamptz") | ("timestamptz", "timestamp") if utc => {
                wider(&self.modifiers, &to.modifiers) || to.modifiers == [6]
            }
            ("numeric", "numeric") => numeric(&self.modifiers, &to.modifiers),
            ("timestamp" | "timestamptz" | "time" | "timetz" | "interval", _) if from == into => {
                wider(&self.modifiers, &to.modifiers) || to.modifiers == [6]
            }
            ("integer", "oid") | ("oid", "integer") | ("cidr", "inet") => true,
            ("oid", "regclass" | "regproc" | "regtype") => true,
            _ => false,
        }
    }

    /// Whether its default comes from a sequence.
    pub(super) fn is_serial(&self) -> bool {
        self.name.contains("serial")
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

fn wider(from: &[i64], to: &[i64]) -> bool {
    match (from.first(), to.first()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => to >= from,
    }
}

fn numeric(from: &[i64], to: &[i64]) -> bool {
    let scale = |modifiers: &[i64]| modifiers.get(1).copied().unwrap_or(0);
    to.is_empty() || (!from.is_empty() && to[0] >= from[0] && scale(from) == scale(to))
}

fn canonical(name: &str) -> &str {
    match name {
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "character varying" | "char varying" => "varchar",
        "character" | "bpchar" => "char",
        "decimal" | "dec" => "numeric",
        "bit varying" => "varbit",
        "float8" | "float" => "double precision",
        "float4" => "real",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        "serial4" => "serial",
        "serial8" => "bigserial",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn becomes(from: &str, to: &str) -> bool {
        DataType::parse(from).becomes(&DataType::parse(to), false)
    }

    #[test]
    fn a_wider_type_of_the_same_kind_keeps_the_rows() {
        assert!(becomes("varchar(10)", "character varying(20)"));
        assert!(becomes("varchar(10)", "text"));
        assert!(becomes("numeric(10,2)", "numeric(12,2)"));
        assert!(becomes("timestamp(3) with time zone", "timestamptz"));
        assert!(becomes("int4", "integer"));
    }

    #[test]
    fn a_narrower_or_another_type_rewrites_them() {
        assert!(!becomes("varchar(20)", "varchar(10)"));
        assert!(!becomes("text", "varchar(20)"));
        assert!(!becomes("integer", "bigint"));
        assert!(!becomes("numeric(10,2)", "numeric(12,3)"));
        assert!(!becomes("char(10)", "text"));
        assert!(!becomes("timestamp", "timestamptz"));
    }
}
