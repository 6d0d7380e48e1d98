//! Somebody who stands at the wire: told of every request before it takes effect and before it is answered.

use std::future::Future;
use std::pin::Pin;

/// What a [`Watch`] will have decided.
pub type Decision<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request to one of the clouds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, the same before and after its effect.
    pub number: u64,
    /// The cloud, as the control API names it.
    pub cloud: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path, with the cloud's mount in front.
    pub path: String,
    /// Who calls: the `User-Agent`, empty when there is none.
    pub caller: String,
}

/// What becomes of a request.
pub enum Before {
    /// It takes its effect and is answered.
    Go,
    /// Nothing happens, and the connection is closed.
    Drop,
    /// The connection is closed at once; the effect comes when this has ended.
    Late(Decision<'static, ()>),
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It is sent.
    Answer,
    /// The connection is closed without it.
    Lose,
}

/// Sees every request to a cloud (none to the control API), and may let it or its answer get lost. While it decides, the request
/// waits, and others go on.
pub trait Watch: Send + Sync {
    /// Before the request takes effect.
    fn before<'a>(&'a self, call: &'a Call) -> Decision<'a, Before>;
    /// When it has taken effect, and before it is answered with this status.
    fn after<'a>(&'a self, call: &'a Call, status: u16) -> Decision<'a, After>;
}
