#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::Value as Json;

use super::*;
use crate::finding::chain;

const JSON: &str = "application/json";

fn evil() -> Alert {
    Alert {
        summary: "\", \"admin\": true, \"x\": \"</script>\\\n\u{7}".into(),
        labels: BTreeMap::from([("server".into(), "\"}{{ rule }}".into())]),
        ..samples().remove(0)
    }
}

fn error(text: &str) -> String {
    chain(&AlertTemplate::parse(text, JSON).unwrap_err())
}

#[test]
fn no_value_breaks_out_of_the_json() {
    let text = r#"{"text": {{ summary }}, "server": {{ labels.server }}, "all": {{ labels }},
                   "value": {{ value }}, "until": {{ ends_at }},
                   "line": {{ "[" ~ severity ~ "] " ~ labels.server ~ ": " ~ summary }} }"#;
    let body = AlertTemplate::parse(text, JSON).unwrap().render(&evil()).unwrap();
    let json: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(json["text"], evil().summary);
    assert_eq!(json["server"], "\"}{{ rule }}");
    assert_eq!(json["all"]["server"], json["server"]);
    assert_eq!((&json["value"], &json["until"]), (&Json::from(12.5), &Json::Null));
    assert!(json.get("admin").is_none());
}

#[test]
fn a_name_that_is_not_there_is_an_error_when_the_template_is_read() {
    for text in [
        "{{ sumary }}",
        "{}{% if event == 'never' %}{{ sumary }}{% endif %}",
        "{}{% if sumary %}{% endif %}",
        "[{% for x in sumary %}{{ x }}{% endfor %}]",
    ] {
        let error = error(text);
        assert!(error.contains("`sumary`, and there is: event, fingerprint"), "{text}: {error}");
    }
    assert!(AlertTemplate::parse("{{ summary }}", JSON).is_ok());
}

#[test]
fn a_template_that_makes_no_json_is_an_error_when_it_is_read() {
    assert!(error(r#"{"text": "{{ summary }}"}"#).contains("bring their quotes"));
    assert!(error(r#"{"text": {{ summary }}"#).contains("no JSON"));
    // Only of an alert that ends.
    assert!(error("{% if event == 'resolved' %}oops{% else %}{}{% endif %}").contains("no JSON"));
}

#[test]
fn what_is_no_template_is_an_error_that_says_where() {
    let error = error("{\n{{ summary }");
    assert!(error.contains("cannot be read") && error.contains("alert:2"), "{error}");
}

#[test]
fn a_label_that_an_alert_lacks_is_empty() {
    let template = AlertTemplate::parse(r#"[{{ labels.replica }}, {{ labels["x"] }}]"#, JSON);
    assert_eq!(template.unwrap().render(&evil()).unwrap(), r#"["", ""]"#);
}

#[test]
fn labels_can_be_listed() {
    let text = "{% for name in labels %}{{ name }}={{ labels[name] }}\n{% endfor %}";
    let template = AlertTemplate::parse(text, "text/plain").unwrap();
    assert_eq!(template.render(&samples()[0]).unwrap(), "server=shop\n");
}

#[test]
fn plain_text_is_not_escaped() {
    let template =
        AlertTemplate::parse("{{ severity }}: {{ summary }}", "text/plain; charset=utf-8");
    let body = template.unwrap().render(&evil()).unwrap();
    assert_eq!(body, format!("critical: {}", evil().summary));
}

#[test]
fn a_body_without_bounds_is_refused() {
    let text = "{% for x in range(100000) %}{{ summary }}{% endfor %}";
    let error = AlertTemplate::parse(text, "text/plain").unwrap_err();
    assert!(chain(&error).contains("1 MiB"), "{}", chain(&error));
}
