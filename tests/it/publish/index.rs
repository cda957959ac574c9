//! A real package index on this machine, and lines to it that break.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::support::{cache, entries, name_of, read, uv, within};

pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "canary-7c1f";

/// Writes the file with the only account: its arguments are path, user, password.
const ACCOUNT: &str = "import sys
from passlib.apache import HtpasswdFile
file = HtpasswdFile(sys.argv[1], new=True)
file.set_password(*sys.argv[2:])
file.save()";

/// pypiserver; it ends with the test, however that ends.
pub(crate) struct Index {
    server: Child,
    port: u16,
    packages: PathBuf,
}

impl Index {
    /// Serves the folder `packages` below `folder`, which is emptied.
    pub(crate) fn start(folder: &Path) -> Self {
        let packages = folder.join("packages");
        let _ = fs::remove_dir_all(&packages);
        fs::create_dir_all(&packages).unwrap();
        let account = folder.join("htpasswd");
        let mut write = Command::new(bin().join("python"));
        let write = write.args(["-c", ACCOUNT]).arg(&account);
        assert!(write.args([USER, PASSWORD]).status().unwrap().success());
        let port = free_port();
        let mut command = Command::new(bin().join("pypi-server"));
        command
            .args(["run", "--disable-fallback", "--authenticate", "update"])
            .args(["--interface", "127.0.0.1", "--port", &port.to_string()])
            .arg("--passwords")
            .args([&account, &packages])
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("index.log")).unwrap());
        let index = Self {
            server: command.spawn().unwrap(),
            port,
            packages,
        };
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(within(Duration::from_secs(30), &answers), "no index");
        index
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it holds, by name.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let files = entries(&self.packages).into_iter();
        files.map(|path| (name_of(&path), read(&path))).collect()
    }

    /// As if somebody had published it.
    pub(crate) fn hold(&self, name: &str, bytes: &[u8]) {
        fs::write(self.packages.join(name), bytes).unwrap();
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The programs of an environment that has pypiserver; made once.
fn bin() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| {
        let dir = cache().join("pypiserver");
        let bin = dir.join("bin");
        if !bin.join("pypi-server").is_file() {
            let run = |args: &[&str]| {
                let mut command = Command::new(uv());
                let command = command.args(args).arg(&dir);
                assert!(command.status().unwrap().success(), "{args:?}");
            };
            run(&["venv", "--quiet", "--clear", "--no-project"]);
            let packages = ["pypiserver==2.4.2", "passlib==1.7.4"];
            let install = ["pip", "install", "--quiet"];
            run(&[&install[..], &packages, &["--python"]].concat());
        }
        bin
    })
}

/// What a line does once enough uploads have passed it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Every connection breaks.
    Dies,
    /// Nothing is answered any more.
    Hangs,
}

/// A line to an index that serves for so many uploads.
pub(crate) struct Line {
    pub(crate) port: u16,
    uploads: Arc<AtomicUsize>,
}

impl Line {
    pub(crate) fn to(index: &Index, limit: usize, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            uploads: Arc::default(),
        };
        let (uploads, port) = (line.uploads.clone(), index.port);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, uploads) = (client.unwrap(), uploads.clone());
                std::thread::spawn(move || forward(client, port, (&uploads, limit), then));
            }
        });
        line
    }

    /// How many have begun.
    pub(crate) fn uploads(&self) -> usize {
        self.uploads.load(Ordering::SeqCst)
    }
}

/// One request, and its answer; the index closes the connection after it.
fn forward(mut client: TcpStream, port: u16, (uploads, limit): (&AtomicUsize, usize), then: Then) {
    let Some(request) = request(&mut client) else {
        return;
    };
    let upload = request.starts_with(b"POST ");
    let past = uploads.load(Ordering::SeqCst) >= limit;
    uploads.fetch_add(usize::from(upload), Ordering::SeqCst);
    if past && then == Then::Dies {
        return;
    }
    if past && upload {
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(&request).unwrap();
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// A request, whole; `None` where the connection ends before.
fn request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head[start..].trim().to_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some([head.into_bytes(), body].concat())
}

/// The port of an index that has nothing and answers every upload with this.
pub(crate) fn answering(status: &'static str, body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let request = request(&mut client).unwrap_or_default();
            let (status, body) = if request.starts_with(b"POST ") {
                (status, body)
            } else {
                ("404 Not Found", "")
            };
            let length = body.len();
            let head = format!("HTTP/1.0 {status}\r\nContent-Length: {length}\r\n\r\n");
            let _ = client.write_all((head + body).as_bytes());
        }
    });
    port
}
