use super::*;

#[test]
fn a_cast_of_an_array_becomes_one_of_its_elements() {
    let written = "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, \
                   'b, ]'::character varying])::text[])))";
    let read_again = "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, \
                      ('b, ]'::character varying)::text])))";
    assert_eq!(normal_form(written.to_owned()), read_again);
    assert_eq!(normal_form(read_again.to_owned()), read_again);
}

#[test]
fn what_is_no_cast_of_an_array_stays() {
    for text in [
        "'(ARRAY[1])::text[]'",
        "(ARRAY[1, 2])",
        "(ARRAY[1, 2])::text",
        "(ARRAY[1, 2",
        "(ARRAY[ARRAY[1], ARRAY[2]])::bigint[]",
        "$x$(ARRAY[1])::text[]$x$",
    ] {
        assert_eq!(normal_form(text.to_owned()), text);
    }
}

#[test]
fn types_with_modifiers_and_schemas_are_pushed_into_arrays_too() {
    assert_eq!(
        normal_form("((ARRAY[a, f(b, c)])::main.\"T x\"[])".to_owned()),
        "(ARRAY[(a)::main.\"T x\", (f(b, c))::main.\"T x\"])"
    );
    assert_eq!(normal_form("(ARRAY[a])::numeric(5,2)[]".to_owned()), "ARRAY[(a)::numeric(5,2)]");
}

#[test]
fn no_text_is_too_odd() {
    for text in ["", "(", ")", "]]", "a.", "(ARRAY[", "(ARRAY[])::", "'", "::"] {
        normal_form(format!("(ARRAY[{text}"));
    }
}
