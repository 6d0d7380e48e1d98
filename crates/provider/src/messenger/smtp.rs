//! Mail by SMTP (RFC 5321).
//!
//! The dialogue is held command by command: what a refusal means depends on when it comes. One of the recipient concerns one
//! message; one of the login or the sender concerns them all, and must not be taken for the end of every notice.
use std::time::Duration;

use ampere_core::notice::{Message, Messenger, MessengerError};
use async_trait::async_trait;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;

use super::NoticeSettingsError;
use super::settings::{Server, Tls};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends by one server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: Option<(Tls, TlsParameters)>,
    login: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
}

/// Where in the dialogue something went wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Connection, TLS, login, sender: the same for every message.
    Opening,
    /// The recipient, and whether the message may come.
    Recipient,
    /// The message itself: without an answer nobody knows whether it was taken.
    Content,
}

impl Smtp {
    /// Sends by that server in that name.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn new(server: &Server, from: &Mailbox) -> Result<Smtp, NoticeSettingsError> {
        let tls = match server.tls {
            Tls::None => None,
            tls => {
                let parameters = TlsParameters::new(server.host.clone()).map_err(|_| NoticeSettingsError::Tls)?;
                Some((tls, parameters))
            }
        };
        let login = server.login.as_ref();
        Ok(Smtp {
            host: server.host.clone(),
            port: server.port,
            tls,
            login: login.map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned())),
            from: from.clone(),
            hello: ClientId::Domain(from.email.domain().to_owned()),
        })
    }

    fn mail(&self, message: &Message, to: Address) -> Result<Mail, MessengerError> {
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(message.subject.clone())
            .message_id(Some(id))
            // RFC 3834: no automatic answers, please.
            .raw_header(HeaderValue::new(name, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.clone())
            .map_err(|_| MessengerError::Refused("no mail can be made of it".into()))
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let at = (self.host.as_str(), self.port);
        let implicit = match &self.tls {
            Some((Tls::Implicit, parameters)) => Some(parameters.clone()),
            _ => None,
        };
        let connect = AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT_TIMEOUT), &self.hello, implicit, None);
        let mut connection = connect.await?;
        if let Some((Tls::Required, parameters)) = &self.tls {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(login) = &self.login {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await?;
        }
        connection.command(MailFrom::new(Some(self.from.email.clone()), Vec::new())).await?;
        Ok(connection)
    }
}

#[async_trait]
impl Messenger for Smtp {
    async fn send(&self, message: &Message) -> Result<(), MessengerError> {
        let to: Address =
            message.to.parse().map_err(|_| MessengerError::Refused("the address is none for mail".into()))?;
        let mail = self.mail(message, to.clone())?.formatted();
        let mut connection = self.open().await.map_err(|error| judged(&error, Phase::Opening))?;
        let mut phase = Phase::Recipient;
        let sent = async {
            connection.command(Rcpt::new(to, Vec::new())).await?;
            connection.command(Data).await?;
            phase = Phase::Content;
            connection.message(&mail).await
        };
        let sent = sent.await;
        match sent {
            Ok(_) => {
                if let Err(error) = connection.quit().await {
                    tracing::debug!(code = ?error.status(), "the mail server took the message and said no farewell");
                }
                Ok(())
            }
            Err(error) => {
                connection.abort().await;
                Err(judged(&error, phase))
            }
        }
    }
}

/// What a failure means. The server's own text is left out: it repeats addresses.
fn judged(error: &Error, phase: Phase) -> MessengerError {
    let code = error.status().map(u16::from);
    match (code, phase) {
        (Some(code @ (530 | 534 | 535 | 538)), _) => {
            MessengerError::Down(format!("the mail server refused the login (code {code})"))
        }
        (Some(code), Phase::Opening) => MessengerError::Down(format!("the mail server refused us (code {code})")),
        // 421: the service is about to close, whatever the message.
        (Some(421), _) => MessengerError::Down("the mail server is closing (code 421)".into()),
        (Some(code), Phase::Recipient) if error.is_permanent() => {
            MessengerError::Refused(format!("the mail server refused the recipient (code {code})"))
        }
        (Some(code), Phase::Content) if error.is_permanent() => {
            MessengerError::Refused(format!("the mail server refused the message (code {code})"))
        }
        (Some(code), _) => MessengerError::Later(format!("the mail server asked to come again (code {code})")),
        (None, Phase::Opening) if error.is_tls() || is_of_tls(error) => {
            MessengerError::Down("no trusted connection to the mail server".into())
        }
        (None, Phase::Opening) if error.is_client() => {
            MessengerError::Down("the mail server offers no encryption, or no login that we know".into())
        }
        (None, Phase::Opening) => MessengerError::Down("the mail server cannot be reached".into()),
        (None, _) => MessengerError::Later("the connection to the mail server broke".into()),
    }
}

/// Whether TLS is behind a broken connection: lettre hands its errors on as those of the connection.
fn is_of_tls(error: &Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return true;
        }
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn std::error::Error + 'static)),
            None => cause.source(),
        };
    }
    false
}
