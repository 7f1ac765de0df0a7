//! A mail server of a few lines, which keeps what it is sent, and a reader of mails.

use std::collections::VecDeque;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers = answers.into_iter().collect();
        let shared = Arc::new(Mutex::new(Shared { answers, ..Shared::default() }));
        let kept = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move { drop(converse(socket, &kept).await) });
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

async fn converse(socket: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let (reading, mut writing) = socket.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        shared.lock().expect("the commands").commands.push(line.clone());
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-here\r\n250 AUTH PLAIN\r\n",
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
    Ok(())
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
