//! A way to a server that can be shut, as when the server is down: nobody listens there then; or be
//! silent, as a network that forgot a connection: nobody says that anything is lost.

use std::path::PathBuf;

use pgsre_core::postgres::ConnectConfig;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Where a way leads to.
#[derive(Clone, Debug)]
enum End {
    Socket(PathBuf),
    Port(String),
}

/// Forwards a port of this machine to a server.
#[derive(Debug)]
pub struct Relay {
    end: End,
    port: u16,
    user: String,
    silent: watch::Sender<bool>,
    open: Option<JoinHandle<()>>,
}

impl Relay {
    /// A way to this server's socket, open.
    pub async fn to(server: &ConnectConfig) -> Self {
        let host = &server.hosts()[0];
        let socket = PathBuf::from(&host.host).join(format!(".s.PGSQL.{}", host.port));
        Self::opened(End::Socket(socket), server.user()).await
    }

    /// A way to a host and a port, open.
    pub async fn to_port(address: &str) -> Self {
        Self::opened(End::Port(address.to_owned()), "").await
    }

    async fn opened(end: End, user: &str) -> Self {
        let silent = watch::Sender::new(false);
        let mut relay = Self { end, port: 0, user: user.to_owned(), silent, open: None };
        relay.open().await;
        relay
    }

    /// How a client goes this way.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{database}?sslmode=disable", self.user, self.port)
    }

    /// Where a browser goes this way.
    #[must_use]
    pub fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Lets clients through from now on.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port");
        self.port = listener.local_addr().expect("an address").port();
        let way = forward(listener, self.end.clone(), self.silent.subscribe());
        self.open = Some(tokio::spawn(way));
    }

    /// Cuts every connection; new ones are refused.
    pub async fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            drop(open.await);
        }
    }

    /// Lets nothing through any more of the connections that there are, and says so to nobody. New
    /// ones are let through once it is no longer silent; the old ones never.
    pub fn be_silent(&self, silent: bool) {
        self.silent.send_replace(silent);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(open) = &self.open {
            open.abort();
        }
    }
}

/// The connections end with this future.
async fn forward(listener: TcpListener, end: End, silent: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(connect(client, end.clone(), silent.clone()));
    }
}

async fn connect(client: TcpStream, end: End, silent: watch::Receiver<bool>) {
    match end {
        End::Socket(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                copy(client, server, silent).await;
            }
        }
        End::Port(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                copy(client, server, silent).await;
            }
        }
    }
}

async fn copy(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    mut silent: watch::Receiver<bool>,
) {
    let copied = copy_bidirectional(&mut client, &mut server);
    let went_silent = tokio::select! {
        said = silent.wait_for(|silent| *silent) => said.is_ok(),
        _ = copied => false,
    };
    if went_silent {
        // Both ends stay as they are.
        std::future::pending().await
    }
}
