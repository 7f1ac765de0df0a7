//! Keeps the rules of who may import whom (CONTRIBUTING.md, "The rooms and their doors").

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the core with the modules it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("finding", &[]),
    ("durable", &[]),
    ("backup", &[]),
    ("postgres", &[]),
    ("fingerprint", &["finding", "postgres"]),
    ("source", &["backup", "finding"]),
    ("manifest", &["backup", "finding", "fingerprint", "source"]),
    ("archive", &["backup", "finding", "source"]),
    ("restore", &["archive", "backup", "finding", "postgres"]),
    (
        "validate",
        &["archive", "backup", "finding", "fingerprint", "manifest", "postgres", "restore"],
    ),
    ("alert", &["durable", "finding"]),
    ("monitor", &["alert", "durable", "finding", "postgres"]),
    ("forecast", &[]),
    ("queries", &["durable", "finding", "monitor", "postgres"]),
    ("pooler", &["finding", "monitor", "postgres", "queries"]),
    ("watch", &["alert", "finding", "forecast", "history", "monitor", "postgres"]),
    ("dashboard", &["finding", "history", "monitor", "queries", "watch"]),
    ("migrate", &["finding", "fingerprint", "monitor", "postgres"]),
    (
        "drill",
        &[
            "alert",
            "archive",
            "backup",
            "finding",
            "fingerprint",
            "manifest",
            "postgres",
            "restore",
            "source",
            "validate",
        ],
    ),
    ("dump", &["backup", "finding", "fingerprint", "manifest", "postgres", "source"]),
    (
        "history",
        &[
            "alert",
            "archive",
            "backup",
            "drill",
            "finding",
            "fingerprint",
            "monitor",
            "postgres",
            "restore",
            "source",
        ],
    ),
];

#[test]
fn every_module_of_the_core_imports_only_what_it_may() {
    let mut broken = Vec::new();
    for file in rust_files(&core()) {
        let module = module_of(&file);
        if module == "lib" {
            continue;
        }
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == module).map(|(_, may)| *may);
        let Some(allowed) = allowed else {
            broken.push(format!("{module}: a module without a rule in MAY_IMPORT"));
            continue;
        };
        for import in imports(&read(&file)) {
            if import != module && !allowed.contains(&import.as_str()) {
                broken.push(format!("{} imports {import}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_core_knows_no_command_line() {
    let cargo = read(&core().join("../Cargo.toml"));
    assert!(!cargo.contains("clap"), "pgsre-core depends on clap");
    assert!(!cargo.contains("indicatif"), "pgsre-core depends on indicatif");
}

#[test]
fn an_import_that_is_not_allowed_is_seen() {
    let text = "use crate::drill::Drill;\n#[cfg(test)]\nmod fixture;\nfn f() { crate::alert::send(); }\n\
                // crate::history\n#[cfg(test)]\nmod tests {\n use crate::source::find; }\n";
    assert_eq!(imports(text), BTreeSet::from(["alert".to_owned(), "drill".to_owned()]));
}

/// The modules behind `crate::` in code, comments and test modules left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .map(|name| name.unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn module_of(file: &Path) -> String {
    let relative = file.strip_prefix(core()).expect("below the core");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pgsre-core/src")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
