//! A configuration as Rust structs, for programs that embed the engine and write no files.
//!
//! Each struct is one resource; together they make the same [`Module`](ampere_lang::config::Module) that a directory of
//! `.tf` files makes, so that planner and engine see no difference.
//!
//! ```
//! use ampere_core::secret::Secret as SecretText;
//! use ampere_provider::typed::{Account, Channel, Input, Instance, Messenger, Secret, SecretKind, Stack, Subscription};
//!
//! let key = SecretText::new("sk-ant-EXAMPLE-1");
//! let module = Stack::new()
//!     .with("ada", Account::new("ada@example.com").name("Ada"))
//!     .with("ada", Subscription::new(Input::id_of::<Account>("ada"), "price_hosting_monthly").trial_days(14))
//!     .with("ada_key", Secret::new(Input::id_of::<Account>("ada"), SecretKind::named("anthropic")).value(&key))
//!     .with(
//!         "ada",
//!         Instance::new(Input::id_of::<Account>("ada"), Input::id_of::<Subscription>("ada"))
//!             .location("nbg1")
//!             .server_type("cx23")
//!             .model("anthropic/claude-sonnet-4-6")
//!             .channel(Messenger::Telegram, Channel::new().allow_from(["123456789"]))
//!             .secret(Input::id_of::<Secret>("ada_key")),
//!     )
//!     .build()?;
//! assert_eq!(module.resources.len(), 4);
//! # Ok::<(), ampere_provider::typed::NameError>(())
//! ```
mod account;
mod channel;
mod input;
mod instance;
mod secret;
mod stack;
mod subscription;

pub use account::Account;
pub use channel::{Channel, Messenger};
pub use input::{Input, Typed};
pub use instance::Instance;
pub use secret::{Secret, SecretKind};
pub use stack::{NameError, Stack};
pub use subscription::{EraseOn, EraseOnRefund, Payment, Subscription};
