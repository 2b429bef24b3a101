//! An ACME server of its own: Let's Encrypt's `pebble`, with a DNS that says what a test wants.

use std::{
    fs::{self, File},
    io::Write as _,
    net::{TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{folder, free_port, until};

pub struct Pebble {
    folder: TempDir,
    acme: u16,
    management: u16,
    dns: u16,
    dns_management: u16,
    children: Vec<Child>,
    http: reqwest::Client,
}

impl Pebble {
    /// Everybody's name leads to `shop`, a port of this machine.
    pub fn closed(shop: u16) -> Self {
        let folder = folder();
        let made = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let pem = made.self_signed(&key).expect("a certificate").pem();
        let [acme, management, dns_management] = [(); 3].map(|()| free_port());
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{acme}"), "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.path().join("pebble.pem"), "privateKey": folder.path().join("pebble.key"),
            "httpPort": 1, "tlsPort": shop, "ocspResponderURL": "", "externalAccountBindingRequired": false,
        }});
        let lay = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writes");
        lay("pebble.pem", &pem);
        lay("pebble.key", &key.serialize_pem());
        lay("pebble.json", &config.to_string());
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).expect("PEM");
        let http = reqwest::Client::builder().no_proxy().tls_certs_only(roots).build().expect("a client");
        Self { acme, management, dns: free_dns_port(), dns_management, folder, children: Vec::new(), http }
    }

    pub async fn start(shop: u16) -> Self {
        let mut pebble = Self::closed(shop);
        pebble.open().await;
        pebble
    }

    pub async fn open(&mut self) {
        let dns = format!("127.0.0.1:{}", self.dns);
        let management = format!("127.0.0.1:{}", self.dns_management);
        let mut names = Command::new("pebble-challtestsrv");
        names.args(["-dns01", &dns, "-management", &management, "-http01", "", "-https01", "", "-tlsalpn01", ""]);
        self.spawn(names.args(["-defaultIPv6", ""]), "names.log");
        let mut pebble = Command::new("pebble");
        pebble.args(["-dnsserver", &dns, "-config"]).arg(self.folder.path().join("pebble.json"));
        // Some nonces are refused, as everywhere; validating takes no holidays.
        self.spawn(pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0"), "pebble.log");
        until("names", async || TcpStream::connect(("127.0.0.1", self.dns_management)).ok()).await;
        until("an ACME server", async || self.http.get(self.directory()).send().await.ok()).await;
    }

    fn spawn(&mut self, command: &mut Command, log: &str) {
        let log = File::create(self.folder.path().join(log)).expect("a log");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        let child = command.spawn().expect("is installed: make acme-tests does it");
        self.children.push(child);
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.acme)
    }

    /// What its own https hangs from.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("pebble.pem")
    }

    /// What the certificates that it makes hang from; another one at each start.
    pub async fn roots(&self) -> String {
        let url = format!("https://localhost:{}/roots/0", self.management);
        self.http.get(url).send().await.expect("an answer").text().await.expect("PEM")
    }

    /// Where all names lead that are not named apart.
    pub async fn lead_to(&self, address: &str) {
        self.tell("set-default-ipv4", &json!({ "ip": address })).await;
    }

    pub async fn know_name(&self, name: &str, knows: bool) {
        let what = if knows { "clear-servfail" } else { "set-servfail" };
        self.tell(what, &json!({ "host": format!("{name}.") })).await;
    }

    async fn tell(&self, what: &str, value: &Value) {
        let url = format!("http://127.0.0.1:{}/{what}", self.dns_management);
        let answer = self.http.post(url).body(value.to_string()).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// How often its log has this.
    pub fn said(&self, what: &str) -> usize {
        read(&self.folder.path().join("pebble.log")).matches(what).count()
    }

    pub fn close(&mut self) {
        for mut child in self.children.drain(..) {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A name server wants both kinds.
fn free_dns_port() -> u16 {
    loop {
        let port = free_port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = read(&self.folder.path().join("pebble.log"));
            std::io::stderr().write_all(log.as_bytes()).ok();
        }
        self.close();
    }
}
