//! A real HTTP server of a few lines: it answers as it is told and keeps what it was sent.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on a port of its own; it ends with the runtime of its test.
#[derive(Debug)]
pub(super) struct TestServer {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What a client sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
}

/// What the server does with a connection.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Answers with a status line's end, extra header lines, and a body.
    Status(&'static str, String, &'static str),
    /// Reads the request and never answers.
    Silence,
    /// Closes the connection without an answer.
    HangUp,
}

impl Answer {
    pub(super) fn status(status: &'static str) -> Self {
        Self::Status(status, String::new(), "")
    }
}

impl TestServer {
    /// Answers in this order, the last again and again.
    pub(super) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<_> = answers.into_iter().collect();
        tokio::spawn(serve(listener, answers, Arc::clone(&requests)));
        Self { address, requests }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, answers: Vec<Answer>, requests: Arc<Mutex<Vec<Request>>>) {
    let mut answers = answers.into_iter().peekable();
    while let Ok((stream, _)) = listener.accept().await {
        let answer = answers.next().unwrap();
        if answers.peek().is_none() {
            answers = vec![answer.clone()].into_iter().peekable();
        }
        tokio::spawn(converse(stream, answer, Arc::clone(&requests)));
    }
}

async fn converse(mut stream: TcpStream, answer: Answer, requests: Arc<Mutex<Vec<Request>>>) {
    let request = read(&mut stream).await;
    requests.lock().unwrap().push(request);
    match answer {
        Answer::Status(status, headers, body) => {
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(text.as_bytes()).await.unwrap();
        }
        Answer::Silence => std::future::pending().await,
        Answer::HangUp => {}
    }
}

async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            return Request { head: head.to_lowercase(), body: body.to_owned() };
        }
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap();
        assert_ne!(n, 0, "the client broke off");
        bytes.extend_from_slice(&buffer[..n]);
    }
}

fn content_length(head: &str) -> usize {
    head.to_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0)
}
