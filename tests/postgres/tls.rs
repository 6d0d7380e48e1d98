//! TLS to a real server whose certificate an authority of our own has signed.
use ampere_core::store::{PostgresStore, Store, StoreError};
use ampere_tests::Postgres;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::kit::{new_schema, options};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key of a server.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

async fn open(server: &Postgres, parameters: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(options(&server.url_for("postgres", parameters), &new_schema())).await
}

#[tokio::test]
async fn the_server_must_be_who_it_says() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (our_root, their_root) = (file("ours.pem", &ours.pem), file("theirs.pem", &theirs.pem));

    let mut server = Postgres::start();
    for (name, is_its_name) in [("127.0.0.1", true), ("db.example.com", false)] {
        server.stop();
        let (certificate, key) = ours.sign(name);
        server.write("server.crt", &certificate);
        server.write("server.key", &key);
        if is_its_name {
            // Whoever comes without TLS is not let in at all.
            server.set("ssl", "on");
            server.write("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
        }
        server.run();
        let full = open(&server, &format!("sslmode=verify-full&sslrootcert={our_root}")).await;
        match full {
            Ok(store) if is_its_name => assert_eq!(store.load().await.unwrap().serial, 0),
            Err(e) if !is_its_name => assert!(e.to_string().contains("TLS could not be set up"), "{e}"),
            other => panic!("{name}: {:?}", other.err()),
        }
        open(&server, &format!("sslmode=verify-ca&sslrootcert={our_root}")).await.unwrap();
        // As libpq does: a root that is named is used.
        for mode in ["sslmode=verify-full&", "sslmode=verify-ca&", "sslmode=require&", ""] {
            let refused = open(&server, &format!("{mode}sslrootcert={their_root}")).await.err().unwrap().to_string();
            assert!(refused.contains("TLS could not be set up"), "{mode} {refused}");
        }
        let refused = open(&server, "sslmode=verify-full").await.err().unwrap().to_string();
        assert!(refused.contains("TLS could not be set up"), "no public authority has signed it: {refused}");
        open(&server, "sslmode=require").await.unwrap();
        open(&server, "").await.unwrap();
        assert!(open(&server, "sslmode=disable").await.is_err(), "the server wants TLS");
    }
}
