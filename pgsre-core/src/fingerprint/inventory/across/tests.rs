use super::*;

fn view(definition: &str) -> ObjectPrint {
    ObjectPrint {
        kind: ObjectKind::View,
        name: "v".to_owned(),
        definition: definition.to_owned(),
        owner: None,
        privileges: None,
        comment: None,
    }
}

fn across(definition: &str) -> String {
    view(definition).comparable(15, 16)
}

#[test]
fn needless_words_and_brackets_are_one_between_versions() {
    for (old, new) in [
        ("btree (a, ((b AT TIME ZONE 'x')))", "btree (a, (b AT TIME ZONE 'x'))"),
        ("id FETCH FIRST (3) ROWS WITH TIES", "id FETCH FIRST 3 ROWS WITH TIES"),
        ("DELETE FROM a.b AS c\n USING d AS e", "DELETE FROM a.b c\n USING d AS e"),
        ("MERGE INTO b AS c", "MERGE INTO b c"),
        ("PROCEDURE p(IN a text, IN b text)", "PROCEDURE p(a text, b text)"),
        ("UPDATE a.b AS c SET d = 1", "UPDATE a.b c SET d = 1"),
    ] {
        assert_eq!(across(old), across(new));
        assert_ne!(view(old).comparable(15, 15), view(new).comparable(15, 15));
    }
    assert_ne!(across("PROCEDURE p(INOUT a text)"), across("PROCEDURE p(a text)"));
    assert_ne!(across("f((a), (b))"), across("f(a, b)"));
    assert_ne!(across("(a + b) * c"), across("a + b * c"));
    assert_ne!(across("x = '((a))'"), across("x = '(a)'"));
}

#[test]
fn columns_lose_their_qualifiers_across_16() {
    let old =
        " SELECT orders.id,\n    orders.\"a b\"\n   FROM main.orders\n  WHERE (orders.id > 1);";
    let new = " SELECT id,\n    \"a b\"\n   FROM main.orders\n  WHERE (id > 1);";
    assert_eq!(across(old), across(new));
    assert!(across(old).contains("FROM main.orders"));
    assert_ne!(view(old).comparable(16, 18), view(new).comparable(16, 18));
}

#[test]
fn other_names_keep_their_schemas_across_16() {
    let text = "SELECT main.f(x)::main.t COLLATE main.c OPERATOR(main.+) 1, t.* FROM main.t, \
                ONLY main.u JOIN (main.v JOIN main.w ON true) ON true";
    let kept = across(text);
    for name in ["f", "t", "c", "u", "v", "w"] {
        assert!(kept.contains(&format!("main.{name}")), "{name} in {kept}");
    }
    assert!(kept.contains("OPERATOR(main.+"), "{kept}");
    assert!(kept.contains("t.*"), "{kept}");
}

#[test]
fn a_change_of_a_view_is_one_across_16_too() {
    let sound = "SELECT a.x FROM main.a WHERE (a.x = 'a.b'::text)";
    for changed in [
        "SELECT a.y FROM main.a WHERE (a.x = 'a.b'::text)",
        "SELECT a.x FROM other.a WHERE (a.x = 'a.b'::text)",
        "SELECT a.x FROM main.a WHERE (a.x = 'b'::text)",
        "SELECT a.x FROM main.a WHERE (a.x <> 'a.b'::text)",
    ] {
        assert_ne!(across(sound), across(changed), "{changed}");
    }
}

#[test]
fn from_inside_of_a_function_begins_no_list_of_relations() {
    let old = "SELECT EXTRACT(year FROM t.at) AS y, SUBSTRING(t.a FROM 2) FROM main.t \
               WHERE (t.a IS DISTINCT FROM t.b)";
    let new = "SELECT EXTRACT(year FROM at) AS y, SUBSTRING(a FROM 2) FROM main.t \
               WHERE (a IS DISTINCT FROM b)";
    assert_eq!(across(old), across(new));
}

#[test]
fn no_text_is_too_odd() {
    for text in [
        "",
        "(",
        ")",
        ")(",
        "]]",
        "a.",
        ".a",
        "a.b",
        "a.b.c",
        "((",
        "))",
        "'",
        "UPDATE a.",
        "FIRST (",
    ] {
        across(text);
    }
}
