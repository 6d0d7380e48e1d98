//! The log of requests: counts always, bodies only when a test asks for them.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::{Method, Uri};
use serde::Serialize;

/// What the clouds were asked since the log was last cleared.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    counts: Vec<Count>,
    index: HashMap<(Method, String), usize>,
    recording: bool,
    recorded: Vec<Recorded>,
}

#[derive(Debug, Clone, Serialize)]
struct Count {
    method: String,
    path: String,
    count: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Recorded {
    method: String,
    path: String,
    query: Option<String>,
    body: String,
}

/// The log as `GET /_sandbox/requests` answers it.
#[derive(Debug, Serialize)]
pub(crate) struct Log {
    total: u64,
    requests: Vec<Count>,
    record_bodies: bool,
    recorded: Vec<Recorded>,
}

impl Requests {
    pub(crate) fn records_bodies(&self) -> bool {
        self.recording
    }

    /// Turns the keeping of bodies on or off; off forgets those kept.
    pub(crate) fn set_recording(&mut self, recording: bool) {
        self.recording = recording;
        if !recording {
            self.recorded.clear();
        }
    }

    pub(crate) fn count(&mut self, method: &Method, path: &str) {
        let key = (method.clone(), path.to_owned());
        if let Some(entry) = self.index.get(&key).and_then(|at| self.counts.get_mut(*at)) {
            entry.count += 1;
            return;
        }
        self.counts.push(Count { method: method.to_string(), path: path.to_owned(), count: 1 });
        self.index.insert(key, self.counts.len() - 1);
    }

    pub(crate) fn record(&mut self, method: &Method, uri: &Uri, body: &Bytes) {
        self.recorded.push(Recorded {
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
            body: String::from_utf8_lossy(body).into_owned(),
        });
    }

    pub(crate) fn log(&self) -> Log {
        Log {
            total: self.counts.iter().map(|entry| entry.count).sum(),
            requests: self.counts.clone(),
            record_bodies: self.recording,
            recorded: self.recorded.clone(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.counts.clear();
        self.index.clear();
        self.recorded.clear();
    }
}
