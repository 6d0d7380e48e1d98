//! The null key: an SSH key that nobody holds (promises S5, N4).
//!
//! Hetzner mints a root password for every server that is made without a key. So each server gets one, whose public half is
//! not computed from a private half but hashed from a public text: RFC 9380, suite `edwards25519_XMD:SHA-512_ELL2_RO_`. To
//! know a private half, one would have to solve the discrete logarithm of a random point. Anyone can recompute the key from
//! the server's name and see that it is this one.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::edwards::EdwardsPoint;
use sha2::Sha512;

/// The domain separation tag of RFC 9380 §3.1.
const TAG: &str = "AMPERE-NULL-KEY-V1-edwards25519_XMD:SHA-512_ELL2_RO_";
const ALGORITHM: &str = "ssh-ed25519";

/// The point of a server's name. The counter stands in the hashed text; it goes on only if a point were of small order,
/// which no one has ever seen happen.
fn point(name: &str) -> EdwardsPoint {
    let mut counter = 0u32;
    loop {
        let text = format!("{name} {counter}");
        let point = EdwardsPoint::hash_to_curve::<Sha512>(&[text.as_bytes()], &[TAG.as_bytes()]);
        if !point.is_small_order() {
            return point;
        }
        counter += 1;
    }
}

/// The public key of a server's name, as a line of OpenSSH's `authorized_keys` (RFC 8709 §4).
pub fn public_key(name: &str) -> String {
    let key = point(name).compress().to_bytes();
    let mut blob = Vec::with_capacity(51);
    for part in [ALGORITHM.as_bytes(), &key] {
        // Both parts are a few bytes long.
        blob.extend_from_slice(&(part.len() as u32).to_be_bytes());
        blob.extend_from_slice(part);
    }
    format!("{ALGORITHM} {} nobody@{name}", STANDARD.encode(blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "ampere-00112233aabbccdd-0123456789abcdef0123456789abcdef";

    #[test]
    fn s5_the_key_is_recomputed_from_the_name_alone() {
        assert_eq!(public_key(NAME), public_key(NAME));
        assert_ne!(public_key(NAME), public_key(&format!("{NAME}-1")), "one key a server");
        let point = point(NAME);
        assert!(point.is_torsion_free() && !point.is_small_order());
    }

    /// The point is the hash of a text (RFC 9380), not the product of the base point and a number that somebody knew.
    #[test]
    fn s5_no_private_half_goes_into_it() {
        let hashed = EdwardsPoint::hash_to_curve::<Sha512>(&[format!("{NAME} 0").as_bytes()], &[TAG.as_bytes()]);
        assert_eq!(hashed, point(NAME));
        let seeds = [NAME.as_bytes().to_vec(), format!("{NAME} 0").into_bytes(), TAG.as_bytes().to_vec()];
        for seed in seeds {
            use sha2::Digest;
            let digest: [u8; 64] = Sha512::digest(&seed).into();
            for half in [&digest[..32], &digest[32..]] {
                let bytes: [u8; 32] = half.try_into().unwrap();
                assert_ne!(EdwardsPoint::mul_base_clamped(bytes), point(NAME));
            }
        }
    }

    #[test]
    fn ssh_keygen_reads_it() {
        let directory = std::env::temp_dir().join(format!("ampere-null-key-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("key.pub");
        std::fs::write(&file, public_key(NAME)).unwrap();
        let outcome = std::process::Command::new("ssh-keygen").arg("-l").arg("-f").arg(&file).output();
        std::fs::remove_dir_all(&directory).unwrap();
        let output = outcome.expect("ssh-keygen is on this machine (Debian: openssh-client)");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("(ED25519)"), "{text}");
    }
}
