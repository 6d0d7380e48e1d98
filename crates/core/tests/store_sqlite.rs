//! What the SQLite store promises beyond what every store does.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ampere_core::clock::Clock;
use ampere_core::store::{
    Lease, LockHolder, Mutation, SqliteStore, Store, StoreChange, StoreError, StoredKey, StoredObject,
};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};

/// A clock that is set by hand.
struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hands {
    fn new() -> Arc<Hands> {
        Arc::new(Hands(Mutex::new("2026-01-02T03:04:05Z".parse().unwrap())))
    }

    fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = Timestamp::from_second(now.as_second() + seconds).unwrap();
    }
}

fn holder(id: &str) -> LockHolder {
    LockHolder {
        id: id.into(),
        who: format!("{id}@laptop"),
        operation: "apply".into(),
        since: "2026-01-02T03:04:05Z".parse().unwrap(),
    }
}

async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Hands::new()).await
}

fn object(n: usize) -> StoredObject {
    StoredObject {
        address: format!("terraform_data.x[{n}]"),
        deposed: String::new(),
        external_id: format!("id-{n}"),
        body: format!("{{\"n\":{n}}}"),
    }
}

fn put(objects: impl IntoIterator<Item = StoredObject>) -> StoreChange {
    StoreChange { mutations: objects.into_iter().map(Mutation::PutObject).collect(), ..StoreChange::default() }
}

#[tokio::test]
async fn an_existing_state_opens_and_loads_fast() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/state.db");
    let store = open(&path).await.unwrap();
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    store.commit(&lease, put((0..4).map(object))).await.unwrap();
    store.unlock(lease).await.unwrap();
    drop(store);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let loaded = open(&path).await.unwrap().load().await.unwrap();
        times.push(start.elapsed());
        assert_eq!(loaded.objects.len(), 4);
    }
    times.sort();
    assert!(times[4] < Duration::from_millis(15), "{times:?}");
}

/// The file as someone with another program sees it.
async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

async fn execute(path: &Path, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = raw(path).await;
    let result = sqlx::raw_sql(sql).execute(&mut connection).await.map(drop);
    connection.close().await.unwrap();
    result
}

fn corrupt(result: Result<SqliteStore, StoreError>) -> String {
    match result.err() {
        Some(StoreError::Corrupt { place, what }) => {
            assert!(place.ends_with("state.db"), "{place}");
            what
        }
        other => panic!("{other:?}"),
    }
}

/// A state with a lock taken, and the directory it lies in.
async fn locked() -> (tempfile::TempDir, SqliteStore, Lease, Arc<Hands>) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let store = SqliteStore::open(&dir.path().join("state.db"), clock.clone()).await.unwrap();
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    (dir, store, lease, clock)
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/state.db");
    let store = open(&path).await.unwrap();
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    store.commit(&lease, put([object(1)])).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut files = 0;
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files >= 2, "the write-ahead log is there, too");
    assert_eq!((mode(&dir.path().join("a")), mode(&dir.path().join("a/b"))), (0o700, 0o700));
}

#[tokio::test]
async fn a_file_that_is_no_state_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    fs::write(&path, "{ \"version\": 4, \"terraform_version\": \"1.11.4\" }".repeat(40)).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(corrupt(open(&path).await).contains("not a database"));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::remove_file(&path).unwrap();
    drop(fs::File::create(&path).unwrap());
    execute(&path, "CREATE TABLE songs (title TEXT)").await.unwrap();
    assert!(corrupt(open(&path).await).contains("another program"));
    execute(&path, "INSERT INTO songs VALUES ('x')").await.unwrap();
}

#[tokio::test]
async fn a_state_of_a_newer_version_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.db");
    drop(open(&path).await.unwrap());
    execute(&path, "PRAGMA user_version = 99").await.unwrap();
    let newer = open(&path).await.err().unwrap();
    assert!(matches!(newer, StoreError::Newer { found: 99, known: 2 }), "{newer:?}");
    execute(&path, "PRAGMA user_version = 2").await.unwrap();
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_state_of_an_older_version_is_brought_up_and_keeps_its_rows() {
    let (dir, store, lease, _) = locked().await;
    store.commit(&lease, put([object(1)])).await.unwrap();
    store.unlock(lease).await.unwrap();
    drop(store);
    let path = dir.path().join("state.db");
    execute(&path, "DROP TABLE records").await.unwrap();
    execute(&path, "PRAGMA user_version = 1").await.unwrap();
    let state = open(&path).await.unwrap().load().await.unwrap();
    assert_eq!((state.objects.len(), state.records.len()), (1, 0));
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let (dir, store, lease, _) = locked().await;
    store.commit(&lease, put((0..200).map(object))).await.unwrap();
    store.unlock(lease).await.unwrap();
    drop(store);
    let path = dir.path().join("state.db");
    execute(&path, "PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let whole = fs::read(&path).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 8);
    for page in 1..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        corrupt(open(&path).await);
    }
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    corrupt(open(&path).await);
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&path).await.unwrap().load().await.unwrap().objects.len(), 200);
}

