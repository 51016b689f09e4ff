//! Functions over the bytes of texts: digests, base64, signatures.

use ed25519_dalek::{Signature, VerifyingKey};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Call;
use super::symbols::{from_base64, hex, to_base64};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;

#[derive(Debug, Clone, Copy)]
pub(super) enum Digests {
    Base64Decode,
    Digest,
    ExtractSigned,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Digests) -> Result<String, EvalError> {
    match function {
        Digests::Digest => {
            let encoding = if call.arguments.len() > 2 { call.text(2)? } else { "base64".to_owned() };
            digest(&call.text(0)?, &call.text(1)?, &encoding)
        }
        Digests::Base64Decode => {
            let bytes = from_base64(&call.text(0)?).unwrap_or_default();
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Digests::ExtractSigned => {
            let (contents, key) = (from_base64(&call.text(0)?), from_base64(&call.text(1)?));
            let signed = contents.zip(key).and_then(|(contents, key)| signed(&contents, &key));
            Ok(signed.unwrap_or_default())
        }
    }
}

/// As in XForms 1.1; names of algorithms and encodings are taken as Collect takes them: in any case, with or without
/// the hyphen.
fn digest(text: &str, algorithm: &str, encoding: &str) -> Result<String, EvalError> {
    let bytes = text.as_bytes();
    let digest = match algorithm.to_ascii_uppercase().replace('-', "").as_str() {
        "MD5" => Md5::digest(bytes).to_vec(),
        "SHA1" => Sha1::digest(bytes).to_vec(),
        "SHA256" => Sha256::digest(bytes).to_vec(),
        "SHA384" => Sha384::digest(bytes).to_vec(),
        "SHA512" => Sha512::digest(bytes).to_vec(),
        _ => return Err(EvalErrorKind::Type("a digest is MD5, SHA-1, SHA-256, SHA-384 or SHA-512").into()),
    };
    match encoding.to_ascii_lowercase().as_str() {
        "hex" => Ok(hex(&digest)),
        "base64" => Ok(to_base64(&digest)),
        _ => Err(EvalErrorKind::Type("a digest is written as base64 or hex").into()),
    }
}

/// The message behind an Ed25519 signature of 64 bytes, if the key signed it.
fn signed(contents: &[u8], key: &[u8]) -> Option<String> {
    let (signature, message) = contents.split_first_chunk::<64>()?;
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    key.verify_strict(message, &Signature::from_bytes(signature)).ok()?;
    Some(String::from_utf8_lossy(message).into_owned())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    #[test]
    fn only_what_the_key_signed_is_given() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut contents = key.sign(b"Awa").to_bytes().to_vec();
        contents.extend(b"Awa");
        let public = key.verifying_key().to_bytes();
        assert_eq!(signed(&contents, &public).as_deref(), Some("Awa"));
        *contents.last_mut().unwrap() = b'u';
        assert_eq!(signed(&contents, &public), None);
        assert_eq!(signed(b"short", &public), None);
        assert_eq!(signed(&contents, b"short"), None);
    }

    #[test]
    fn an_algorithm_is_known_by_any_spelling() {
        assert_eq!(digest("abc", "md5", "HEX").unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest("abc", "SHA1", "hex"), digest("abc", "sha-1", "hex"));
        assert!(digest("abc", "SHA-3", "hex").is_err());
        assert!(digest("abc", "MD5", "base32").is_err());
    }
}
