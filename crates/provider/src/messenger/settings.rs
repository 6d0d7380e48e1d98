//! Where messages go, read from the environment. No error repeats a URL: it holds credentials.
use lettre::Address;
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::SecretString;

use crate::http::is_loopback;

const URL: &str = "AMPERE_NOTICE_URL";
const FROM: &str = "AMPERE_NOTICE_FROM";
const OPERATOR: &str = "AMPERE_OPERATOR";
const TOKEN: &str = "AMPERE_NOTICE_TOKEN";

/// How notices are sent. It has no `Debug`.
pub struct NoticeSettings {
    pub(super) transport: Transport,
    pub(super) from: Mailbox,
    operator: Option<Address>,
}

pub(super) enum Transport {
    Smtp(Server),
    Webhook(Hook),
}

/// An SMTP server.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<(String, SecretString)>,
}

/// When an SMTP connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// From the first byte.
    Implicit,
    /// After STARTTLS, which must succeed.
    Required,
    /// Never: this machine only.
    None,
}

/// A webhook.
pub(super) struct Hook {
    pub url: Url,
    pub token: Option<SecretString>,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeSettingsError {
    /// The URL is none, or of no known scheme.
    #[error("{URL} is no URL of a mail server (smtp://, smtps://) or a webhook (https://)")]
    Url,
    /// The URL's scheme would carry personal data in clear over a network.
    #[error("{URL} would send personal data in clear: use smtps://, smtp:// with tls=required, or https://")]
    InClear,
    /// Something in the URL is not understood.
    #[error("{URL}: {0}")]
    Part(&'static str),
    /// Mail needs a sender.
    #[error("{FROM} is needed: the sender's address, as name@example.com or Name <name@example.com>")]
    NoSender,
    /// The sender is no address.
    #[error("{FROM} is no mail address")]
    Sender,
    /// The operator is no address.
    #[error("{OPERATOR} is no mail address")]
    Operator,
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up for {URL}")]
    Tls,
}

impl NoticeSettings {
    /// Reads the environment; none if no URL is set.
    ///
    /// # Errors
    /// What is wrong, by the variable's name and without its text.
    ///
    /// ```
    /// use ampere_provider::messenger::NoticeSettings;
    /// let environment = |name: &str| match name {
    ///     "AMPERE_NOTICE_URL" => Some("smtps://ampere:pass-EXAMPLE@mail.example.com".to_owned()),
    ///     "AMPERE_NOTICE_FROM" => Some("Ampere <notices@example.com>".to_owned()),
    ///     _ => None,
    /// };
    /// assert!(NoticeSettings::of_environment(&environment)?.is_some());
    /// # Ok::<(), ampere_provider::messenger::NoticeSettingsError>(())
    /// ```
    pub fn of_environment(
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<NoticeSettings>, NoticeSettingsError> {
        let variable = |name| environment(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let Some(url) = variable(URL) else { return Ok(None) };
        let url = Url::parse(&url).map_err(|_| NoticeSettingsError::Url)?;
        let transport = transport(url, variable(TOKEN))?;
        let from = variable(FROM).ok_or(NoticeSettingsError::NoSender)?;
        let from = from.parse().map_err(|_| NoticeSettingsError::Sender)?;
        let operator = variable(OPERATOR).map(|address| address.parse().map_err(|_| NoticeSettingsError::Operator));
        Ok(Some(NoticeSettings { transport, from, operator: operator.transpose()? }))
    }

    /// Where alarms go.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_ref().map(AsRef::as_ref)
    }
}

fn transport(url: Url, token: Option<String>) -> Result<Transport, NoticeSettingsError> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(NoticeSettingsError::Url);
    }
    match url.scheme() {
        "smtp" | "smtps" => server(&url).map(Transport::Smtp),
        "https" => hook(url, token).map(Transport::Webhook),
        "http" if is_loopback(&url) => hook(url, token).map(Transport::Webhook),
        "http" => Err(NoticeSettingsError::InClear),
        _ => Err(NoticeSettingsError::Url),
    }
}

fn server(url: &Url) -> Result<Server, NoticeSettingsError> {
    let local = is_loopback(url);
    let mut tls = if local { Tls::None } else { Tls::Required };
    for (name, value) in url.query_pairs() {
        tls = match (&*name, &*value) {
            ("tls", "required") => Tls::Required,
            ("tls", "none") if local => Tls::None,
            ("tls", "none") => return Err(NoticeSettingsError::InClear),
            ("tls", _) => return Err(NoticeSettingsError::Part("tls is required, or none on this machine")),
            _ => return Err(NoticeSettingsError::Part("it has a parameter that is not known; there is tls=required")),
        };
    }
    if url.scheme() == "smtps" {
        tls = Tls::Implicit;
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port().unwrap_or(match tls {
        Tls::Implicit => 465,
        Tls::Required => 587,
        Tls::None => 25,
    });
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, SecretString::from(decoded(password)?))),
        _ => return Err(NoticeSettingsError::Part("a login has a user and a password")),
    };
    Ok(Server { host, port, tls, login })
}

