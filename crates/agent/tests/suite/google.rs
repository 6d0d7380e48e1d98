//! What the agent needs of Google, over real HTTP: tokens, one collection, and the rules that boxes are held to.
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, UNIX_EPOCH};

use ampere_bundle::mailbox;
use serde_json::{Value, json};

/// When tests play.
pub const NOW: i64 = 1_900_000_000;

type Watch = Box<dyn FnMut(usize, Moment) -> Caller + Send>;

/// Before or after a request takes effect; it is answered after both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

/// What became of who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Lives,
    Dead,
}

#[derive(Default)]
pub struct State {
    /// Mailboxes: fields by name, all of them strings.
    pub documents: BTreeMap<String, BTreeMap<String, String>>,
    /// Until when the rules take a first key, by mailbox.
    pub enrol_until: BTreeMap<String, i64>,
    /// Google's time; 0 leaves the `Date` out.
    pub now: i64,
    /// Answers nothing.
    pub down: bool,
    /// Sends everybody there.
    pub redirect: Option<String>,
    /// Method and path of what was asked.
    pub requests: Vec<String>,
    watch: Option<Watch>,
}

/// A Google on loopback.
pub struct Google {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Google {
    pub fn start() -> Google {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { now: NOW, ..State::default() }));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&state), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                // A caller that was killed hangs up: that is its affair.
                _ = stream.and_then(|stream| serve(stream, &shared));
            }
        });
        Google { address, state, stop, thread: Some(thread) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes the mailbox of an instance.
    pub fn open(&self, instance: &str) {
        let fields = [(mailbox::KIND_FIELD.to_owned(), mailbox::KIND.to_owned())];
        self.state().documents.insert(instance.into(), fields.into());
        self.state().enrol_until.insert(instance.into(), NOW + mailbox::ENROL_WITHIN);
    }

    /// A custom token for this box, good until then.
    pub fn token(instance: &str, until: i64) -> String {
        format!("custom:{instance}:{until}")
    }

    pub fn field(&self, instance: &str, field: &str) -> Option<String> {
        self.state().documents.get(instance)?.get(field).cloned()
    }

    pub fn set(&self, instance: &str, field: &str, text: impl Into<String>) {
        self.state().documents.get_mut(instance).unwrap().insert(field.into(), text.into());
    }

    /// Puts a bundle into a mailbox, with a hint that is new.
    pub fn offer(&self, instance: &str, text: &str) {
        self.set(instance, mailbox::BUNDLE, text);
        self.set(instance, mailbox::OFFERED, json!({ "digest": ampere_bundle::digest(text) }).to_string());
    }

    /// How many requests have this in method and path.
    pub fn asked(&self, part: &str) -> usize {
        self.state().requests.iter().filter(|request| request.contains(part)).count()
    }

    /// Is told the number of each request, before and after it takes effect, until it says that the caller is dead.
    pub fn watch(&self, watch: impl FnMut(usize, Moment) -> Caller + Send + 'static) {
        let mut state = self.state();
        state.requests.clear();
        state.watch = Some(Box::new(watch));
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, shared: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(&stream);
    let (mut line, mut length, mut authorization) = (String::new(), 0, String::new());
    reader.read_line(&mut line)?;
    let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut state = shared.lock().unwrap();
    if state.down || request.is_empty() {
        return Ok(());
    }
    state.requests.push(request.clone());
    let number = state.requests.len();
    let mut watch = state.watch.take();
    let mut caller = |moment| watch.as_mut().map_or(Caller::Lives, |watch| watch(number, moment));
    if caller(Moment::Before) == Caller::Dead {
        return Ok(());
    }
    let (status, answer) = answer(&mut state, &request, &authorization, &body);
    if caller(Moment::After) == Caller::Dead {
        return Ok(());
    }
    state.watch = watch;
    let date = match state.now {
        0 => String::new(),
        now => format!("date: {}\r\n", httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now as u64))),
    };
    let (status, location) = match &state.redirect {
        None => (status, String::new()),
        Some(url) => (302, format!("location: {url}\r\n")),
    };
    drop(state);
    let answer = answer.to_string();
    let head =
        format!("HTTP/1.1 {status} .\r\n{date}{location}connection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
    (&stream).write_all(head.as_bytes())?;
    (&stream).write_all(answer.as_bytes())
}

fn answer(state: &mut State, request: &str, authorization: &str, body: &[u8]) -> (u16, Value) {
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let refusal = |status: u16, message: &str| (status, json!({"error": {"code": status, "message": message}}));
    match path {
        "/identity/v1/accounts:signInWithCustomToken" => {
            let body: Value = serde_json::from_slice(body).unwrap();
            let token: Vec<&str> = body["token"].as_str().unwrap().split(':').collect();
            let ["custom", uid, until] = token[..] else { return refusal(400, "INVALID_CUSTOM_TOKEN") };
            if until.parse::<i64>().unwrap() <= state.now {
                return refusal(400, "TOKEN_EXPIRED");
            }
            let (id, refresh) = (format!("id:{uid}"), format!("refresh:{uid}"));
            (200, json!({"idToken": id, "refreshToken": refresh, "expiresIn": "3600", "isNewUser": false}))
        }
        "/secure/v1/token" => {
            let body = str::from_utf8(body).unwrap();
            let token = body.strip_prefix("grant_type=refresh_token&refresh_token=refresh%3A").unwrap();
            let uid = token.replace("%2D", "-");
            let refresh = format!("refresh:{uid}");
            (200, json!({"id_token": format!("id:{uid}"), "refresh_token": refresh, "expires_in": "3600"}))
        }
        path => {
            let id = path.strip_prefix("/firestore/v1/projects/demo/databases/(default)/documents/ampere/").unwrap();
            let now = state.now;
            let until = state.enrol_until.get(id).copied().unwrap_or(0);
            // `resource` is null for what is not there, so the rules refuse it.
            let Some(document) = state.documents.get_mut(id) else { return refusal(403, "PERMISSION_DENIED") };
            if authorization != format!("Bearer id:{id}") {
                return refusal(403, "PERMISSION_DENIED");
            }
            if method == "PATCH" {
                let body: Value = serde_json::from_slice(body).unwrap();
                let written = masked(query, "updateMask.fieldPaths");
                let may = |field: &&str| match *field {
                    mailbox::ENROLMENT => !document.contains_key(mailbox::ENROLMENT) && now < until,
                    field => [mailbox::RECEIPT, mailbox::REPORT].contains(&field),
                };
                if !written.iter().all(may) || !query.contains("currentDocument.exists=true") {
                    return refusal(403, "PERMISSION_DENIED");
                }
                for field in written {
                    let text = body["fields"][field]["stringValue"].as_str().unwrap();
                    assert!(text.len() <= mailbox::LONGEST_SIGNED);
                    document.insert(field.to_owned(), text.to_owned());
                }
            }
            let mask = masked(query, "mask.fieldPaths");
            let shown = document.iter().filter(|(field, _)| mask.contains(&field.as_str()));
            let fields: serde_json::Map<String, Value> =
                shown.map(|(field, text)| (field.clone(), json!({ "stringValue": text }))).collect();
            (200, json!({"name": path, "fields": fields}))
        }
    }
}

fn masked<'a>(query: &'a str, name: &str) -> Vec<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name).map(|(_, v)| v).collect()
}
