//! Chromium: a page that runs recordings, and the server that it talks to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::recording::Recordings;
use crate::gpu::tests::planned::Got;

/// The whole run, on two slow cores.
const TIME_LIMIT: Duration = Duration::from_secs(900);
/// Between two signs of life.
const SILENCE_LIMIT: Duration = Duration::from_secs(240);
/// Starting with nothing but WebGPU, which needs no real GPU: Chromium brings SwiftShader.
const FLAGS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
];

/// What a page reported.
#[derive(Default)]
pub struct Session {
    pub results: BTreeMap<usize, Got>,
    /// The compiler's messages, by shader.
    pub messages: Vec<(usize, String)>,
    pub failures: Vec<String>,
    pub notes: Vec<String>,
}

/// What the page posts: its path below `/` and the body.
type Post = (String, Vec<u8>);

/// `AUTOAUGMENT_CHROMIUM`, or `chromium` on the path; nothing, loudly, or an error where it is required.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("AUTOAUGMENT_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        named.or_else(|| std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|p| p.is_file()));
    if found.is_none() {
        let required = std::env::var("AUTOAUGMENT_REQUIRE_CHROMIUM").is_ok_and(|v| v == "1");
        assert!(!required, "AUTOAUGMENT_REQUIRE_CHROMIUM=1 and there is no chromium on the path");
        eprintln!("SKIPPED, no Chromium: install it or set AUTOAUGMENT_CHROMIUM");
    }
    found
}

/// Runs all recordings in a fresh browser.
pub fn run(chromium: &Path, recordings: &Recordings) -> Session {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let files = Arc::new([
        ("/", "text/html", include_bytes!("../../../../tests/browser/index.html").to_vec()),
        ("/page.js", "text/javascript", include_bytes!("../../../../tests/browser/page.js").to_vec()),
        ("/recordings.json", "application/json", recordings.index().to_string().into_bytes()),
        ("/recordings.bin", "application/octet-stream", recordings.bytes.clone()),
    ]);
    let (sender, receiver) = channel::<Post>();
    let accepting = Arc::new(Mutex::new(true));
    let server = std::thread::spawn({
        let accepting = accepting.clone();
        move || {
            for stream in listener.incoming() {
                if !*accepting.lock().unwrap() {
                    return;
                }
                // A thread each: browsers open connections that they do not use yet.
                let (files, sender) = (files.clone(), sender.clone());
                std::thread::spawn(move || answer(stream.unwrap(), &files[..], &sender));
            }
        }
    });
    let browser = Browser::start(chromium, &format!("http://{address}/"));
    let mut session = Session::default();
    let started = Instant::now();
    loop {
        match receiver.recv_timeout(SILENCE_LIMIT) {
            Ok((path, _)) if path == "done" => break,
            Ok(post) => session.take(post),
            Err(RecvTimeoutError::Timeout) => {
                session.failures.push(format!("nothing was heard for {SILENCE_LIMIT:?}"));
                break;
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("the server holds a sender"),
        }
        if started.elapsed() > TIME_LIMIT {
            session.failures.push(format!("not done after {TIME_LIMIT:?}"));
            break;
        }
    }
    if !session.failures.is_empty() {
        session.failures.push(format!("Chromium said:\n{}", browser.said()));
    }
    drop(browser);
    *accepting.lock().unwrap() = false;
    // Wakes the server up so that it sees that.
    drop(TcpStream::connect(address));
    server.join().unwrap();
    session
}

impl Session {
    fn take(&mut self, (path, body): Post) {
        let text = String::from_utf8_lossy(&body).into_owned();
        let (what, number) = path.split_once('/').unwrap_or((&path, ""));
        match (what, number.parse::<usize>()) {
            ("result", Ok(case)) => {
                self.results.insert(case, Got(body));
            }
            ("message", Ok(shader)) => self.messages.push((shader, text)),
            ("note", _) => self.notes.push(text),
            ("failure", _) => self.failures.push(text),
            _ => self.failures.push(format!("unexpected {path}: {text}")),
        }
    }
}

/// Answers one request: a file, or thanks for a post.
fn answer(stream: TcpStream, files: &[(&str, &str, Vec<u8>)], posts: &Sender<Post>) {
    let mut reader = BufReader::new(&stream);
    let mut request = String::new();
    // A connection that was opened and never used.
    if reader.read_line(&mut request).is_err() || request.is_empty() {
        return;
    }
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, kind, body) = if method == "POST" {
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        // The session is over if nobody listens.
        let _ = posts.send((path[1..].to_string(), body));
        ("200 OK", "text/plain", &[][..])
    } else {
        match files.iter().find(|(name, ..)| *name == path) {
            Some((_, kind, body)) => ("200 OK", *kind, &body[..]),
            None => ("404 Not Found", "text/plain", &[][..]),
        }
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // Whoever went away does not need it.
    let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(body));
}

/// A running browser; dropping it ends it and removes its profile.
struct Browser {
    child: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    fn start(chromium: &Path, url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(profile.path().join("output.txt")).unwrap();
        let mut command = Command::new(chromium);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display())).arg(url);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Browser { child: command.spawn().unwrap_or_else(|e| panic!("{}: {e}", chromium.display())), profile }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.profile.path().join("output.txt")).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its helpers are in its process group.
        #[cfg(unix)]
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
