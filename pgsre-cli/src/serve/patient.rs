//! Connections that end by themselves: a client that sends or reads nothing holds none for long,
//! and there are never more than can be held.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Connections at the same time; further ones wait to be accepted.
const CONNECTIONS: usize = 1024;

/// How long a connection may go on without a byte of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Accepts connections that end by themselves.
#[derive(Debug)]
pub(super) struct PatientListener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl PatientListener {
    pub(super) fn new(listener: TcpListener) -> Self {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Self { listener, places, patience: PATIENCE }
    }
}

impl Listener for PatientListener {
    type Io = Patient;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Patient, SocketAddr) {
        // Never closed: without a place a connection is simply not counted.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let patience = self.patience;
        let end = Box::pin(tokio::time::sleep(patience));
        (Patient { stream, end, patience, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection. What is sent to its client renews the patience with it; what the client sends does
/// not.
#[derive(Debug)]
pub(super) struct Patient {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    patience: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl Patient {
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.end.as_mut().poll(cx).is_ready()
    }
}

fn over<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client takes too long")))
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(cx) {
            return over();
        }
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(cx) {
            return over();
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(1..)) = written {
            let end = Instant::now() + self.patience;
            self.end.as_mut().reset(end);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn connection(patience: Duration) -> (Patient, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut listener = PatientListener { patience, ..PatientListener::new(listener) };
        (Listener::accept(&mut listener).await.0, client)
    }

    #[tokio::test]
    async fn a_client_that_sends_its_request_for_ever_is_left() {
        let (mut server, mut client) = connection(Duration::from_millis(50)).await;
        tokio::spawn(async move {
            while client.write_all(b"G").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let mut read = Vec::new();
        let error = server.read_to_end(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_asks_and_listens_is_served() {
        let (mut server, mut client) = connection(Duration::from_secs(30)).await;
        client.write_all(b"hello").await.unwrap();
        let mut read = [0; 5];
        server.read_exact(&mut read).await.unwrap();
        server.write_all(&read).await.unwrap();
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hello");
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_left() {
        let (mut server, _client) = connection(Duration::from_millis(50)).await;
        let error = server.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
