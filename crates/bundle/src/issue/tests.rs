//! Bundles that are good, and all the ways in which one is not.
use serde_json::{Value, json};

use super::*;
use crate::openclaw::Settings;
use crate::signed::Parts;
use crate::{BoxKeys, Rejected, check, digest, mailbox};

const NOW: i64 = 1_900_000_000;

fn issuer() -> Issuer {
    Issuer::from_seed(&[1; 32])
}

fn keys() -> BoxKeys {
    BoxKeys::generate(&[2; 64])
}

fn header(sequence: u64) -> Header {
    Header { instance: "ampere-3f2a".into(), sequence, expires: NOW + 60 }
}

fn contents() -> Contents {
    Contents {
        secrets: [("anthropic".to_owned(), "sk-ant-\"EXAMPLE\"\n".to_owned().into())].into(),
        settings: Settings::example(),
    }
}

fn offered(sequence: u64) -> String {
    seal(&contents(), &header(sequence), &keys().public(), &issuer(), &[3; 32]).unwrap()
}

fn refusal(text: &str) -> Rejected {
    check(text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).err().expect("it is refused")
}

/// The bundle with this JSON as contents: what a stolen or careless issuer could send.
fn with_contents(json: &Value) -> String {
    let json = json.to_string();
    let plain = [&u32::try_from(json.len()).unwrap().to_be_bytes(), json.as_bytes()].concat();
    seal_plain(&plain)
}

/// As [`seal`], of any bytes.
fn seal_plain(plain: &[u8]) -> String {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&keys().public().encryption).unwrap();
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        &info(&header(1), &issuer().verifying_key()),
        plain,
        &[],
        &mut Stream { seed: Zeroizing::new([3; 32]), block: 0 },
    )
    .unwrap();
    let (encapsulated, sealed) = (BASE64.encode(encapsulated.to_bytes()), BASE64.encode(sealed));
    let Header { instance, sequence, expires } = header(1);
    let payload = Payload { suite: SUITE.into(), instance, sequence, expires, encapsulated, sealed };
    signed::sign(What::Bundle, &payload, &issuer().signing)
}

/// The bundle with one field of its signed part changed, signed again by `by`.
fn resigned(field: &str, value: Value, by: &Issuer) -> String {
    let mut payload: Value = Parts::split(&offered(1), mailbox::LONGEST_BUNDLE).unwrap().parse().unwrap();
    payload[field] = value;
    signed::sign(What::Bundle, &payload, &by.signing)
}

