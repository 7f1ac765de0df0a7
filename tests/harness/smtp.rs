//! A mail server of a few lines, which keeps what it is sent, and a reader of mails.

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A mail server on a port of its own; it ends with the runtime of its test.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What it answers to the next mails in place of 250.
    answers: VecDeque<&'static str>,
    mails: Vec<String>,
    commands: Vec<String>,
}

impl MailServer {
    /// Offers a login and no encryption; answers so to the end of its first mails, then 250.
    pub async fn start(answers: impl IntoIterator<Item = &'static str>) -> Self {
        Self::serve(answers, None).await
    }

    /// Offers encryption by STARTTLS, and a login behind it.
    pub async fn with_starttls(identity: &Identity) -> Self {
        Self::serve([], Some(identity.acceptor())).await
    }

    async fn serve(
        answers: impl IntoIterator<Item = &'static str>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers = answers.into_iter().collect();
        let shared = Arc::new(Mutex::new(Shared { answers, ..Shared::default() }));
        let kept = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (kept, tls) = (Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    let offers = if tls.is_some() { STARTTLS } else { LOGIN };
                    let ended = converse(socket, &kept, offers, "220 ready\r\n").await;
                    if let (Ok(Some(socket)), Some(tls)) = (ended, tls) {
                        let socket = tls.accept(socket).await?;
                        // Encrypted, it waits to be greeted anew.
                        drop(converse(socket, &kept, LOGIN, "").await);
                    }
                    std::io::Result::Ok(())
                });
            }
        });
        Self { port, shared }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The mails that it took, read as a mail program reads them.
    pub fn mails(&self) -> Vec<Value> {
        let mails = self.shared.lock().expect("the mails").mails.clone();
        mails.iter().map(|mail| read(mail)).collect()
    }

    /// The commands that it was given.
    pub fn commands(&self) -> Vec<String> {
        self.shared.lock().expect("the commands").commands.clone()
    }
}

const LOGIN: &str = "250-here\r\n250 AUTH PLAIN\r\n";
const STARTTLS: &str = "250-here\r\n250 STARTTLS\r\n";

/// A certificate for `localhost`, signed by itself, with its key.
#[derive(Debug)]
pub struct Identity {
    directory: tempfile::TempDir,
}

impl Identity {
    /// Makes one.
    ///
    /// # Panics
    /// Where openssl is not installed.
    #[must_use]
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(directory.path())
            .output()
            .expect("openssl: apt-get install openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { directory }
    }

    /// The certificate, for who is to trust it.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.file("cert.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }

    fn acceptor(&self) -> TlsAcceptor {
        let certificate = CertificateDer::from_pem_file(self.certificate()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(self.file("key.pem")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("an identity");
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}

/// The socket, where it is to be encrypted from now on.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    socket: S,
    shared: &Mutex<Shared>,
    offers: &str,
    greeting: &str,
) -> std::io::Result<Option<S>> {
    let (reading, mut writing) = tokio::io::split(socket);
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(greeting.as_bytes()).await?;
    while let Some(line) = lines.next_line().await? {
        shared.lock().expect("the commands").commands.push(line.clone());
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => offers,
            "STARTTLS" => {
                writing.write_all(b"220 go on\r\n").await?;
                return Ok(Some(lines.into_inner().into_inner().unsplit(writing)));
            }
            "AUTH" => "235 welcome\r\n",
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push_str("\r\n");
                }
                let answer = take(&mut shared.lock().expect("the mails"), mail);
                writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
                continue;
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 well\r\n",
        };
        writing.write_all(answer.as_bytes()).await?;
    }
    Ok(None)
}

fn take(shared: &mut Shared, mail: String) -> &'static str {
    if let Some(refusal) = shared.answers.pop_front() {
        return refusal;
    }
    shared.mails.push(mail);
    "250 taken"
}

const READER: &str = "\
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
part = lambda kind: m.get_body((kind,)).get_content()
head = {name.lower(): str(m[name]) for name in m.keys()}
print(json.dumps({'head': head, 'plain': part('plain'), 'html': part('html')}))
";

/// Python's reader, which is not the writer's own.
fn read(mail: &str) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3: apt-get install python3");
    let mut input = python.stdin.take().expect("its input");
    input.write_all(mail.as_bytes()).expect("a mail");
    drop(input);
    let output = python.wait_with_output().expect("its output");
    serde_json::from_slice(&output.stdout).expect("a mail that can be read")
}
