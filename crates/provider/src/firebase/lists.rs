//! The lists of one inquiry, which kinds share.
use std::sync::Arc;

use ampere_core::provider::{Inquiry, ProviderError};
use tokio::sync::OnceCell;

use super::{Documents, Firestore, Identity, Users};

/// Whoever asks first for a list makes the calls; the others wait for the same answer. It lives as long as one inquiry, so
/// nothing here can be out of date.
#[derive(Default)]
pub(crate) struct Lists {
    users: OnceCell<Result<Arc<Users>, ProviderError>>,
    documents: OnceCell<Result<Arc<Documents>, ProviderError>>,
}

impl Lists {
    /// All users of the project.
    ///
    /// # Errors
    ///
    /// A page that could not be had: the same for everybody who asks.
    pub async fn users(&self, identity: &Identity) -> Result<Arc<Users>, ProviderError> {
        self.users.get_or_init(async || identity.list().await.map(Arc::new)).await.clone()
    }

    /// All documents of the stack.
    ///
    /// # Errors
    ///
    /// A page that could not be had: the same for everybody who asks.
    pub async fn documents(
        &self,
        firestore: &Firestore,
        inquiry: &Inquiry<'_>,
    ) -> Result<Arc<Documents>, ProviderError> {
        let list = async || firestore.list(inquiry.stack, inquiry.depth).await.map(Arc::new);
        self.documents.get_or_init(list).await.clone()
    }
}