#[test]
fn what_is_sealed_opens_on_the_box_and_tells_its_size_in_steps() {
    let text = offered(7);
    let checked = check(&text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
    assert_eq!((checked.header(), checked.digest()), (&header(7), digest(&text).as_str()));
    let opened = checked.open(&keys()).unwrap();
    assert_eq!(opened.secrets["anthropic"].as_str(), "sk-ant-\"EXAMPLE\"\n");
    assert_eq!(opened.settings, Settings::example());
    let mut more = contents();
    more.secrets.insert("telegram".into(), "x".repeat(1500).into());
    let longer = seal(&more, &header(7), &keys().public(), &issuer(), &[3; 32]).unwrap();
    assert_eq!(longer.len(), text.len());
    more.secrets.insert("generic/A".into(), "x".repeat(LONGEST_CONTENTS).into());
    assert!(matches!(seal(&more, &header(7), &keys().public(), &issuer(), &[3; 32]), Err(SealError::TooLong)));
    assert!(!text.contains("EXAMPLE") && !text.contains("anthropic"));
}

#[test]
fn other_boxes_and_other_issuers_bundles_are_refused() {
    let mut elsewhere = header(1);
    elsewhere.instance = "ampere-9999".into();
    let text = seal(&contents(), &elsewhere, &keys().public(), &issuer(), &[3; 32]).unwrap();
    assert_eq!(refusal(&text), Rejected::Instance);
    // Named after this box by a mailbox's thief, who cannot sign.
    let thief = Issuer::from_seed(&[9; 32]);
    assert_eq!(refusal(&resigned("instance", json!("ampere-3f2a"), &thief)), Rejected::Signature);
    let theirs = BoxKeys::generate(&[8; 64]);
    let text = seal(&contents(), &header(1), &theirs.public(), &issuer(), &[3; 32]).unwrap();
    let checked = check(&text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
    assert_eq!(checked.open(&keys()).err(), Some(Rejected::Key));
}

#[test]
fn the_order_of_bundles_only_grows() {
    let (fifth, sixth) = (offered(5), offered(6));
    let judge = |text: &str, now, last| {
        check(text, "ampere-3f2a", &issuer().verifying_key(), now, last).map(|checked| checked.header().sequence)
    };
    let known = digest(&fifth);
    assert_eq!(judge(&sixth, NOW, Some((5, &known))), Ok(6));
    assert_eq!(judge(&offered(4), NOW, Some((5, &known))), Err(Rejected::Rollback));
    assert_eq!(judge(&offered(0), NOW, None), Err(Rejected::Rollback));
    let other = seal(&contents(), &header(5), &keys().public(), &issuer(), &[4; 32]).unwrap();
    assert_eq!(judge(&other, NOW, Some((5, &known))), Err(Rejected::Conflict));
    assert_eq!(judge(&sixth, NOW + 60, Some((5, &known))), Err(Rejected::Expired));
    assert_eq!(judge(&fifth, NOW + 60, Some((5, &known))), Ok(5), "what was applied is read back from disk");
}

#[test]
fn unsigned_and_downgraded_bundles_are_refused() {
    let text = offered(1);
    let (payload, signature) = text.split_once('.').unwrap();
    for unsigned in [payload.to_owned(), format!("{payload}."), format!("{payload}.AAAA"), String::new()] {
        assert_eq!(refusal(&unsigned), Rejected::Malformed);
    }
    let zeros = BASE64.encode([0; 64]);
    assert_eq!(refusal(&format!("{payload}.{zeros}")), Rejected::Signature);
    let receipt = signed::sign(What::Receipt, &json!({}), &issuer().signing);
    assert_eq!(refusal(&receipt), Rejected::Signature, "signed for another purpose");
    assert_eq!(refusal(&format!("{}.{signature}", "A".repeat(mailbox::LONGEST_BUNDLE))), Rejected::TooLong);
    for suite in ["HPKE-0020-0001-0001", "none", ""] {
        assert_eq!(refusal(&resigned("suite", json!(suite), &issuer())), Rejected::Suite);
    }
    assert_eq!(refusal(&resigned("proxy", json!("http://evil.example"), &issuer())), Rejected::Malformed);
}

#[test]
fn the_open_part_cannot_be_moved_to_another_bundle() {
    for (field, value) in [("sequence", json!(2)), ("expires", json!(NOW + 61))] {
        let moved = resigned(field, value, &issuer());
        let checked = check(&moved, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
        assert_eq!(checked.open(&keys()).err(), Some(Rejected::Key), "{field}");
    }
}

#[test]
fn contents_that_would_open_a_way_in_are_refused() {
    let open = |json: &Value| {
        check(&with_contents(json), "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap().open(&keys())
    };
    let good = serde_json::to_value(contents()).unwrap();
    assert!(open(&good).is_ok());
    for (place, field, value) in [
        ("", "gateway", json!({"bind": "lan"})),
        ("/secrets", "gateway/token", json!("a25vd24")),
        ("/settings", "gateway", json!({"bind": "lan"})),
        ("/settings", "gateway.bind", json!("lan")),
        ("/settings", "base_url", json!("https://proxy.example")),
        ("/settings", "baseUrl", json!("https://proxy.example")),
        ("/settings", "models", json!({"providers": {"anthropic": {"baseUrl": "https://proxy.example"}}})),
        ("/settings", "proxy", json!("socks5://proxy.example")),
        ("/settings/openclaw", "registry", json!("https://npm.example")),
        ("/settings/channels/telegram", "proxy", json!("socks5://proxy.example")),
        ("/settings/channels/telegram", "apiRoot", json!("https://telegram.example")),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(place).unwrap()[field] = value;
        assert_eq!(open(&bad).err(), Some(Rejected::Contents), "{place} {field}");
    }
    for broken in [json!([]), json!("sk-ant-EXAMPLE"), json!({"secrets": {"a": "%"}, "settings": {}})] {
        assert_eq!(open(&broken).err(), Some(Rejected::Contents));
    }
}

#[test]
fn refusals_repeat_nothing() {
    let text = format!("{}.x", BASE64.encode("sk-ant-EXAMPLE-secret"));
    assert!(!format!("{:?} {}", refusal(&text), refusal(&text)).contains("sk-ant"));
}

/// The format is a contract with boxes that nobody can enter: a change of these bytes needs a new version.
#[test]
fn the_format_stays() {
    let plain = [0, 0, 0, 2, b'{', b'}'];
    let text = seal_plain(&plain);
    assert_eq!(digest(&text), "ea4e4096561fa0615d18eccea87206954e5f3d6e07400297a49bf086e7915c7b");
    assert_eq!(keys().public().fingerprint(), "SHA256:XiSeiNdOrAIEg2VR1ZtButlanRjB34TFhozDuDJA+yM");
}
