//! A way to a server that can be shut: nobody listens there then, as when the server is down.

use std::path::PathBuf;

use pgsre_core::postgres::ConnectConfig;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

/// Forwards a port of this machine to a server's socket.
#[derive(Debug)]
pub struct Relay {
    socket: PathBuf,
    port: u16,
    user: String,
    open: Option<JoinHandle<()>>,
}

impl Relay {
    /// A way to this server, open.
    pub async fn to(server: &ConnectConfig) -> Self {
        let host = &server.hosts()[0];
        let socket = PathBuf::from(&host.host).join(format!(".s.PGSQL.{}", host.port));
        let user = server.user().to_owned();
        let mut relay = Self { socket, port: 0, user, open: None };
        relay.open().await;
        relay
    }

    /// How a client goes this way.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{database}?sslmode=disable", self.user, self.port)
    }

    /// Lets clients through from now on.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port");
        self.port = listener.local_addr().expect("an address").port();
        self.open = Some(tokio::spawn(forward(listener, self.socket.clone())));
    }

    /// Cuts every connection; new ones are refused.
    pub async fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            drop(open.await);
        }
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
async fn forward(listener: TcpListener, socket: PathBuf) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(connect(client, socket.clone()));
    }
}

async fn connect(mut client: TcpStream, socket: PathBuf) {
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
}
