//! Our way of connecting, inside deadpool.
//!
//! The pool's errors are the driver's, and nobody but the driver can make one. So an error of ours
//! travels as the I/O error of a stream that fails at once, and is unpacked behind the pool.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use deadpool_postgres::{Connect, PoolError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::postgres::connector::Connector;
use crate::postgres::error::{PostgresError, PostgresErrorKind};

pub(super) struct PooledConnector(pub(super) Arc<Connector>);

type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl Connect for PooledConnector {
    fn connect(&self, _: &Config) -> Connecting<'_> {
        Box::pin(async {
            match self.0.open().await {
                Ok(opened) => Ok(opened),
                Err(error) => pack(error).await,
            }
        })
    }
}

/// Always an error.
async fn pack(error: PostgresError) -> Result<(Client, JoinHandle<()>), Error> {
    let stream = FailingStream(Some(error));
    let (client, connection) = Config::new().user("nobody").connect_raw(stream, NoTls).await?;
    Ok((client, tokio::spawn(async move { drop(connection.await) })))
}

/// The error that went into the pool.
pub(super) fn unpack(error: PoolError) -> PostgresError {
    match error {
        PoolError::Backend(error) => unpack_driver(error),
        PoolError::Closed => {
            PostgresError::new(PostgresErrorKind::Protocol, "the pool of connections is closed")
        }
        other => PostgresError::new(
            PostgresErrorKind::TimedOut,
            "the pool of connections gave no connection",
        )
        .with_cause(other),
    }
}

fn unpack_driver(error: Error) -> PostgresError {
    let is_ours = std::error::Error::source(&error)
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<PostgresError>());
    if !is_ours {
        return error.into();
    }
    error
        .into_source()
        .and_then(|cause| cause.downcast::<io::Error>().ok())
        .and_then(|cause| cause.into_inner())
        .and_then(|inner| inner.downcast::<PostgresError>().ok())
        .map_or_else(
            || PostgresError::new(PostgresErrorKind::Unreachable, "cannot connect"),
            |ours| *ours,
        )
}

struct FailingStream(Option<PostgresError>);

impl FailingStream {
    fn error(&mut self) -> io::Error {
        self.0.take().map_or_else(|| io::ErrorKind::NotConnected.into(), io::Error::other)
    }
}

impl AsyncRead for FailingStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.error()))
    }
}

impl AsyncWrite for FailingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(self.error()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.error()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
