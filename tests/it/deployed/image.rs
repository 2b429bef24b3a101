//! What `make image` has built, without a container engine: its root, as its configuration starts it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{repository, succeeds, tool};
use crate::support::{Process, folder, free_port, lay_keys};

/// What a container of the image would see, and how it would be started.
struct Image {
    folder: TempDir,
    config: Value,
}

impl Image {
    /// The one that `make image` has built.
    fn unpacked() -> Self {
        let folder = folder();
        let (archive, root) = (folder.path().join("archive"), folder.path().join("root"));
        fs::create_dir(&archive).and_then(|()| fs::create_dir(&root)).expect("folders");
        let unpack = |tar: PathBuf, into: &Path| {
            succeeds(tool("tar").args(["--same-owner", "-xpf"]).arg(tar).arg("-C").arg(into));
        };
        unpack(repository().join("target/saoma-image.tar"), &archive);
        let json = |name: &str| -> Value {
            serde_json::from_slice(&fs::read(archive.join(name)).expect("is there")).expect("JSON")
        };
        let manifest = json("manifest.json")[0].take();
        for layer in manifest["Layers"].as_array().expect("layers") {
            unpack(archive.join(layer.as_str().expect("a name")), &root);
        }
        let config = json(manifest["Config"].as_str().expect("a name"))["config"].take();
        Self { folder, config }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn words(&self, what: &str) -> Vec<&str> {
        let words = self.config[what].as_array().map(Vec::as_slice).unwrap_or_default();
        words.iter().map(|word| word.as_str().expect("a word")).collect()
    }

    /// As the container's user, with its environment, and nothing around it but its own files.
    fn run(&self, words: &[&str]) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        command
            .arg(format!("--userspec={}", self.config["User"].as_str().expect("a user")))
            .arg(self.root())
            .args(words);
        command.env_clear().envs(self.words("Env").iter().filter_map(|pair| pair.split_once('=')));
        command
    }
}

#[tokio::test]
#[ignore = "needs the image: make deploy"]
async fn the_program_of_the_image_serves_with_nothing_around_it() {
    let image = Image::unpacked();
    let user = image.config["User"].as_str().expect("a user");
    assert!(!user.is_empty() && !user.starts_with('0'), "not root: {user}");
    assert!(image.config["Volumes"]["/data"].is_object() && image.config["ExposedPorts"]["3000/tcp"].is_object());
    assert!(!image.root().join("bin/sh").exists(), "nothing else is in it");
    assert!(fs::metadata(image.root().join("etc/ssl/certs/ca-certificates.crt")).expect("authorities").len() > 100_000);
    let start = [image.words("Entrypoint"), image.words("Cmd")].concat();
    assert_eq!(start, ["/usr/bin/saoma", "serve"]);

    // A volume, as the container's user has it.
    let keys = image.root().join("data/sandbox");
    lay_keys(&keys);
    succeeds(tool("chown").arg("-R").arg(user).arg(&keys));
    let port = free_port();
    let mut server = image.run(&[&start[..], &["--sandbox"]].concat());
    server.env("LEPTOS_SITE_ADDR", format!("0.0.0.0:{port}")).env("DATABASE_URL", "sqlite:///data/sandbox/saoma.db");
    let check = |port: u16| {
        let words = image.words_of_check();
        let mut check = image.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        check.env("LEPTOS_SITE_ADDR", format!("0.0.0.0:{port}")).status().expect("runs")
    };
    assert_eq!(check(port).code(), Some(1), "nobody answers yet");
    let mut process = Process::spawn(server, image.folder.path(), port, "serve.log");
    process.until_answered("/readyz").await;
    assert!(check(port).success());
    let order = process.order(1).await;
    process.pay(&order.code_url).await;
    process.until_status(&order.token, "SUCCESS").await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    assert!(image.root().join("data/sandbox/saoma.db").exists(), "in the volume");
}

impl Image {
    fn words_of_check(&self) -> Vec<String> {
        let check = self.config["Healthcheck"]["Test"].as_array().expect("a check");
        assert_eq!(check[0], "CMD");
        check[1..].iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
    }
}