fn hook(mut url: Url, token: Option<String>) -> Result<Hook, NoticeSettingsError> {
    let in_url = url.password().or(Some(url.username()).filter(|user| !user.is_empty())).map(decoded).transpose()?;
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| NoticeSettingsError::Url)?;
    Ok(Hook { url, token: in_url.or(token).map(SecretString::from) })
}

fn decoded(text: &str) -> Result<String, NoticeSettingsError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| NoticeSettingsError::Part("the login is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(url: &str) -> Result<NoticeSettings, NoticeSettingsError> {
        let environment = |name: &str| match name {
            URL => Some(url.to_owned()),
            FROM => Some("Ampere <notices@example.com>".to_owned()),
            TOKEN => Some("token-EXAMPLE".to_owned()),
            _ => None,
        };
        NoticeSettings::of_environment(&environment).map(|found| found.expect("a URL is set"))
    }

    fn smtp(url: &str) -> Server {
        match read(url).map(|settings| settings.transport) {
            Ok(Transport::Smtp(server)) => server,
            Ok(Transport::Webhook(_)) => panic!("a webhook"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn urls_say_where_and_how() {
        let server = smtp("smtp://ada%40example.com:p%20w@mail.example.com");
        assert_eq!((&*server.host, server.port, server.tls), ("mail.example.com", 587, Tls::Required));
        let (user, password) = server.login.unwrap();
        assert_eq!((&*user, password.expose_secret()), ("ada@example.com", "p w"));
        assert_eq!(smtp("smtps://mail.example.com").port, 465);
        assert_eq!(smtp("smtps://mail.example.com").tls, Tls::Implicit);
        assert_eq!(smtp("smtp://localhost").tls, Tls::None);
        assert_eq!(smtp("smtp://127.0.0.1:2525?tls=required").tls, Tls::Required);
        let Ok(Transport::Webhook(hook)) = read("https://hook-EXAMPLE@example.com/notices").map(|s| s.transport) else {
            panic!("no webhook")
        };
        assert_eq!(hook.url.as_str(), "https://example.com/notices");
        assert_eq!(hook.token.unwrap().expose_secret(), "hook-EXAMPLE");
    }

    #[test]
    fn personal_data_is_not_sent_in_clear() {
        for url in ["smtp://mail.example.com?tls=none", "http://example.com/hook"] {
            assert_eq!(read(url).err(), Some(NoticeSettingsError::InClear), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_credentials() {
        for url in [
            "pw-EXAMPLE",
            "smtp://u:pw-EXAMPLE@",
            "ftp://u:pw-EXAMPLE@example.com",
            "smtp://u:pw-EXAMPLE@example.com?tls=perhaps",
            "smtp://u:pw-EXAMPLE@example.com?pw-EXAMPLE=1",
            "smtp://pw-EXAMPLE@example.com",
            "smtp://u:pw-EXAMPLE%FF@example.com",
            "smtps://u:pw-EXAMPLE@example.com:99999",
        ] {
            let error = read(url).err().unwrap_or_else(|| panic!("{url} is accepted"));
            let told = format!("{error} {error:?}");
            assert!(told.contains(URL) || told.contains("Part"), "{told}");
            assert!(!told.contains("EXAMPLE"), "{told}");
        }
    }

    #[test]
    fn mail_needs_a_sender() {
        let without = |name: &str| (name == URL).then(|| "smtp://localhost".to_owned());
        assert_eq!(NoticeSettings::of_environment(&without).err(), Some(NoticeSettingsError::NoSender));
        assert!(NoticeSettings::of_environment(&|_| None).unwrap().is_none());
    }
}
