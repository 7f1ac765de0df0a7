//! A web server of the tests' own that alerts are posted to.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::server::PATIENCE;

type Posts = Arc<Mutex<Vec<(String, Value)>>>;

/// A web server that answers by path (`/ok…`, `/refused…`, `/broken…`, `/hang…`) and remembers.
#[derive(Debug)]
pub struct Hook {
    address: String,
    posts: Posts,
}

impl Hook {
    /// Starts it at a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let posts = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&posts);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, Arc::clone(&kept)));
            }
        });
        Self { address, posts }
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The bodies that were posted to paths that begin so.
    #[must_use]
    pub fn posted(&self, path: &str) -> Vec<Value> {
        let posts = self.posts.lock().expect("the posts");
        let there = posts.iter().filter(|(head, _)| head.starts_with(&format!("POST {path}")));
        there.map(|(_, body)| body.clone()).collect()
    }

    /// The heads of all requests.
    #[must_use]
    pub fn heads(&self) -> String {
        let posts = self.posts.lock().expect("the posts");
        posts.iter().map(|(head, _)| head.as_str()).collect()
    }

    /// Waits until so many bodies were posted to paths that begin so.
    ///
    /// # Panics
    /// Where they do not come.
    pub async fn until(&self, path: &str, count: usize) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let posted = self.posted(path);
            if posted.len() >= count {
                return posted;
            }
            assert!(begin.elapsed() < PATIENCE, "{} of {count}: {posted:#?}", posted.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn answer(mut socket: TcpStream, posts: Posts) {
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer).await {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            if head.starts_with("GET ") {
                break (head.to_owned(), Value::Null);
            }
            if let Ok(body) = serde_json::from_str(body) {
                break (head.to_owned(), body);
            }
        }
    };
    let status = match head
        .split(['/', ' ', '?'])
        .find(|word| !word.is_empty() && !["POST", "GET"].contains(word))
    {
        Some("hang") => return std::future::pending().await,
        Some("refused") => "403 Forbidden",
        Some("broken") => "500 Internal Server Error",
        _ => "200 OK",
    };
    let path = head.lines().next().unwrap_or_default().to_owned();
    posts.lock().expect("the posts").push((head, body));
    // A server that repeats what it was sent.
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{path}",
        path.len()
    );
    drop(socket.write_all(answer.as_bytes()).await);
}
