//! What a stored field is in the eyes of the privacy policy. Names are those of fideslang 3.0.0.

/// The classification of one field (promise C5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classification {
    /// What it is.
    pub category: Category,
    /// What it is used for.
    pub uses: &'static [Use],
    /// Whom it is about.
    pub subject: Subject,
    /// Why we may.
    pub basis: Basis,
    /// How long it is kept.
    pub retention: Retention,
    /// Where it goes; empty: it stays with us (promise U6: nobody else).
    pub recipients: &'static [Recipient],
    /// The promise that speaks of it, e.g. `C1`.
    pub promise: &'static str,
}

/// Data categories of fideslang that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// `user.contact.email`
    UserContactEmail,
    /// `user.name`
    UserName,
    /// `user.unique_id`
    UserUniqueId,
    /// `user.authorization.credentials`
    UserAuthorizationCredentials,
    /// `user.device.ip_address`
    UserDeviceIpAddress,
    /// `user.account.settings`
    UserAccountSettings,
    /// `user.payment`
    UserPayment,
    /// `user.financial`
    UserFinancial,
    /// `system.operations`
    SystemOperations,
}

/// Data uses of fideslang that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `essential.service`
    EssentialService,
    /// `essential.service.authentication`
    EssentialServiceAuthentication,
    /// `essential.service.operations`
    EssentialServiceOperations,
    /// `essential.service.payment_processing`
    EssentialServicePaymentProcessing,
    /// `essential.service.notifications.email`
    EssentialServiceNotificationsEmail,
    /// `essential.service.security`
    EssentialServiceSecurity,
    /// `essential.legal_obligation`
    EssentialLegalObligation,
    /// `functional.service.improve`
    FunctionalServiceImprove,
}

/// Whom data is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `customer`
    Customer,
}

/// The legal basis (GDPR Art. 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Performance of a contract (1 b).
    Contract,
    /// Legal obligation (1 c).
    LegalObligation,
    /// Consent (1 a).
    Consent,
}

/// How long a field is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// While the subscription is active, then at most 24 hours (promises R1, R2).
    Subscription,
    /// Until the account is deleted (promise R3).
    Account,
    /// As long as tax law says (8 years in Germany), at Stripe.
    TaxLaw,
}

/// Who may receive data. There is no other variant on purpose (promise U6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Firebase Auth and Firestore (T1).
    Firebase,
    /// Stripe (T2).
    Stripe,
    /// Hetzner Cloud (T3).
    Hetzner,
}
