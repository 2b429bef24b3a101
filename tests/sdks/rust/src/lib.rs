//! What every shop here needs, in Rust: steps that are counted, and a receiver of callbacks.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

pub fn file(name: &str) -> String {
    let path = variable(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn keys() -> String {
    variable("KEYS")
}

/// The sandbox's own address, or the host that the SDK has built in.
pub fn base_url() -> Option<String> {
    (variable("WAY") == "direct").then(|| variable("SANDBOX"))
}

pub fn number() -> String {
    uuid::Uuid::new_v4().simple().to_string().to_uppercase()
}

/// Says how a step went; what it found is there for the steps after it.
pub fn step<T>(name: &str, outcome: Outcome<T>) -> Option<T> {
    match outcome {
        Ok(found) => {
            println!("ok {name}");
            Some(found)
        }
        Err(error) => {
            println!("not ok {name}: {error}");
            None
        }
    }
}

pub fn ensure(holds: bool, told: impl std::fmt::Debug) -> Outcome {
    if holds { Ok(()) } else { Err(format!("{told:?}").into()) }
}

/// The shopper pays; the callback is signed by this kind of key.
pub fn pay(out_trade_no: &str, kind: &str) -> Outcome {
    let share = u8::from(kind == "public-key");
    control("PUT", "/_sandbox/faults", &json!({ "public_key_share": share }))?;
    control("POST", "/_sandbox/pay", &json!({ "out_trade_no": out_trade_no }))
}

/// A control of the sandbox, past the SDK's HTTP client and any proxy.
fn control(method: &str, path: &str, body: &Value) -> Outcome {
    let host = variable("SANDBOX").trim_start_matches("http://").to_owned();
    let body = body.to_string();
    let mut line = TcpStream::connect(&host)?;
    line.set_read_timeout(Some(PATIENCE))?;
    write!(
        line,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut reply = String::new();
    line.read_to_string(&mut reply)?;
    ensure(reply.starts_with("HTTP/1.1 200"), reply)
}

/// A callback as it came.
pub struct Callback {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Callback {
    /// By its name as WeChat writes it: case counts here.
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(has, _)| has == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

pub struct Inbox {
    pub url: String,
    arrived: Receiver<Callback>,
}

impl Inbox {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/notify", listener.local_addr().expect("bound"));
        let (tell, arrived) = channel();
        thread::spawn(move || {
            for line in listener.incoming() {
                if let Ok(callback) = line.and_then(receive) {
                    let _ = tell.send(callback);
                }
            }
        });
        Self { url, arrived }
    }

    pub fn next(&self) -> Outcome<Callback> {
        Ok(self.arrived.recv_timeout(PATIENCE)?)
    }
}

fn receive(mut line: TcpStream) -> std::io::Result<Callback> {
    line.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(line.try_clone()?);
    let mut headers = Vec::new();
    reader.read_line(&mut String::new())?;
    loop {
        let mut text = String::new();
        reader.read_line(&mut text)?;
        match text.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    line.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(Callback { headers, body: String::from_utf8_lossy(&body).into_owned() })
}
