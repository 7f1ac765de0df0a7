//! One form for texts that one version of PostgreSQL writes in several.

use super::tokens::{is_blank, is_name, tokens};

/// A definition as it is once it was dumped and restored.
///
/// `status IN ('a', 'b')` of a `varchar` is `(ARRAY['a'::character varying, …])::text[]` at first, and
/// `ARRAY[('a'::character varying)::text, …]` when that text was read again: the cast of the array
/// becomes one of its elements.
pub(super) fn normal_form(definition: String) -> String {
    if !definition.contains("(ARRAY[") {
        return definition;
    }
    push_casts_into_arrays(&tokens(&definition)).concat()
}

fn push_casts_into_arrays<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut normal = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Some(cast) = CastOfArray::at(&tokens[at..]) {
            cast.write(&mut normal);
            at += cast.length;
        } else {
            normal.push(tokens[at]);
            at += 1;
        }
    }
    normal
}

/// `(ARRAY[…])::type[]`
struct CastOfArray<'t, 'a> {
    elements: &'t [&'a str],
    /// The type of an element.
    element_type: &'t [&'a str],
    length: usize,
}

impl<'t, 'a> CastOfArray<'t, 'a> {
    fn at(tokens: &'t [&'a str]) -> Option<Self> {
        if !tokens.starts_with(&["(", "ARRAY", "["]) {
            return None;
        }
        let close = 3 + closing(&tokens[3..])?;
        let elements = &tokens[3..close];
        if !tokens[close..].starts_with(&["]", ")", "::"]) || elements.contains(&"ARRAY") {
            return None;
        }
        let begin = close + 3;
        let end = begin + tokens[begin..].iter().position(|&token| token == "[")?;
        let element_type = &tokens[begin..end];
        let is_type = element_type.iter().all(|token| {
            is_name(token) || is_blank(token) || matches!(*token, "." | "(" | ")" | ",")
        });
        (is_type && tokens.get(end + 1) == Some(&"]")).then_some(Self {
            elements,
            element_type,
            length: end + 2,
        })
    }

    fn write(&self, normal: &mut Vec<&'a str>) {
        normal.extend(["ARRAY", "["]);
        for (number, element) in split_at_commas(self.elements).into_iter().enumerate() {
            normal.extend((number > 0).then_some(", "));
            normal.push("(");
            normal.extend(push_casts_into_arrays(element));
            normal.extend([")", "::"]);
            normal.extend(self.element_type);
        }
        normal.push("]");
    }
}

/// Where the bracket closes that was opened before these tokens.
fn closing(tokens: &[&str]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" => depth += 1,
            ")" | "]" if depth == 0 => return Some(at),
            ")" | "]" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The parts between the commas outside of brackets, without the blanks around.
fn split_at_commas<'t, 'a>(tokens: &'t [&'a str]) -> Vec<&'t [&'a str]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match *token {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *token == ","
        })
        .map(|part| match part {
            [blank, rest @ ..] if is_blank(blank) => rest,
            part => part,
        })
        .collect()
}

#[cfg(test)]
mod tests;
