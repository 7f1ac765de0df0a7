//! Sources against a real S3 server: what is there, what is refused, what breaks.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use pgsre_core::backup::BackupPart;
use pgsre_core::finding::FindingCode;
use pgsre_core::source::catalogue::{CatalogueRules, check_newest};
use pgsre_core::source::conformance::{self, Fixture, FixtureError};
use pgsre_core::source::{
    BackupDestination, BackupSource, BackupSourceExt, ObjectStoreSource, SourceError,
    SourceErrorKind,
};
use pgsre_tests::harness::s3::{BUCKET, Fault, Line, S3Server, SECRET_KEY, source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const MIB: usize = 1 << 20;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

async fn read(source: &ObjectStoreSource, part: &BackupPart) -> Result<Vec<u8>, SourceError> {
    let stream = source.open(part, None).await?;
    let read = stream.try_fold(Vec::new(), |mut read, chunk| async move {
        read.extend_from_slice(&chunk);
        Ok(read)
    });
    read.await.map_err(|error| SourceError::from_stream(error, &part.key))
}

/// A server with `shop/2026.sql` of 8 MiB in it.
async fn filled(denied: &'static [&'static str]) -> (S3Server, Vec<u8>) {
    let server = S3Server::start(denied).await.unwrap();
    let content = content(8 * MIB);
    server.put("shop/2026.sql", &content).unwrap();
    (server, content)
}

fn whole_bucket(address: &str) -> ObjectStoreSource {
    source(address, &format!("{BUCKET}/"), SECRET_KEY).unwrap()
}

struct Bucket(ObjectStoreSource);

#[async_trait]
impl Fixture for Bucket {
    type Source = ObjectStoreSource;

    fn source(&self) -> &ObjectStoreSource {
        &self.0
    }

    async fn put(&self, key: &str, content: Bytes) -> Result<(), FixtureError> {
        // This server lists no entity tags and times in whole seconds.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        Ok(self.0.put(key, content).await?)
    }
}

#[tokio::test]
async fn a_bucket_keeps_the_promises_of_a_source() {
    let server = S3Server::start(&[]).await.unwrap();
    assert_eq!(conformance::check(&Bucket(whole_bucket(server.address()))).await, []);
}

#[tokio::test]
async fn a_bucket_keeps_the_promises_of_a_destination() {
    let server = S3Server::start(&[]).await.unwrap();
    let bucket = whole_bucket(server.address());
    assert_eq!(conformance::check_destination(&bucket).await, []);
    assert_eq!(server.unfinished_uploads(), 0);
}

#[tokio::test]
async fn an_upload_that_a_policy_denies_in_the_middle_leaves_no_parts_behind() {
    for denied in [&["UploadPart"][..], &["CompleteMultipartUpload"], &["PutObject"]] {
        let server = S3Server::start(denied).await.unwrap();
        let bucket = whole_bucket(server.address());
        let length = if denied == ["PutObject"] { 1 } else { 30 };
        let piece = Bytes::from(vec![7; MIB]);
        let pieces = std::iter::repeat_n(piece, length).map(Ok);
        let stream = futures::stream::iter(pieces).boxed();
        let error = bucket.write("shop/new.dump", stream, None).await.unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Denied, "{denied:?}");
        assert_eq!(bucket.all().await.unwrap(), [], "{denied:?}");
        assert_eq!(server.unfinished_uploads(), 0, "{denied:?}");
    }
}

