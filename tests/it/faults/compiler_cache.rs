//! sccache, when its store is gone.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{Project, Pyx, alone, command, entries, folder, uv};

/// sccache as its users get it, once for all runs.
fn sccache() -> PathBuf {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sccache");
    let program = home.join("bin/sccache");
    if !program.is_file() {
        let mut install = command(uv(), home.parent().unwrap());
        install.args(["tool", "install", "--quiet", "sccache>=0.10"]);
        install.env("UV_TOOL_DIR", home.join("tools"));
        install.env("UV_TOOL_BIN_DIR", home.join("bin"));
        assert!(install.status().unwrap().success());
    }
    program
}

/// What becomes of a store at the first question for what a compilation gave.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Answers,
    /// It takes four seconds for everything that it is to keep, and forgets what nobody waits for.
    Slow,
    Gone,
    /// It takes connections, and says nothing any more.
    Silent,
}

/// A store that speaks as much of Redis as sccache asks.
struct Store {
    port: u16,
    is_gone: Arc<AtomicBool>,
}

type Entries = Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>;

impl Store {
    fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_gone = Arc::new(AtomicBool::new(false));
        let seen = is_gone.clone();
        std::thread::spawn(move || {
            let entries = Entries::default();
            for stream in listener.incoming() {
                if seen.load(Ordering::Relaxed) && then == Then::Gone {
                    return; // nobody listens any more
                }
                let (entries, seen) = (entries.clone(), seen.clone());
                std::thread::spawn(move || {
                    let _ = Self::serve(&stream.unwrap(), &entries, then, &seen);
                    if seen.load(Ordering::Relaxed) && then == Then::Gone {
                        let _ = TcpStream::connect(("127.0.0.1", port)); // so that it is noticed
                    }
                });
            }
        });
        Self { port, is_gone }
    }

    fn serve(
        stream: &TcpStream,
        entries: &Entries,
        then: Then,
        is_gone: &AtomicBool,
    ) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut writer = stream;
        while let Some(words) = words(&mut reader)? {
            let is = |name: &str| words[0].eq_ignore_ascii_case(name.as_bytes());
            let is_check = words
                .get(1)
                .is_some_and(|it| it.ends_with(b".sccache_check"));
            if matches!(then, Then::Gone | Then::Silent) && is("GET") && !is_check {
                is_gone.store(true, Ordering::Relaxed);
            }
            if is_gone.load(Ordering::Relaxed) {
                if then == Then::Silent {
                    std::thread::sleep(Duration::from_secs(300));
                }
                return Ok(());
            }
            if then == Then::Slow && is("SET") && !is_check {
                stream.set_read_timeout(Some(Duration::from_secs(4)))?;
                if stream.peek(&mut [0]).is_ok_and(|read| read == 0) {
                    return Ok(());
                }
                stream.set_read_timeout(None)?;
            }
            let mut entries = entries.lock().unwrap();
            let named = words.get(1).and_then(|name| entries.get(name));
            let answer = match &*words[0].to_ascii_uppercase() {
                b"GET" => named.map_or(b"$-1\r\n".to_vec(), |value| {
                    let head = format!("${}\r\n", value.len()).into_bytes();
                    [&head, &value[..], b"\r\n"].concat()
                }),
                b"STRLEN" => format!(":{}\r\n", named.map_or(0, Vec::len)).into_bytes(),
                b"EXISTS" => format!(":{}\r\n", u8::from(named.is_some())).into_bytes(),
                b"SET" => {
                    entries.insert(words[1].clone(), words[2].clone());
                    b"+OK\r\n".to_vec()
                }
                b"PING" => b"+PONG\r\n".to_vec(),
                _ => b"+OK\r\n".to_vec(),
            };
            drop(entries);
            writer.write_all(&answer)?;
        }
        Ok(())
    }
}

