//! Whoever stands between a box and its mailbox.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ampere_agent::agent::Trouble;
use ampere_agent::mailbox::CallError;
use ampere_bundle::installed::paths;
use ampere_bundle::mailbox;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::google::{Google, NOW};
use crate::played::{INSTANCE, Played};

/// A server for `localhost` with a certificate that it made itself. Gives what it was told in confidence.
fn pretender() -> (SocketAddr, Vec<u8>, Arc<Mutex<Vec<String>>>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(crypto).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut request = [0; 4096];
            let said = match stream.read(&mut request) {
                Ok(length) => String::from_utf8_lossy(&request[..length]).into_owned(),
                Err(_) => "nothing".into(),
            };
            heard.lock().unwrap().push(said);
            _ = stream.write_all(b"HTTP/1.1 404 .\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            _ = stream.flush();
        }
    });
    (address, cert.der().to_vec(), told)
}

/// What was told, once it is so much: it is written down after the caller has its answer.
fn heard(told: &Mutex<Vec<String>>, count: usize) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(20);
    while told.lock().unwrap().len() < count && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    told.lock().unwrap().clone()
}

#[test]
fn who_has_no_certificate_of_the_mailboxs_is_told_nothing() {
    let (address, certificate, told) = pretender();
    let google = Google::start();
    let played = Played::new(&google);
    let settings = played.read(paths::SETTINGS).unwrap();
    let base = format!("http://{}", google.address);
    played.write(paths::SETTINGS, &settings.replace(&base, &format!("https://localhost:{}", address.port())));
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Unreachable)));
    assert_eq!(heard(&told, 1), ["nothing"]);
    assert!(played.state("token").exists());
    // It is the certificate, and nothing else, that was wrong: who trusts it is heard.
    let roots = RootCerts::Specific(Arc::new(vec![Certificate::from_der(&certificate).to_owned()]));
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).unversioned_rustls_crypto_provider(crypto);
    let tls = tls.root_certs(roots).build();
    let client = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build().new_agent();
    let answer = client.get(format!("https://localhost:{}/hello", address.port())).call().unwrap();
    assert_eq!(answer.status().as_u16(), 404);
    assert!(heard(&told, 2)[1].starts_with("GET /hello"));
}

#[test]
fn nobody_is_followed_elsewhere() {
    let (google, other) = (Google::start(), Google::start());
    google.open(INSTANCE);
    google.state().redirect = Some(format!("http://{}/identity/v1/accounts:signInWithCustomToken", other.address));
    let played = Played::new(&google);
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Answer(302))));
    assert_eq!((google.asked("/"), other.asked("")), (1, 0));
}

#[test]
fn no_proxy_is_used_whatever_the_environment_says() {
    let (google, proxy) = (Google::start(), Google::start());
    google.open(INSTANCE);
    let played = Played::new(&google);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampere-agent"));
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        let url = format!("http://{}", proxy.address);
        command.env(name, &url).env(name.to_uppercase(), &url);
    }
    let mut agent = command.args(["run", "--root"]).arg(played.root.path()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while google.field(INSTANCE, mailbox::ENROLMENT).is_none() && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(google.field(INSTANCE, mailbox::ENROLMENT).is_some());
    assert_eq!(proxy.asked(""), 0);
}
