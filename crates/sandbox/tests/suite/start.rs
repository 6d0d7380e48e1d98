//! Starting, and the reasons not to.

use std::net::SocketAddr;
use std::path::Path;

use ampere_sandbox::{Config, Endpoints, JournalError, Sandbox, StartError};

fn config(directory: &Path) -> Config {
    Config { directory: Some(directory.to_owned()), ..Config::default() }
}

async fn refused(config: Config) -> StartError {
    match Sandbox::start(config).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_second_sandbox_learns_the_address_of_the_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Sandbox::start(config(directory.path())).await.expect("it starts");
    let error = refused(config(directory.path())).await;
    let base = format!("http://{}", first.address());
    assert!(error.to_string().contains(&base), "{error}");
    let StartError::Busy { address: Some(address) } = error else { panic!("{error:?}") };
    assert_eq!(&Endpoints::of(&address), first.endpoints());
}

#[tokio::test]
async fn only_loopback_addresses_are_listened_on() {
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = refused(Config { listen, ..Config::default() }).await;
    assert!(matches!(error, StartError::NotLoopback { .. }), "{error:?}");
    let taken = Sandbox::start(Config::default()).await.expect("it starts");
    let error = refused(Config { listen: taken.address(), ..Config::default() }).await;
    assert!(matches!(error, StartError::Listen { .. }), "{error:?}");
}

#[tokio::test]
async fn an_unreadable_journal_is_told_by_its_line_and_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(Sandbox::start(config(directory.path())).await.expect("it starts"));
    let path = directory.path().join("journal.jsonl");
    let good = std::fs::read_to_string(&path).expect("a journal");
    let bad = format!("{good}nonsense\n");
    std::fs::write(&path, &bad).expect("written");
    let line = bad.lines().count();
    match refused(config(directory.path())).await {
        StartError::Journal(JournalError::Corrupt { line: told, .. }) => assert_eq!(told, line),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read_to_string(&path).expect("a journal"), bad);
    std::fs::write(&path, "{\"format\":\"ampere-sandbox\",\"version\":99}\n").expect("written");
    let error = refused(config(directory.path())).await;
    let newer = matches!(error, StartError::Journal(JournalError::Newer { found: 99, .. }));
    assert!(newer, "{error:?}");
}

#[tokio::test]
async fn a_directory_that_is_a_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "x").expect("written");
    let error = refused(config(&file)).await;
    assert!(matches!(error, StartError::Directory { .. }), "{error:?}");
}
