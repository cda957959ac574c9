//! What fetches a tool from the package index that uv would ask.

use std::process::Command;

use crate::support::folder;

/// Serves one wheel, by a relative link, to those who say who they are; then fetches it.
const SERVED: &str = r#"
import base64, hashlib, http.server, io, os, subprocess, sys, threading, zipfile

fetch, user, destination = sys.argv[1:]
wheel = io.BytesIO()
with zipfile.ZipFile(wheel, "w") as archive:
    archive.writestr("tool-1.data/scripts/tool", "it is here")
wheel = wheel.getvalue()
name = "tool-1-py3-none-any.whl"
wanted = "Basic " + base64.b64encode(b"me:pa=ss/==").decode()


class Index(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != wanted:
            return self.send_error(401)
        is_page = self.path == "/simple/tool/"
        if not is_page and self.path != "/files/" + name:
            return self.send_error(404)
        self.send_response(200)
        self.end_headers()
        link = '<a href="../../files/{0}">{0}</a>'.format(name).encode()
        self.wfile.write(link if is_page else wheel)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Index)
threading.Thread(target=server.serve_forever, daemon=True).start()
index = "internal=http://{}127.0.0.1:{}/simple/".format(user, server.server_port)
env = dict(os.environ, UV_DEFAULT_INDEX=index, NO_PROXY="127.0.0.1")
words = ["tool", name, hashlib.sha256(wheel).hexdigest(), "tool", destination]
sys.exit(subprocess.call([sys.executable, fetch] + words, env=env))
"#;

#[test]
fn an_index_with_a_password_is_told_it_for_the_page_and_for_the_file() {
    let folder = folder!();
    for earlier in ["told", "untold"] {
        let _ = std::fs::remove_dir_all(folder.join(earlier)); // there is none on the first run
    }
    let fetch = concat!(env!("CARGO_MANIFEST_DIR"), "/src/world/tool/fetch.py");
    let run = |user: &str, to: &str| {
        let mut python = Command::new("python3");
        python
            .args(["-c", SERVED, fetch, user])
            .arg(folder.join(to));
        python.output().unwrap()
    };
    let told = run("me:pa%3Dss%2F==@", "told");
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{said}");
    let text = std::fs::read_to_string(folder.join("told/tool")).unwrap();
    assert_eq!(text, "it is here");
    let untold = run("", "untold");
    let said = String::from_utf8_lossy(&untold.stderr).into_owned();
    assert!(!untold.status.success() && said.contains("401"), "{said}");
}

#[test]
fn pip_is_asked_for_its_index_and_not_what_is_called_so_in_the_folder() {
    let folder = folder!();
    let _ = std::fs::remove_dir_all(&folder); // there is none on the first run
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pip.py"), "open('ran', 'w')\n").unwrap();
    let config = "[global]\nindex-url = http://127.0.0.1:9/simple\n";
    std::fs::write(folder.join("pip.conf"), config).unwrap();
    let fetch = concat!(env!("CARGO_MANIFEST_DIR"), "/src/world/tool/fetch.py");
    let mut python = Command::new("python3");
    python.current_dir(&folder).args(["-I", fetch]);
    python.args(["tool", "tool-1-py3-none-any.whl", "0", "tool", "none"]);
    python.env("PIP_CONFIG_FILE", folder.join("pip.conf"));
    for name in ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"] {
        python.env_remove(name);
    }
    assert!(!python.output().unwrap().status.success());
    assert!(!folder.join("ran").exists());
}