#[tokio::test]
async fn a_backup_below_a_prefix_is_read_whole() {
    let (server, content) = filled(&[]).await;
    for place in ["backups/shop/", "backups/shop", "backups/shop/2026.sql"] {
        let source = source(server.address(), place, SECRET_KEY).unwrap();
        let backup = source.latest().await.unwrap();
        assert_eq!(backup.key, "2026.sql", "{place}");
        assert!(read(&source, &backup.parts[0]).await.unwrap() == content, "{place}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_denied() {
    let (server, _) = filled(&[]).await;
    for place in ["backups/", "backups/shop/2026.sql"] {
        let source = source(server.address(), place, "wrong horse").unwrap();
        let error = source.latest().await.unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Denied, "{error:?}");
        assert!(!format!("{source:?} {error:?}").contains("wrong horse"));
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_not_found() {
    let (server, _) = filled(&[]).await;
    let source = source(server.address(), "elsewhere/", SECRET_KEY).unwrap();
    assert_eq!(source.latest().await.unwrap_err().kind(), SourceErrorKind::NotFound);
}

#[tokio::test]
async fn an_empty_bucket_has_no_backup_and_that_is_said() {
    let server = S3Server::start(&[]).await.unwrap();
    let source = whole_bucket(server.address());
    let backups = source.all().await.unwrap();
    let found = check_newest(&backups, &CatalogueRules::default(), Timestamp::now());
    assert_eq!(found.findings[0].code, FindingCode::SourceNone);
    let error = source.latest().await.unwrap_err();
    assert_eq!(error.finding_code(), FindingCode::SourceNone);
}

#[tokio::test]
async fn a_policy_that_denies_reading_is_denied() {
    let (server, _) = filled(&["GetObject", "HeadObject"]).await;
    let whole = whole_bucket(server.address());
    let part = whole.latest().await.unwrap().parts.remove(0);
    assert_eq!(read(&whole, &part).await.unwrap_err().kind(), SourceErrorKind::Denied);
    let one = source(server.address(), "backups/shop/2026.sql", SECRET_KEY).unwrap();
    assert_eq!(one.latest().await.unwrap_err().kind(), SourceErrorKind::Denied);
    let prefix = source(server.address(), "backups/shop", SECRET_KEY).unwrap();
    assert_eq!(prefix.latest().await.unwrap().key, "2026.sql");
}

#[tokio::test]
async fn a_policy_that_denies_listing_is_denied() {
    let (server, _) = filled(&["ListObjectsV2"]).await;
    let error = whole_bucket(server.address()).latest().await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Denied, "{error:?}");
}

#[tokio::test]
async fn an_object_replaced_after_the_listing_is_changed() {
    let (server, _) = filled(&[]).await;
    let source = whole_bucket(server.address());
    let part = source.latest().await.unwrap().parts.remove(0);
    server.put("shop/2026.sql", b"another").unwrap();
    assert_eq!(read(&source, &part).await.unwrap_err().kind(), SourceErrorKind::Changed);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_before_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let begun = Instant::now();
    let error = whole_bucket(&address).latest().await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Unreachable, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_read_over_a_line_that_breaks_goes_on_where_it_was() {
    let (server, content) = filled(&[]).await;
    let line = Line::to(server.address(), Fault::EachAfter(3 * MIB as u64 / 2)).await.unwrap();
    let source = whole_bucket(line.address());
    let part = source.latest().await.unwrap().parts.remove(0);
    assert!(read(&source, &part).await.unwrap() == content);
    let carried = line.carried();
    let limit = (content.len() + content.len() / 8) as u64;
    assert!(carried < limit, "{carried} bytes were carried for {}", content.len());
}

#[tokio::test]
async fn a_line_that_breaks_for_good_ends_in_an_error() {
    let (server, _) = filled(&[]).await;
    let line = Line::to(server.address(), Fault::ForGoodAfter(3 * MIB as u64)).await.unwrap();
    let source = whole_bucket(line.address());
    let part = source.latest().await.unwrap().parts.remove(0);
    let error = read(&source, &part).await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Unreachable, "{error:?}");
}

#[tokio::test]
async fn a_server_that_cuts_its_answers_short_never_makes_a_short_success() {
    let address = liar().await;
    let source = source(&address, "backups/", SECRET_KEY).unwrap();
    let part = source.latest().await.unwrap().parts.remove(0);
    let error = read(&source, &part).await.unwrap_err();
    assert!(
        matches!(error.kind(), SourceErrorKind::Unreadable | SourceErrorKind::Changed),
        "{error:?}"
    );
}

/// An S3 server that lists an object of 1,000 bytes and answers each request for it with well
/// formed headers and no bytes beyond the first 400.
async fn liar() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 64 << 10];
            let read = socket.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
            drop(socket.write_all(lie(&request).as_bytes()).await);
        }
    });
    address
}

fn lie(request: &str) -> String {
    let headers =
        "Last-Modified: Sat, 21 Nov 2026 03:00:00 GMT\r\nETag: \"abc\"\r\nConnection: close\r\n";
    if request.contains("list-type=2") {
        let body = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>shop.sql</Key>\
                    <LastModified>2026-11-21T03:00:00.000Z</LastModified><ETag>\"abc\"</ETag>\
                    <Size>1000</Size></Contents></ListBucketResult>";
        return format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
    }
    match request.split_once("range: bytes=").and_then(|(_, range)| range.split_once('-')) {
        None => {
            format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n{headers}\r\n{}", "x".repeat(400))
        }
        Some((start, _)) => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-999/1000\r\n\
             Content-Length: 0\r\n{headers}\r\n"
        ),
    }
}
