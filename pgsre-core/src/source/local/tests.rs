#![expect(clippy::unwrap_used, reason = "tests")]

use futures::TryStreamExt;

use super::super::{BackupSource, BackupSourceExt, ObjectStoreSource};
use super::*;

fn source(path: &Path) -> ObjectStoreSource {
    ObjectStoreSource::parse(path.to_str().unwrap()).unwrap()
}

async fn keys(path: &Path) -> Vec<String> {
    let backups = source(path).all().await.unwrap();
    let mut keys: Vec<String> = backups.into_iter().map(|backup| backup.key).collect();
    keys.sort();
    keys
}

fn directory(files: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    directory
}

async fn kind(path: &Path) -> SourceErrorKind {
    source(path).all().await.unwrap_err().kind()
}

#[tokio::test]
async fn a_directory_is_everything_below_it() {
    let directory = directory(&["a.sql", "2026/b.sql", ".hidden/c.sql", "a.sql.md5"]);
    assert_eq!(keys(directory.path()).await, ["2026/b.sql", "a.sql"]);
}

#[tokio::test]
async fn a_file_is_that_one_backup() {
    let directory = directory(&["a.sql", "b.sql"]);
    let source = source(&directory.path().join("b.sql"));
    let backup = source.latest().await.unwrap();
    assert_eq!(backup.key, "b.sql");
    assert_eq!(source.peek(&backup.parts[0], 99).await.unwrap(), "b.sql");
}

#[tokio::test]
async fn a_file_is_that_one_backup_with_the_checksum_that_lies_beside_it() {
    let directory = directory(&["a.sql", "a.sql.sha256", "b.sql"]);
    for (name, checksum) in [("a.sql", Some("a.sql.sha256")), ("b.sql", None)] {
        let all = source(&directory.path().join(name)).all().await.unwrap();
        let found: Vec<_> = all.iter().map(|backup| &backup.key).collect();
        assert_eq!(found, [name]);
        assert_eq!(all[0].checksum.as_ref().map(|part| part.key.as_str()), checksum);
    }
}

#[tokio::test]
async fn odd_names_are_listed_and_read() {
    let names = ["a b.sql", "a%20b.sql", "größe.sql", "x#1", "new\nline.sql"];
    let directory = directory(&names);
    let source = source(directory.path());
    for backup in source.all().await.unwrap() {
        assert!(names.contains(&backup.key.as_str()));
        let content = source.peek(&backup.parts[0], 99).await.unwrap();
        assert_eq!(content, backup.key.as_bytes());
    }
    assert_eq!(source.all().await.unwrap().len(), names.len());
}

#[tokio::test]
async fn a_link_to_a_file_is_a_backup_and_a_broken_link_is_passed_over() {
    let directory = directory(&["a.sql"]);
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, directory.path().join(name)).unwrap();
    };
    link("a.sql", "latest.sql");
    link("gone.sql", "broken.sql");
    assert_eq!(keys(directory.path()).await, ["a.sql", "latest.sql"]);
}

#[tokio::test]
async fn a_loop_of_links_ends() {
    let directory = directory(&["a.sql"]);
    std::os::unix::fs::symlink(".", directory.path().join("loop")).unwrap();
    assert_eq!(keys(directory.path()).await, ["a.sql"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let directory = directory(&["a.sql"]);
    assert_eq!(kind(&directory.path().join("none")).await, SourceErrorKind::NotFound);
    assert_eq!(kind(&directory.path().join("none.sql")).await, SourceErrorKind::NotFound);
    assert_eq!(kind(&directory.path().join("a.sql/x")).await, SourceErrorKind::NotFound);
}

#[tokio::test]
async fn a_file_cut_while_it_is_read_is_changed() {
    let directory = directory(&["a.sql"]);
    let path = directory.path().join("a.sql");
    fs::write(&path, vec![b'x'; 4 * CHUNK]).unwrap();
    let source = source(&path);
    let part = source.latest().await.unwrap().parts.remove(0);
    let mut stream = source.open(&part, None).await.unwrap();
    stream.try_next().await.unwrap();
    File::options().write(true).open(&path).unwrap().set_len(CHUNK as u64).unwrap();
    let error = stream.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().kind(), SourceErrorKind::Changed);
}

#[tokio::test]
async fn a_file_replaced_while_it_is_read_is_changed() {
    let directory = directory(&["a.sql", "b.sql"]);
    let path = directory.path().join("a.sql");
    let source = source(&path);
    let part = source.latest().await.unwrap().parts.remove(0);
    let mut stream = source.open(&part, None).await.unwrap();
    stream.try_next().await.unwrap();
    fs::rename(directory.path().join("b.sql"), &path).unwrap();
    let error = stream.try_next().await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().kind(), SourceErrorKind::Changed);
}

#[tokio::test]
async fn a_directory_that_is_a_dump_has_the_manifest_that_lies_beside_it() {
    let directory = directory(&["d/toc.dat", "d.pgsre.json", "e/toc.dat"]);
    for (name, content) in [("d", Some("d.pgsre.json")), ("e", None)] {
        let source = source(&directory.path().join(name));
        let backup = source.latest().await.unwrap();
        assert_eq!(backup.key, name);
        match (&backup.manifest, content) {
            (Some(part), Some(content)) => {
                assert_eq!(source.peek(part, 99).await.unwrap(), content);
            }
            (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{name}"),
        }
    }
}

#[tokio::test]
async fn a_key_does_not_leave_the_directory() {
    let directory = directory(&["a.sql"]);
    let source = source(directory.path());
    let mut part = source.latest().await.unwrap().parts.remove(0);
    part.key = "../x".to_owned();
    let error = source.open(&part, None).await.err().unwrap();
    assert_eq!(error.kind(), SourceErrorKind::Invalid);
}

/// Nobody is refused as root, so that the test runs itself again as another user then.
#[tokio::test]
async fn a_directory_that_may_not_be_entered_is_denied() {
    use std::os::unix::fs::PermissionsExt;

    let directory = directory(&["a.sql", "locked/b.sql", "lost+found/x", ".private/y"]);
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        mode(directory.path(), 0o755);
        return again_as_nobody(directory.path());
    }
    for locked in ["lost+found", ".private"] {
        mode(&directory.path().join(locked), 0o000);
    }
    assert_eq!(keys(directory.path()).await, ["a.sql", "locked/b.sql"]);
    mode(&directory.path().join("locked"), 0o000);
    assert_eq!(kind(directory.path()).await, SourceErrorKind::Denied);
    assert_eq!(kind(&directory.path().join("locked")).await, SourceErrorKind::Denied);
    assert_eq!(kind(&directory.path().join("locked/b.sql")).await, SourceErrorKind::Denied);
    for locked in ["locked", "lost+found", ".private"] {
        mode(&directory.path().join(locked), 0o755);
    }
}

fn again_as_nobody(scratch: &Path) {
    let program = scratch.join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let name = "source::local::tests::a_directory_that_may_not_be_entered_is_denied";
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", name])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_refusal_of_the_file_system_is_denied() {
    let error = cannot_read(&io::Error::from(io::ErrorKind::PermissionDenied), Path::new("/x"));
    assert_eq!(error.kind(), SourceErrorKind::Denied);
}
