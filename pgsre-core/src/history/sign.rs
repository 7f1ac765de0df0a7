//! Signing reports, and checking signatures: Ed25519 (RFC 8032) over the bytes of the stored JSON.
//!
//! A signature lies beside its report as `<id>.sig`, in base64, so that others can check it too:
//!
//! ```text
//! base64 -d ID.sig > ID.bin
//! openssl pkeyutl -verify -rawin -pubin -inkey public.pem -sigfile ID.bin -in ID.json
//! ```

use std::fmt;

use aws_lc_rs::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use super::evidence::sha256;
use super::{HistoryError, HistoryErrorKind};

/// What stands before the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo
/// (RFC 8410, section 4).
const SPKI_HEAD: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The private key that signs reports. It is never shown: `Debug` has the key's id only.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    id: String,
}

impl SigningKey {
    /// Reads a private key as `openssl genpkey -algorithm ed25519` writes it: PKCS#8 in PEM, not
    /// encrypted.
    ///
    /// # Errors
    /// [`HistoryErrorKind::Invalid`] where it is none. The message repeats nothing of it.
    pub fn from_pem(pem: &[u8]) -> Result<Self, HistoryError> {
        let unusable = || {
            invalid(
                "not an Ed25519 private key in PEM (PKCS#8, not encrypted); \
                 `openssl genpkey -algorithm ed25519` makes one",
            )
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| unusable())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
            .map_err(|_| unusable())?;
        let id = key_id(pair.public_key().as_ref());
        Ok(Self { pair, id })
    }

    /// The key's id: see [`VerifyingKey::id`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The signature of a stored report, as it lies beside it.
    pub(super) fn sign(&self, json: &[u8]) -> String {
        let mut text = STANDARD.encode(self.pair.sign(json));
        text.push('\n');
        text
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The public key that signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    public: [u8; ED25519_PUBLIC_KEY_LEN],
    id: String,
}

impl VerifyingKey {
    /// Reads a public key as `openssl pkey -in KEY.pem -pubout` writes it.
    ///
    /// # Errors
    /// [`HistoryErrorKind::Invalid`] where it is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, HistoryError> {
        let unusable = || {
            invalid(
                "not an Ed25519 public key in PEM; \
                 `openssl pkey -in KEY.pem -pubout` writes that of a private key",
            )
        };
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| unusable())?;
        let public = der.strip_prefix(&SPKI_HEAD).ok_or_else(unusable)?;
        let public = public.try_into().map_err(|_| unusable())?;
        Ok(Self { public, id: key_id(&public) })
    }

    /// The key's id: the SHA-256 of its DER, in hexadecimal, as
    /// `openssl pkey -pubin -in public.pem -outform DER | sha256sum` prints it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether `signature`, as it lies beside a report, is this key's of these bytes.
    pub(super) fn verifies(&self, json: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature.trim()) else { return false };
        aws_lc_rs::signature::UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(json, &signature)
            .is_ok()
    }
}

fn key_id(public: &[u8]) -> String {
    sha256(&[&SPKI_HEAD, public].concat())
}

fn invalid(text: &str) -> HistoryError {
    HistoryError::new(HistoryErrorKind::Invalid, text)
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`, for tests only.
    pub(in crate::history) const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINCv4b0iDr2XJFRWMWRkg8Zj/MIn5n2PcIf24NzMVq+8\n-----END PRIVATE KEY-----\n";
    pub(in crate::history) const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAR8g99JXdM6ZwkL9t+JkNv9ERd8gH6ERnxn3f97R7YFk=\n-----END PUBLIC KEY-----\n";
    /// Of another key.
    pub(in crate::history) const OTHER: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGOjntQl9OwF1zwrh9ECCuDQztXG5+GefDciN88wNMPM\n-----END PRIVATE KEY-----\n";

    /// What `openssl pkeyutl -sign -rawin` made of [`MESSAGE`] with [`PRIVATE`].
    const SIGNATURE: &str =
        "8DgZ5KVi5K3h+LJ1Z+wEHWrj1CGcDMXsGq+3Y0XGCSKj5bMA2ufDpXNpu4OstPRQSAek56Os6u8BL9yWYbeCBA==";
    const MESSAGE: &[u8] = b"{\"schema\": 1}";

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        let key = SigningKey::from_pem(PRIVATE.as_bytes()).unwrap();
        assert_eq!(key.sign(MESSAGE).trim(), SIGNATURE);
        let public = VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap();
        assert!(public.verifies(MESSAGE, SIGNATURE));
        assert_eq!(public.id(), key.id());
        assert_eq!(key.id(), "4da366f3c48aa167d3d7c84a928a90c743c8c49ee70667cd13d7a05cc6fca36b");
    }

    #[test]
    fn a_signature_of_other_bytes_or_by_another_key_does_not_hold() {
        let public = VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap();
        let other = SigningKey::from_pem(OTHER.as_bytes()).unwrap().sign(MESSAGE);
        assert!(!public.verifies(b"{\"schema\": 2}", SIGNATURE));
        for bad in [other.as_str(), "", "not base64!", "AAAA"] {
            assert!(!public.verifies(MESSAGE, bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let secret = &PRIVATE[28..60];
        let cut = PRIVATE.replace(&PRIVATE[40..60], "");
        for text in ["", "nonsense", PUBLIC, cut.as_str()] {
            let error = SigningKey::from_pem(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), HistoryErrorKind::Invalid);
            assert!(!crate::finding::chain(&error).contains(secret), "{error}");
        }
        for text in ["", PRIVATE] {
            assert!(VerifyingKey::from_pem(text.as_bytes()).is_err());
        }
    }

    #[test]
    fn the_key_never_reaches_debug() {
        let key = SigningKey::from_pem(PRIVATE.as_bytes()).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SigningKey {{ id: {:?}, .. }}", key.id()));
    }
}
