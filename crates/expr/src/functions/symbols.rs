//! Bytes as letters: hexadecimal, base64, and random letters.

use std::fmt::Write as _;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Two hexadecimal digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// One letter or digit for each byte.
pub(super) fn letters(bytes: &[u8]) -> String {
    let letter = |byte: &u8| BASE64.get(usize::from(*byte) % 62).copied().map_or('A', char::from);
    bytes.iter().map(letter).collect()
}

/// Base64 with its padding (RFC 4648).
pub(super) fn to_base64(bytes: &[u8]) -> String {
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            let symbols = chunk.len() + 1;
            (0..4).map(move |place| {
                let index = (bits >> (18 - 6 * place)) & 63;
                let symbol = BASE64.get(index as usize).copied().unwrap_or(b'=');
                if place < symbols { char::from(symbol) } else { '=' }
            })
        })
        .collect()
}

/// The bytes of a base64 text; white space and padding count for nothing. None where another symbol stands.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for symbol in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = BASE64.iter().position(|known| *known == symbol)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_comes_back() {
        for text in ["", "a", "ab", "abc", "abcd\u{e9}"] {
            assert_eq!(from_base64(&to_base64(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(to_base64(b"ab"), "YWI=");
        assert_eq!(from_base64("Y!"), None);
    }
}