#[tokio::test]
async fn a_place_that_cannot_be_used_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let io = |result: Result<SqliteStore, StoreError>| match result.err() {
        Some(StoreError::Io { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert!(io(open(&dir.path().join("file/state.db")).await).contains("not a directory"));
    assert!(io(open(dir.path()).await).contains("cannot be opened"));
    assert!(io(open(Path::new("/proc/ampere/state.db")).await).contains("cannot be made"));
}

#[tokio::test]
async fn the_audit_log_cannot_be_changed_by_sql() {
    let (dir, store, lease, _) = locked().await;
    for _ in 0..3 {
        store.commit(&lease, StoreChange { event: Some(event()), ..StoreChange::default() }).await.unwrap();
    }
    let path = dir.path().join("state.db");
    for sql in [
        "UPDATE audit SET event = '{}' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 3",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit VALUES (2, '', '', '{}')",
        "INSERT INTO audit VALUES (9, '', '', '{}')",
    ] {
        let refused = execute(&path, sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    let entries = store.audit_entries(1, 10).await.unwrap();
    assert_eq!(ampere_core::audit::verify(&entries), Ok(3));
}

#[tokio::test]
async fn a_log_cut_at_its_end_is_told_at_the_next_opening() {
    let (dir, store, lease, _) = locked().await;
    for _ in 0..3 {
        store.commit(&lease, StoreChange { event: Some(event()), ..StoreChange::default() }).await.unwrap();
    }
    store.unlock(lease).await.unwrap();
    drop(store);
    let path = dir.path().join("state.db");
    execute(&path, "DROP TRIGGER audit_not_deleted; DELETE FROM audit WHERE sequence = 3").await.unwrap();
    assert!(corrupt(open(&path).await).contains("audit log"));
}

#[tokio::test]
async fn a_lock_that_is_not_renewed_runs_out_and_its_holder_writes_no_more() {
    let (dir, store, lease, clock) = locked().await;
    let other = SqliteStore::open(&dir.path().join("state.db"), clock.clone()).await.unwrap();
    clock.advance(14);
    let held = other.lock(holder("b"), Duration::ZERO).await;
    assert!(matches!(held, Err(StoreError::Locked(by)) if by == holder("a")));
    clock.advance(2);
    let taken = other.lock(holder("b"), Duration::ZERO).await.unwrap();
    assert!(matches!(store.commit(&lease, put([object(1)])).await, Err(StoreError::LeaseLost)));
    other.commit(&taken, put([object(2)])).await.unwrap();
    assert!(matches!(store.unlock(lease).await, Err(StoreError::LeaseLost)));
    assert_eq!(other.load().await.unwrap().objects, [object(2)]);
}

/// When the lock ends, after a minute of (paused) time in which statements take real time.
async fn end_of_lock(connection: &mut SqliteConnection) -> i64 {
    let mut end = 0;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        (end,) = sqlx::query_as("SELECT expires_at FROM lock").fetch_one(&mut *connection).await.unwrap();
    }
    end
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_it_lives() {
    let (dir, store, lease, clock) = locked().await;
    let mut connection = raw(&dir.path().join("state.db")).await;
    for _ in 0..3 {
        clock.advance(10);
        let renewed = clock.now().as_millisecond() + 15_000;
        // Writing takes real time, in which the paused clock may run far ahead.
        let start = Instant::now();
        while end_of_lock(&mut connection).await != renewed {
            assert!(start.elapsed() < Duration::from_secs(20), "the lease is not renewed");
        }
    }
    store.commit(&lease, put([object(1)])).await.unwrap();
    drop(lease);
    let end = end_of_lock(&mut connection).await;
    clock.advance(10);
    assert_eq!(end_of_lock(&mut connection).await, end, "a dropped lease is not renewed");
    assert!(matches!(store.lock(holder("b"), Duration::ZERO).await, Err(StoreError::Locked(_))));
    clock.advance(6);
    store.lock(holder("b"), Duration::ZERO).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_lock_whose_process_has_ended_is_free_at_once() {
    let (dir, store, lease, clock) = locked().await;
    let path = dir.path().join("state.db");
    let other = SqliteStore::open(&path, clock.clone()).await.unwrap();
    assert!(matches!(other.lock(holder("b"), Duration::ZERO).await, Err(StoreError::Locked(_))));
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let mut connection = raw(&path).await;
    sqlx::query("UPDATE lock SET process = json_set(process, '$.pid', ?)")
        .bind(child.id())
        .execute(&mut connection)
        .await
        .unwrap();
    let taken = other.lock(holder("b"), Duration::ZERO).await.unwrap();
    other.commit(&taken, put([object(2)])).await.unwrap();
    assert!(matches!(store.commit(&lease, put([object(1)])).await, Err(StoreError::LeaseLost)));
}

/// Bytes that are found wherever they lie in a page.
fn key() -> StoredKey {
    StoredKey { id: "k".into(), wrapped: b"EXAMPLE-wrapped-key-".repeat(6) }
}

fn traces(dir: &Path) -> usize {
    let files = fs::read_dir(dir).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(20).filter(|w| *w == b"EXAMPLE-wrapped-key-").count()).sum()
}

#[tokio::test]
async fn a_deleted_key_leaves_no_trace_in_the_files() {
    let (dir, store, lease, _) = locked().await;
    let change = |mutation| StoreChange { mutations: vec![mutation], ..StoreChange::default() };
    store.commit(&lease, change(Mutation::PutKey(key()))).await.unwrap();
    assert!(traces(dir.path()) > 0);
    store.commit(&lease, change(Mutation::DeleteKey { id: "k".into() })).await.unwrap();
    assert_eq!(traces(dir.path()), 0);
}

#[tokio::test]
async fn traces_that_a_reader_held_back_are_removed_at_the_next_opening() {
    let (dir, store, lease, _) = locked().await;
    let path = dir.path().join("state.db");
    let change = |mutation| StoreChange { mutations: vec![mutation], ..StoreChange::default() };
    store.commit(&lease, change(Mutation::PutKey(key()))).await.unwrap();
    let mut reader = raw(&path).await;
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT * FROM keys").fetch_all(&mut *reading).await.unwrap();
    store.commit(&lease, change(Mutation::DeleteKey { id: "k".into() })).await.unwrap();
    assert!(traces(dir.path()) > 0, "the reader still needs them");
    reading.rollback().await.unwrap();
    store.unlock(lease).await.unwrap();
    open(&path).await.unwrap();
    assert_eq!(traces(dir.path()), 0);
}

#[tokio::test]
async fn a_commit_that_is_given_up_halfway_leaves_nothing_behind() {
    let (_dir, store, lease, _) = locked().await;
    for micros in (0..2000).step_by(50) {
        let commit = store.commit(&lease, put((0..50).map(object)));
        let written = tokio::time::timeout(Duration::from_micros(micros), commit).await.is_ok();
        let state = store.load().await.unwrap();
        assert!(state.objects.is_empty() || state.objects.len() == 50, "{}", state.objects.len());
        assert!(!written || state.objects.len() == 50);
        let all = (0..50).map(|n| Mutation::DeleteObject { address: object(n).address, deposed: String::new() });
        store.commit(&lease, StoreChange { mutations: all.collect(), ..StoreChange::default() }).await.unwrap();
    }
}

#[test]
fn processes_that_make_the_same_file_at_once_all_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/state.db");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { open(&path).await.unwrap().load().await.unwrap().serial })
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 0);
    }
}

#[tokio::test]
async fn nothing_that_is_written_is_ever_logged() {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("the subscriber listens");
    let (_dir, store, lease, _) = locked().await;
    let secret = StoredObject { body: "sk-ant-EXAMPLE-canary".into(), ..object(1) };
    store.commit(&lease, put([secret])).await.unwrap();
    store.load().await.unwrap();
    let refused = store.commit(&Lease::new("x"), put([object(1)])).await;
    assert!(refused.is_err());
    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("the subscriber listens"));
    assert!(!lines.contains("EXAMPLE-canary"), "{lines}");
}

fn event() -> ampere_core::audit::Event {
    ampere_core::audit::Event {
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
        actor: "ada@example.com".into(),
        action: "create".into(),
        address: None,
        outcome: ampere_core::audit::Outcome::Succeeded,
        details: Default::default(),
    }
}
