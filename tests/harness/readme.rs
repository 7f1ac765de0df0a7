//! Parts of the README that a test prints.

/// Demands that the README shows this text between `<!-- NAME -->` and `<!-- end of NAME -->`; with
/// `PGSRE_UPDATE_README=1` it is written there instead.
#[track_caller]
pub fn assert_shows(name: &str, text: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).expect("the README");
    let begin = format!("<!-- {name} -->\n");
    let from = readme.find(&begin).expect("the part's beginning") + begin.len();
    let to = readme.find(&format!("<!-- end of {name} -->")).expect("the part's end");
    if std::env::var_os("PGSRE_UPDATE_README").is_some() {
        let updated = [&readme[..from], text, &readme[to..]].concat();
        std::fs::write(path, updated).expect("the README");
    } else {
        assert_eq!(&readme[from..to], text, "set PGSRE_UPDATE_README=1 to write it");
    }
}