/// One command: an array of strings.
fn words(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Vec<Vec<u8>>>> {
    let mut number = |mark: char| -> std::io::Result<Option<usize>> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line
            .trim()
            .strip_prefix(mark)
            .and_then(|it| it.parse().ok()))
    };
    let Some(count) = number('*')? else {
        return Ok(None);
    };
    let mut words = Vec::new();
    for _ in 0..count {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length: usize = line.trim()[1..].parse().unwrap();
        let mut word = vec![0; length + 2];
        reader.read_exact(&mut word)?;
        word.truncate(length);
        words.push(word);
    }
    Ok(Some(words))
}

/// A package that depends on two crates that sccache keeps.
fn project(folder: &std::path::Path) -> Project {
    let project = Project::cold(folder, "bin");
    let manifest = project.read("Cargo.toml");
    let manifest = format!("{manifest}\n[dependencies]\nitoa = \"1\"\nryu = \"1\"\n");
    project.write("Cargo.toml", &manifest);
    project
}

fn through(project: &Project, port: u16) -> Pyx {
    let dev = project.dev().env("RUSTC_WRAPPER", sccache());
    let dev = dev.env("SCCACHE_DIR", project.path("target/sccache"));
    dev.env("SCCACHE_REDIS_ENDPOINT", format!("tcp://127.0.0.1:{port}"))
}

/// A build goes on without a store that ends so.
fn ends_while_it_is_used(project: &Project, then: Then) {
    sccache();
    let _machine = alone();
    let store = Store::start(then);
    let run = through(project, store.port).run().succeeds();
    assert!(store.is_gone.load(Ordering::Relaxed), "nobody asked: {run}");
    let run = run
        .says_once("no longer answers: caching on this machine's disk from now on")
        .never_says("compiling without")
        .says("Installed");
    assert!(run.took < Duration::from_secs(25), "{run}");
}

/// The port of nobody.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn f37_a_compiler_cache_that_is_down_is_done_without() {
    let project = project(&folder!().join("shout"));
    sccache();
    let _machine = alone();
    let run = through(&project, free()).run().succeeds();
    let run = run
        .says("does not answer: compiling without")
        .says("Installed");
    assert!(run.took < Duration::from_secs(20), "{run}");
    through(&project, free()).run().finds_fresh("shout");
    // nor is it waited for where cargo is only asked for the crates
    let asked = Project::cold(&folder!().join("hello"), "hello");
    let dry = through(&asked, free()).with(&["--dry-run"]).run();
    assert!(dry.took < Duration::from_secs(5), "{dry}");
    dry.succeeds();
}

#[test]
fn f37_a_compiler_cache_that_goes_down_is_done_without_from_then_on() {
    ends_while_it_is_used(&project(&folder!().join("shout")), Then::Gone);
}

#[test]
fn what_a_compiler_cache_holds_is_taken_from_it_and_counted() {
    let project = project(&folder!().join("shout"));
    let store = Store::start(Then::Slow);
    let run = through(&project, store.port).run().succeeds();
    let run = run.says(&format!(
        "Cached 0 of 2 compilations, in tcp://127.0.0.1:{}",
        store.port
    ));
    run.never_says("does not answer");
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let run = through(&project, store.port).run().succeeds();
    run.says("Cached 2 of 2 compilations");
    let left = entries(std::path::Path::new("/proc"))
        .into_iter()
        .filter(|it| {
            let environ = std::fs::read(it.join("environ")).unwrap_or_default();
            let port = format!("127.0.0.1:{}\0", store.port);
            environ.windows(port.len()).any(|it| it == port.as_bytes())
        });
    assert_eq!(left.count(), 0, "a server of sccache's is left");
}

