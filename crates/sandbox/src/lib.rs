//! A local cloud on loopback that answers like Hetzner, Stripe and Firebase.
//!
//! One [`Sandbox`] is one TCP port on a loopback address, with its clouds mounted by path prefix.
//! Each prefix is what a client would put into its base URL setting ([`Endpoints`]). Paths, bodies,
//! status codes, error bodies, pages, selectors, idempotency keys and rate-limit headers are those
//! of the real services; a client cannot tell, and must not be told.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use ampere_sandbox::{Config, Sandbox};
//!
//! let sandbox = Sandbox::start(Config::default()).await?;
//! assert!(sandbox.endpoints().hetzner.ends_with("/hetzner/v1"));
//! sandbox.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | cloud | setting, in the environment | in place of | here |
//! |---|---|---|---|
//! | Hetzner Cloud | `hcloud_endpoint`, `HCLOUD_ENDPOINT` | `https://api.hetzner.cloud/v1` | `/hetzner/v1` |
//! | Stripe | `stripe_api_base`, `STRIPE_API_BASE` | `https://api.stripe.com` | `/stripe` |
//! | Identity Toolkit | `identity_toolkit_endpoint`, `AMPERE_IDENTITY_TOOLKIT_ENDPOINT` | `https://identitytoolkit.googleapis.com` | `/identitytoolkit.googleapis.com` |
//! | Google's token service | `secure_token_endpoint`, `AMPERE_SECURE_TOKEN_ENDPOINT` | `https://securetoken.googleapis.com` | `/securetoken.googleapis.com` |
//! | Firestore | `firestore_endpoint`, `AMPERE_FIRESTORE_ENDPOINT` | `https://firestore.googleapis.com` | `/firestore` |
//!
//! # What it keeps
//!
//! With a directory given, every change is appended to `journal.jsonl` before it is answered: a
//! killed process loses nothing it answered, a power cut may lose the last changes. `lock` is held
//! while a sandbox runs there, and `address` tells others where it listens. Stored are the objects
//! as they are answered; of a password only that there was one.
//!
//! # Time
//!
//! A server becomes `running`, an action finishes, a trial ends, a period renews when the clock says
//! so; it is worked out when somebody reads. The clock is the system's plus what
//! `POST /_sandbox/clock {"advance_seconds": 86400}` added. It can also stand still, for simulations.
//! Every answer of a cloud tells it as its `Date`, and tokens end by it.
//!
//! # Boxes
//!
//! With [`Config::boxes`] there is somebody inside the servers. When one runs for the first time, the `write_files` of its user
//! data (a `#cloud-config` in JSON) are written below a directory of its own, which lies in the sandbox's and stays until the server is
//! deleted; at each start `run/ampere/identity.json`, `inspection.json` and `openclaw/audit.json` are written, as on a box without a
//! fault; then [`Boxes::power_on`] is called, and [`Boxes::power_off`] when it stops. Nothing else of the user data happens. What the
//! agent asks for in `run/ampere/upgrade` counts as installed a second later.
//!
//! # The control API
//!
//! Under `/_sandbox`, for tests and for people who want to see recovery; it needs no token:
//!
//! | call | what it does |
//! |---|---|
//! | `POST /faults` | orders a fault (below); `GET`, `DELETE /faults`, `DELETE /faults/{id}` |
//! | `GET /objects` | how many objects each cloud holds of each kind |
//! | `GET`, `POST /objects/{cloud}/{kind}` | the raw objects; puts one, or each one of a list, in by hand |
//! | `GET`, `PATCH`, `DELETE /objects/{cloud}/{kind}/{id}` | reads, merge-patches, deletes one behind the clients' back |
//! | `GET`, `POST /clock` | the time; moves it by `advance_seconds` and `advance_ms`; `"stopped": true` lets it stand still |
//! | `POST /limits` | `{"servers": n, "hetzner_requests_per_hour": n, "hetzner_requests_left": n, "hetzner_actions_per_hour": n}`: refuse beyond that; `"hetzner_sold_out": [{"server_type": "cx23", "location": "nbg1"}]` |
//! | `GET`, `DELETE /requests` | method, path and count of what was asked; clears it |
//! | `POST /recording` | `{"record_bodies": true}` keeps query and body of each request from now on |
//! | `POST /stripe/subscriptions/{id}/pay` | the customer pays the open invoice; also `fail_payment`, `require_action` (3-D Secure), `cancel_at_period_end`, `resume`, `refund` (in part with `?amount=`), `end` (now), `delete_customer` |
//! | `POST /stripe/webhooks` | `{"effect": "lose", "times": 3}` lets deliveries go wrong: `lose`, `duplicate`, `forge`, `stale`, `hold`; `times` absent for ever |
//! | `GET`, `DELETE /stripe/webhooks` | what became of deliveries; forgets the faults and delivers what was held, newest first |
//! | `GET /boxes` | the servers that run, whether somebody is inside, where their files lie, and why nobody is |
//! | `POST /boxes/faults` | `{"server": "NAME", "never_boots": true, "no_network": true, "inspection": {"sshd": ["/usr/sbin/sshd"]}, "audit": {…}, "identity": {…}}`: every field may be absent, without `server` it is all of them; the last three are merge patches (RFC 7396) of what root and OpenClaw's user find; `GET`, `DELETE` |
//! | `POST /metadata` | `{"server": "NAME", "listen": "169.254.169.254:80"}` serves Hetzner's metadata of a server there, for as long as the sandbox runs |
//! | `GET /health` | answers |
//!
//! The clouds are `hetzner`, `stripe`, `identity_toolkit`, `secure_token` (which has no objects) and `firestore`; the kinds bear the APIs'
//! own plurals (`servers`, `ssh_keys`, `customers`, `accounts`, `documents`, …).
//!
//! A fault strikes requests that fit `cloud`, `method` and `path` (a glob below the cloud's base
//! URL, or a regular expression after `~`), from the `nth` on, `times` times (default once, `null`
//! for ever), after `latency_ms`:
//!
//! ```json
//! {"cloud": "hetzner", "method": "POST", "path": "/servers", "effect": "lose_response"}
//! ```
//!
//! Effects: `{"status": {"code": 429, "retry_after": 2}}` (the cloud's own error body, nothing is
//! done), `{"answer": {"status": 200, "headers": {}, "body": "…"}}`, `{"truncate": {"bytes": 40}}`,
//! `{"malform": {"index": 0, "field": "server_type", "value": 42}}` (without `value` the field is
//! removed), `"reset"` (before anything is done), `"reset_after"` and `"lose_response"` (after it is
//! done). A 500 of Stripe is kept under the request's idempotency key, as Stripe says it keeps its
//! own; `"remember": false` beside the code turns that off.
//!
//! # Where it is simpler than the real thing
//!
//! A green test here is no proof about a live cloud. What differs:
//!
//! - **All**: one account, region and consistency. Reads see every write at once; the real services
//!   lag, most of all in searches and selectors. Tokens are not checked beyond their shape: Hetzner
//!   refuses those that begin with `invalid` (401) and writes with those that begin with `readonly`
//!   (403), Stripe wants `sk_test_…` or `rk_test_…`, Google any bearer token for
//!   administrators' calls, and for clients' any API key but one that begins with `invalid`. Rate limits are told
//!   and enforced only on order.
//! - **Hetzner**: nothing runs but what [`Boxes`] start. A server is a record; its addresses lie in ranges kept for
//!   documentation and benchmarks. No networks, placement groups, load balancers, backups,
//!   snapshots, rescue, console, rebuild or password reset; volumes and primary IPs cannot be made,
//!   only listed and deleted. The catalogue is a part of Hetzner's, its prices and ids are
//!   approximate, and something is sold out only on order. A create call without a location always ends in
//!   the first location of its type. A server that is still being made can be deleted, power actions
//!   on it are refused as `locked`; which of the real service's states refuse which call is known
//!   from its documentation only. A shutdown always succeeds.
//! - **Stripe**: subscriptions with one item; no coupons, taxes, proration, credit notes, setup
//!   intents or search. Events are kept in memory, the newest 2000; webhooks go to `http://` addresses of this machine, once
//!   each, and what time does is told when the clock is moved or somebody reads. 3-D Secure is confirmed through the control API. Invoices are final at once (the real ones stay drafts
//!   for about an hour). A renewal that cannot be charged stays `past_due`: there are no retries
//!   and no final cancellation. Cards are Stripe's test cards by name. `hosted_invoice_url` has
//!   Stripe's form and leads nowhere: pay through the control API. Parameters the sandbox does not
//!   know are refused, also where the real service takes them; parameters it takes without effect
//!   are `off_session`, `currency`, `billing_mode`, `proration_behavior`, `cancellation_details`,
//!   `prorate` and `invoice_now`. Requests with a key of Stripe's are answered at `/v1` of the root, too.
//! - **Identity Toolkit**: people sign in with Google only, boxes with a custom token. Both of Google's own tokens are taken as they
//!   come: who signed them is not asked, and a custom token's times are held against the sandbox's clock. An id token is signed with
//!   a key that ends with the process; a refresh token stays. Which project a client's call is for comes from what it says, from the
//!   service account that made the token, from an API key that is a project's id, or from there being one alone. Passwords are
//!   checked for length and forgotten. No tenants, no multi-factor, no quotas.
//! - **Firestore**: who calls with an id token, or with none, is held to `deploy/firebase/firestore.rules`, and to no other rules.
//!   No transactions, indexes (every query runs), aggregation,
//!   listening, time travel or gRPC; of field transforms `REQUEST_TIME` and `increment`. A document's
//!   size is that of its JSON form. What is not there answers `UNIMPLEMENTED`.

#![recursion_limit = "512"]

mod boxes;
mod connection;
mod control;
mod firestore;
mod hetzner;
mod identity;
mod metadata;
mod server;
mod stripe;
mod watch;
mod world;

pub use boxes::Boxes;
pub use metadata::MetadataError;
pub use server::{Config, Endpoints, Sandbox, StartError, StopError};
pub use watch::{After, Before, Call, Decision, Watch};
pub use world::JournalError;
