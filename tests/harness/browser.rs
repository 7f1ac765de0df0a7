//! A real browser: Chromium, driven through its pipe by the DevTools protocol.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::PATIENCE;

/// Nothing of it asks anybody for anything by itself.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A browser with one page. It is killed when dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    says: File,
    hears: BufReader<File>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
    _home: tempfile::TempDir,
}

impl Browser {
    /// Starts it.
    ///
    /// # Panics
    /// Where there is none: `tests/run.sh --parts` installs it.
    #[must_use]
    pub fn start() -> Self {
        let home =
            tempfile::Builder::new().prefix("pgsre-browser-").tempdir().expect("a directory");
        let (says, hears) = (home.path().join("says"), home.path().join("hears"));
        let made = Command::new("mkfifo").args([&says, &hears]).status().expect("mkfifo");
        assert!(made.success(), "named pipes");
        let child = Command::new("sh")
            .args(["-c", "in=$1 out=$2; shift 2; exec chromium \"$@\" 3<\"$in\" 4>\"$out\"", "sh"])
            .args([&says, &hears])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .args(FLAGS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let found = Command::new("chromium").arg("--version").output();
        assert!(found.is_ok(), "chromium is missing: `tests/run.sh --parts` installs it");
        let says = OpenOptions::new().write(true).open(says).expect("its pipe");
        let hears = BufReader::new(File::open(hears).expect("its pipe"));
        let mut browser =
            Self { child, says, hears, session: None, last: 0, events: Vec::new(), _home: home };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.ask("Target.attachToTarget", target);
        self.session = Some(session["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.ask(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Goes to an address, and waits until its page is there.
    pub fn open(&mut self, url: &str) {
        self.ask("Page.navigate", json!({ "url": url }));
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// What an expression comes to on the page; promises are waited for.
    ///
    /// # Panics
    /// Where it throws.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let answer = self.ask("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true on the page.
    ///
    /// # Panics
    /// Where it never is.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        self.until_within(PATIENCE, expression);
    }

    /// Waits until an expression is true on the page, as long as this.
    ///
    /// # Panics
    /// Where it is not by then.
    #[track_caller]
    pub fn until_within(&mut self, time: Duration, expression: &str) {
        let begin = Instant::now();
        while self.value(expression) != Value::Bool(true) {
            if begin.elapsed() > time {
                let page = self.value("document.body.innerText");
                panic!("never: {expression}\n{}", page.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// As wide as this, dark or light, and without motion: what is looked at while colours change is of
    /// neither scheme.
    pub fn show_as(&mut self, width: u32, dark: bool) {
        let size = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A picture of the whole page, as PNG in base 64.
    ///
    /// # Panics
    /// Where none can be taken.
    pub fn picture(&mut self) -> String {
        let taken = self.ask("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        taken["data"].as_str().expect("a picture").to_owned()
    }

    /// Every address that was asked for.
    pub fn requests(&mut self) -> Vec<String> {
        self.value("1");
        let asked = self.events.iter().filter(|one| one["method"] == "Network.requestWillBeSent");
        let urls = asked.map(|one| one["params"]["request"]["url"].as_str().unwrap_or_default());
        urls.map(str::to_owned).collect()
    }

    /// What was written to the console, and what was thrown.
    pub fn complaints(&mut self) -> Vec<String> {
        self.value("1");
        let methods = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let said =
            self.events.iter().filter(|one| methods.iter().any(|name| one["method"] == *name));
        said.map(|one| one["params"].to_string()).collect()
    }

    /// What axe finds: rules that the page breaks.
    ///
    /// # Panics
    /// Where axe is missing: `tests/run.sh --parts` installs it.
    pub fn axe(&mut self) -> Vec<String> {
        let script = std::fs::read_to_string(axe()).unwrap_or_else(|error| {
            panic!("{}: {error}: `tests/run.sh --parts` installs it", axe().display())
        });
        self.ask("Runtime.evaluate", json!({ "expression": script }));
        let found = self.value(
            "axe.run().then(found => found.violations.map(one => \
             `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`))",
        );
        let found = found.as_array().expect("a list");
        found.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.says.write_all(&bytes).expect("chromium listens");
        loop {
            let heard = self.hear();
            if heard["id"] == json!(self.last) {
                assert!(heard["error"].is_null(), "{method}: {heard:#}");
                return heard["result"].clone();
            }
            self.events.push(heard);
        }
    }

    fn hear(&mut self) -> Value {
        let mut message = Vec::new();
        self.hears.read_until(0, &mut message).expect("chromium answers");
        assert!(message.pop().is_some(), "chromium ended: is it installed? tests/run.sh --parts");
        serde_json::from_slice(&message).expect("JSON")
    }
}

fn axe() -> PathBuf {
    let place = std::env::var_os("PGSRE_TEST_AXE").map(PathBuf::from);
    place.unwrap_or_else(|| {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        tests.join("../target/axe/axe.min.js")
    })
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