#[test]
fn a_project_that_asks_for_a_compiler_cache_has_it_wherever_it_is_checked_out() {
    let folder = folder!();
    let one = project(&folder.join("one"));
    one.append(
        "pyproject.toml",
        "\n[tool.pyx]\ncompiler-cache = \"sccache\"\n",
    );
    let other = project(&folder.join("deeper/other"));
    other.append(
        "pyproject.toml",
        "\n[tool.pyx]\ncompiler-cache = \"sccache\"\n",
    );
    let disk = folder.join("disk");
    let _ = std::fs::remove_dir_all(&disk);
    let build = |project: &Project| project.dev().env("SCCACHE_DIR", &disk).run().succeeds();
    let run = build(&one).says("Cached 0 of 2 compilations");
    assert!(Project::at(&disk).listing(&[]).len() > 1, "{run}");
    build(&other).says("Cached 2 of 2 compilations");
    build(&one).finds_fresh("shout");
    let doctor = one.pyx("doctor").env("SCCACHE_DIR", &disk).run();
    assert!(
        doctor.stdout.contains("last run: 0 of 2 compilations"),
        "{doctor}"
    );
    // whoever says that there is to be none has none
    std::fs::remove_dir_all(other.path("target")).unwrap();
    let plain = other
        .dev()
        .env("RUSTC_WRAPPER", "")
        .env("SCCACHE_DIR", &disk)
        .run();
    plain.succeeds().never_says("Cached");
    let unknown = folder.join("unknown");
    let unknown = project(&unknown);
    unknown.append(
        "pyproject.toml",
        "\n[tool.pyx]\ncompiler-cache = \"ccache\"\n",
    );
    unknown.dev().run().exits(2).says("sccache");
}

#[test]
fn a_store_that_the_variables_name_is_used_whoever_compiles() {
    let project = project(&folder!().join("shout"));
    let store = Store::start(Then::Answers);
    let endpoint = format!("tcp://127.0.0.1:{}", store.port);
    let build = || {
        project
            .dev()
            .env("SCCACHE_REDIS_ENDPOINT", &endpoint)
            .run()
            .succeeds()
    };
    build().says("Cached 0 of 2 compilations, in tcp://127.0.0.1");
    std::fs::remove_dir_all(project.path("target")).unwrap();
    build().says("Cached 2 of 2 compilations");
    // another wrapper is the person's own
    let wrapper = folder!().join("wrapper");
    crate::support::program(&wrapper, "#!/bin/sh\nexec \"$@\"\n");
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let run = project.dev().env("SCCACHE_REDIS_ENDPOINT", &endpoint);
    run.env("RUSTC_WRAPPER", &wrapper)
        .run()
        .succeeds()
        .never_says("Cached");
}

#[test]
fn f37_a_compiler_cache_that_falls_silent_is_done_without_from_then_on() {
    ends_while_it_is_used(&project(&folder!().join("shout")), Then::Silent);
}

#[test]
fn f37_a_compiler_cache_that_takes_connections_and_says_nothing_is_done_without() {
    let project = project(&folder!().join("shout"));
    sccache();
    let _machine = alone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let run = through(&project, port).run().succeeds();
    let run = run.says_once("does not answer: compiling without");
    assert!(run.took < Duration::from_secs(20), "{run}");
}

#[test]
fn what_is_damaged_in_a_compiler_cache_is_compiled_anew() {
    let folder = folder!();
    let project = project(&folder.join("shout"));
    let disk = folder.join("disk");
    let _ = std::fs::remove_dir_all(&disk);
    let build = || project.dev().env("SCCACHE_DIR", &disk).run().succeeds();
    project.append(
        "pyproject.toml",
        "\n[tool.pyx]\ncompiler-cache = \"sccache\"\n",
    );
    build().says("Cached 0 of 2 compilations");
    let mut folders = vec![disk.clone()];
    let mut damaged = 0;
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let half = path.metadata().unwrap().len() / 2;
                let file = std::fs::File::options().write(true).open(&path).unwrap();
                file.set_len(half).unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged >= 2);
    std::fs::remove_dir_all(project.path("target")).unwrap();
    let run = build().says("Cached 0 of 2 compilations");
    assert_eq!(
        project.run(project.path(".venv/bin/shout"), &["you"]).code,
        Some(0),
        "{run}"
    );
}
