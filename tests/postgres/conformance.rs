//! The suite that every store passes.
use std::sync::Arc;

use ampere_core::store::conformance::{Place, check};
use ampere_core::store::postgres::PostgresOptions;
use ampere_core::store::{PostgresStore, Store};

use crate::kit::{new_schema, options, server};

struct Schema(PostgresOptions);

#[async_trait::async_trait]
impl Place for Schema {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(PostgresStore::open(self.0.clone()).await.unwrap())
    }
}

#[tokio::test]
async fn postgres_is_a_store() {
    check(&|| Box::new(Schema(options(&server().url(), &new_schema())))).await.unwrap();
}

/// Whatever isolation the administrator has made the default.
#[tokio::test]
async fn postgres_is_a_store_where_transactions_are_serializable() {
    let url = format!("{}&options=-c%20default_transaction_isolation%3Dserializable", server().url());
    check(&|| Box::new(Schema(options(&url, &new_schema())))).await.unwrap();
}
