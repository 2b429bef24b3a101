//! What this machine tells.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;
use reqwest::{Client, redirect};
use tokio::net::TcpListener;

use crate::doctor::facts::{FileSystem, Machine, Port};

const LIMIT: Duration = Duration::from_secs(5);

/// `books` is their file, where they are one; `secrets` hold keys.
pub fn look(data_dir: &Path, books: Option<&Path>, secrets: &[PathBuf]) -> Machine {
    let place = existing(books.unwrap_or(data_dir));
    let room = rustix::fs::statvfs(place).ok();
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    Machine {
        data_dir: data_dir.to_owned(),
        free_bytes: room.as_ref().map(|room| room.f_bavail.saturating_mul(room.f_frsize)),
        books_bytes: books.map_or(0, size),
        inodes: room.map(|room| (room.f_favail, room.f_files)),
        file_system: books.and_then(|path| file_system(existing(path))),
        open_to_others: secrets
            .iter()
            .map(PathBuf::as_path)
            .chain(books)
            .filter(|it| is_open(it))
            .map(Path::to_owned)
            .collect(),
        lost_zone: lost_zone(),
    }
}

/// Where nobody has named one there is none to be missing: a container without zones goes by UTC, as it is meant to.
fn lost_zone() -> Option<String> {
    const NAMED: &str = "/etc/localtime";
    let error = TimeZone::try_system().err()?.to_string();
    (error.contains("`TZ`") || Path::new(NAMED).symlink_metadata().is_ok()).then_some(error)
}

/// What is there of a path.
fn existing(path: &Path) -> &Path {
    let here = Path::new(".");
    path.ancestors().find(|it| it.exists()).filter(|it| !it.as_os_str().is_empty()).unwrap_or(here)
}

/// A group may have a right to it: it is what services are given keys by.
fn is_open(path: &Path) -> bool {
    const OTHERS: u32 = 0o007;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & OTHERS != 0)
}

/// By the magic numbers of Linux; others tell no such thing.
pub fn file_system(path: &Path) -> Option<FileSystem> {
    #[cfg(target_os = "linux")]
    {
        const NETWORK: [(u64, &str); 8] = [
            (0x6969, "NFS"),
            (0x517b, "SMB"),
            (0xff53_4d42, "CIFS"),
            (0xfe53_4d42, "SMB2"),
            (0x5346_414f, "AFS"),
            (0x00c3_6400, "Ceph"),
            (0x0bd0_0bd0, "Lustre"),
            (0x4750_4653, "GPFS"),
        ];
        const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
        let told = rustix::fs::statfs(path).ok()?.f_type;
        // Signed here and unsigned there, and of 32 bits.
        let magic = u64::try_from(told).unwrap_or_default() & 0xffff_ffff;
        let network = NETWORK.into_iter().find(|(number, _)| *number == magic);
        Some(match network {
            Some((_, name)) => FileSystem::Network(name),
            None if MEMORY.contains(&magic) => FileSystem::Memory,
            None => FileSystem::Local,
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// Who has the port that the server listens at.
pub async fn port(address: SocketAddr, has_tls: bool) -> Port {
    match TcpListener::bind(address).await {
        Ok(_) => Port::Free,
        Err(error) if answers_as_saoma(address, has_tls).await => {
            drop(error);
            Port::Ours
        }
        Err(error) => Port::Taken(format!("{address}: {error}")),
    }
}

async fn answers_as_saoma(address: SocketAddr, has_tls: bool) -> bool {
    let here = if address.is_ipv6() { "[::1]" } else { "127.0.0.1" };
    let host = if address.ip().is_unspecified() { here.to_owned() } else { address.ip().to_string() };
    let scheme = if has_tls { "https" } else { "http" };
    // The certificate is the shop's and not this machine's.
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(LIMIT);
    let Ok(client) = client.tls_danger_accept_invalid_certs(true).build() else { return false };
    let answer = client.get(format!("{scheme}://{host}:{}/healthz", address.port())).send().await;
    match answer {
        Ok(answer) => answer.text().await.is_ok_and(|text| text == "ok\n"),
        Err(_) => false,
    }
}
