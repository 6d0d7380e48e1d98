//! The names of everything the sandbox can hold.

use serde_json::Value;

/// One of the services, or the sandbox itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cloud {
    Hetzner,
    Stripe,
    IdentityToolkit,
    /// Google's token service: it has no objects of its own to show.
    SecureToken,
    Firestore,
    /// Counters and the clock: never shown as objects.
    Sandbox,
}

impl Cloud {
    /// The services a client can talk to.
    pub(crate) const ALL: [Cloud; 5] =
        [Cloud::Hetzner, Cloud::Stripe, Cloud::IdentityToolkit, Cloud::SecureToken, Cloud::Firestore];

    /// The name used in the journal and in the control API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Cloud::Hetzner => "hetzner",
            Cloud::Stripe => "stripe",
            Cloud::IdentityToolkit => "identity_toolkit",
            Cloud::SecureToken => "secure_token",
            Cloud::Firestore => "firestore",
            Cloud::Sandbox => "sandbox",
        }
    }

    /// The path below which the cloud is mounted: what a client's base URL ends with.
    pub(crate) fn mount(self) -> &'static str {
        match self {
            Cloud::Hetzner => "/hetzner/v1",
            Cloud::Stripe => "/stripe",
            Cloud::IdentityToolkit => "/identitytoolkit.googleapis.com",
            Cloud::SecureToken => "/securetoken.googleapis.com",
            Cloud::Firestore => "/firestore",
            Cloud::Sandbox => "/_sandbox",
        }
    }
}

/// A collection of objects of one sort at one cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Servers,
    Firewalls,
    SshKeys,
    PrimaryIps,
    Volumes,
    Actions,
    Customers,
    PaymentMethods,
    Products,
    Prices,
    Subscriptions,
    Invoices,
    PaymentIntents,
    Charges,
    Refunds,
    WebhookEndpoints,
    IdempotencyKeys,
    Accounts,
    RefreshTokens,
    Documents,
    Counters,
}

impl Kind {
    /// Every kind, in the order of the enum (so that `kind as usize` indexes it).
    pub(crate) const ALL: [Kind; 21] = [
        Kind::Servers,
        Kind::Firewalls,
        Kind::SshKeys,
        Kind::PrimaryIps,
        Kind::Volumes,
        Kind::Actions,
        Kind::Customers,
        Kind::PaymentMethods,
        Kind::Products,
        Kind::Prices,
        Kind::Subscriptions,
        Kind::Invoices,
        Kind::PaymentIntents,
        Kind::Charges,
        Kind::Refunds,
        Kind::WebhookEndpoints,
        Kind::IdempotencyKeys,
        Kind::Accounts,
        Kind::RefreshTokens,
        Kind::Documents,
        Kind::Counters,
    ];

    /// The cloud the kind belongs to.
    pub(crate) fn cloud(self) -> Cloud {
        match self {
            Kind::Servers | Kind::Firewalls | Kind::SshKeys | Kind::PrimaryIps | Kind::Volumes | Kind::Actions => {
                Cloud::Hetzner
            }
            Kind::Customers
            | Kind::PaymentMethods
            | Kind::Products
            | Kind::Prices
            | Kind::Subscriptions
            | Kind::Invoices
            | Kind::PaymentIntents
            | Kind::Charges
            | Kind::Refunds
            | Kind::WebhookEndpoints => Cloud::Stripe,
            Kind::Accounts => Cloud::IdentityToolkit,
            Kind::Documents => Cloud::Firestore,
            Kind::IdempotencyKeys | Kind::RefreshTokens | Kind::Counters => Cloud::Sandbox,
        }
    }

    /// The kind's name in the journal and in the control API: the API's own plural.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Servers => "servers",
            Kind::Firewalls => "firewalls",
            Kind::SshKeys => "ssh_keys",
            Kind::PrimaryIps => "primary_ips",
            Kind::Volumes => "volumes",
            Kind::Actions => "actions",
            Kind::Customers => "customers",
            Kind::PaymentMethods => "payment_methods",
            Kind::Products => "products",
            Kind::Prices => "prices",
            Kind::Subscriptions => "subscriptions",
            Kind::Invoices => "invoices",
            Kind::PaymentIntents => "payment_intents",
            Kind::Charges => "charges",
            Kind::Refunds => "refunds",
            Kind::WebhookEndpoints => "webhook_endpoints",
            Kind::IdempotencyKeys => "idempotency_keys",
            Kind::Accounts => "accounts",
            Kind::RefreshTokens => "refresh_tokens",
            Kind::Documents => "documents",
            Kind::Counters => "counters",
        }
    }

    /// The kind of that name at that cloud.
    pub(crate) fn find(cloud: &str, name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.cloud().name() == cloud && kind.name() == name)
    }

    /// What objects of this kind are looked up by besides their id, so that a uniqueness
    /// check does not read the whole collection.
    pub(crate) fn lookup_key(self, object: &Value) -> Option<&str> {
        let field = match self {
            Kind::Servers | Kind::Firewalls | Kind::SshKeys | Kind::PrimaryIps | Kind::Volumes => "name",
            Kind::Accounts => "email",
            Kind::Subscriptions | Kind::Charges => "customer",
            Kind::Invoices => {
                return object["parent"]["subscription_details"]["subscription"].as_str();
            }
            Kind::Refunds => "charge",
            _ => return None,
        };
        object[field].as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_at_its_own_index_and_is_found_by_name() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert_eq!(Kind::find(kind.cloud().name(), kind.name()), Some(kind));
        }
    }
}
