//! Classifications of our fields, by the table of the privacy policy (promise C5).
use ampere_core::schema::{Basis, Category, Classification, Recipient, Retention, Subject, Use};

const fn contract(
    category: Category,
    uses: &'static [Use],
    retention: Retention,
    recipients: &'static [Recipient],
    promise: &'static str,
) -> Classification {
    Classification {
        category,
        uses,
        subject: Subject::Customer,
        basis: Basis::Contract,
        retention,
        recipients,
        promise,
    }
}

/// The email address: sign-in at Firebase, invoices at Stripe.
pub(crate) const EMAIL: Classification = contract(
    Category::UserContactEmail,
    &[
        Use::EssentialServiceAuthentication,
        Use::EssentialServicePaymentProcessing,
        Use::EssentialServiceNotificationsEmail,
    ],
    Retention::Account,
    &[Recipient::Firebase, Recipient::Stripe],
    "C1",
);

/// The name, if it is given.
pub(crate) const NAME: Classification = contract(
    Category::UserName,
    &[Use::EssentialServiceAuthentication],
    Retention::Account,
    &[Recipient::Firebase],
    "C1",
);

/// The account's uid, and what refers to it.
pub(crate) const UID: Classification = contract(
    Category::UserUniqueId,
    &[Use::EssentialServiceAuthentication],
    Retention::Account,
    &[Recipient::Firebase, Recipient::Stripe],
    "C1",
);

/// Facts about the sign-in: providers, when the account was made.
pub(crate) const SIGN_IN: Classification = contract(
    Category::SystemOperations,
    &[Use::EssentialServiceAuthentication],
    Retention::Account,
    &[Recipient::Firebase],
    "C1",
);

/// Stripe's ids.
pub(crate) const PAYMENT_ID: Classification = contract(
    Category::UserUniqueId,
    &[Use::EssentialServicePaymentProcessing],
    Retention::Subscription,
    &[Recipient::Stripe],
    "C4",
);

/// Plan, status and times of the subscription.
pub(crate) const PAYMENT: Classification = contract(
    Category::UserPayment,
    &[Use::EssentialServicePaymentProcessing],
    Retention::Subscription,
    &[Recipient::Stripe],
    "C4",
);

/// A link to an invoice, which Stripe keeps as long as tax law says.
pub(crate) const INVOICE: Classification = Classification {
    basis: Basis::LegalObligation,
    ..contract(
        Category::UserFinancial,
        &[Use::EssentialServicePaymentProcessing, Use::EssentialLegalObligation],
        Retention::TaxLaw,
        &[Recipient::Stripe],
        "C4",
    )
};

/// A key or token of the customer's own: sealed before it goes anywhere.
pub(crate) const CREDENTIAL: Classification = contract(
    Category::UserAuthorizationCredentials,
    &[Use::EssentialService, Use::EssentialServiceSecurity],
    Retention::Subscription,
    &[Recipient::Firebase],
    "S1",
);

/// What we say about a key without telling it: kind, version, fingerprint, id.
pub(crate) const CREDENTIAL_FACT: Classification = contract(
    Category::UserAccountSettings,
    &[Use::EssentialServiceOperations],
    Retention::Subscription,
    &[Recipient::Firebase],
    "C2",
);

/// Settings of the bot on its server.
pub(crate) const SETTING: Classification = contract(
    Category::UserAccountSettings,
    &[Use::EssentialServiceOperations],
    Retention::Subscription,
    &[Recipient::Hetzner],
    "C3",
);

/// Which objects of other kinds an instance belongs to. It stays with us.
pub(crate) const LINK: Classification =
    contract(Category::UserUniqueId, &[Use::EssentialServiceOperations], Retention::Subscription, &[], "C3");

/// The address of the customer's server.
pub(crate) const SERVER_ADDRESS: Classification = contract(
    Category::UserDeviceIpAddress,
    &[Use::EssentialServiceOperations],
    Retention::Subscription,
    &[Recipient::Hetzner],
    "C3",
);

/// Region, size and status of the server.
pub(crate) const SERVER: Classification = contract(
    Category::SystemOperations,
    &[Use::EssentialServiceOperations],
    Retention::Subscription,
    &[Recipient::Hetzner],
    "C3",
);
