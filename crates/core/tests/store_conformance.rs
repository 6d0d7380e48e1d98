//! Every store passes the same suite.
use std::path::PathBuf;
use std::sync::Arc;

use ampere_core::clock::Clock;
use ampere_core::store::conformance::{Place, check};
use ampere_core::store::{MemoryStore, SqliteStore, Store};

struct Memory(MemoryStore);

#[async_trait::async_trait]
impl Place for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.clone())
    }
}

struct Now;

impl Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

struct File {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

#[async_trait::async_trait]
impl Place for File {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.path, Arc::new(Now)).await.unwrap())
    }
}

#[tokio::test]
async fn memory() {
    check(&|| Box::new(Memory(MemoryStore::new()))).await.unwrap();
}

#[tokio::test]
async fn sqlite() {
    check(&|| {
        let dir = tempfile::tempdir().unwrap();
        Box::new(File { path: dir.path().join("state.db"), _dir: dir })
    })
    .await
    .unwrap();
}
