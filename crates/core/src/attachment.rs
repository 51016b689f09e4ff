//! Attachments: files that are answers. An answer holds a file's address, which is the SHA-256 of its bytes and an
//! extension, and nothing of what anybody called it; the same file is one file wherever it is answered, and nobody can
//! put another in its place. What a file is shows in its first bytes, not in its name.

use std::fmt;
use std::str::FromStr;

use crate::form::Kind;
use crate::id::{FileHash, IdError};
use crate::value::Value;

/// The longest extension.
const EXTENSION_BYTES_MAX: usize = 8;
/// The digits of the hash, and the point.
const HEAD_BYTES: usize = 65;

/// The address of a file, as it stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The hash of its bytes.
    pub hash: FileHash,
    /// What kind of file it is, for whoever opens it: small letters and digits.
    pub extension: String,
}

impl Address {
    /// The address in a value; `None` for any other answer, such as a name from before files had addresses.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::NoAnswer(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.hash, self.extension)
    }
}

impl FromStr for Address {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError { expected: "64 hexadecimal digits, a point and an extension" };
        // Every text of every answer passes here: most are told by their length.
        if !(HEAD_BYTES + 1..=HEAD_BYTES + EXTENSION_BYTES_MAX).contains(&text.len()) {
            return Err(wrong());
        }
        let (digits, extension) = text.split_once('.').ok_or_else(wrong)?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) || !is_extension(extension) {
            return Err(wrong());
        }
        Ok(Self { hash: digits.parse()?, extension: extension.to_owned() })
    }
}

fn is_extension(text: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=EXTENSION_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// Why a file cannot be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFlaw {
    /// There is no such file.
    Absent,
    /// It cannot be read.
    Unreadable,
    /// There is nothing in it.
    Empty,
    /// It is larger than what is taken.
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// It is something else than what the question asks for.
    OtherKind {
        /// What the question asks for.
        expected: &'static str,
    },
}

impl FileFlaw {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "answer-file-absent",
            Self::Unreadable => "answer-file-unreadable",
            Self::Empty => "answer-file-empty",
            Self::TooLarge { .. } => "answer-file-too-large",
            Self::OtherKind { .. } => "answer-file-other-kind",
        }
    }
}

/// The extension under which a file may answer a question of this kind. A question that asks for any file takes the
/// extension of its name where its bytes say nothing.
pub fn extension(kind: Kind, name: &str, bytes: &[u8]) -> Result<String, FileFlaw> {
    if bytes.is_empty() {
        return Err(FileFlaw::Empty);
    }
    let seen = sniff(bytes);
    let fits = |media: Media| match kind {
        Kind::Image => media == Media::Image,
        Kind::Audio => matches!(media, Media::Audio | Media::Film),
        Kind::Video => media == Media::Film,
        _ => true,
    };
    match (seen, kind) {
        (Some((media, extension)), _) if fits(media) => Ok(extension.to_owned()),
        (_, Kind::Image) => Err(FileFlaw::OtherKind { expected: "image" }),
        (_, Kind::Audio) => Err(FileFlaw::OtherKind { expected: "audio" }),
        (_, Kind::Video) => Err(FileFlaw::OtherKind { expected: "video" }),
        _ => {
            let named = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
            Ok(named.filter(|extension| is_extension(extension)).unwrap_or_else(|| "bin".to_owned()))
        }
    }
}

/// What the first bytes of a file say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    Image,
    Audio,
    /// A container of pictures that move and of sound; either may be missing.
    Film,
    Document,
}

/// The first bytes of what telephones and offices make.
const MAGIC: &[(&[u8], Media, &str)] = &[
    (b"\xff\xd8\xff", Media::Image, "jpg"),
    (b"\x89PNG\r\n\x1a\n", Media::Image, "png"),
    (b"GIF8", Media::Image, "gif"),
    (b"#!AMR", Media::Audio, "amr"),
    (b"ID3", Media::Audio, "mp3"),
    (b"\xff\xfb", Media::Audio, "mp3"),
    (b"\xff\xf1", Media::Audio, "aac"),
    (b"fLaC", Media::Audio, "flac"),
    (b"OggS", Media::Film, "ogg"),
    (b"\x1a\x45\xdf\xa3", Media::Film, "webm"),
    (b"%PDF-", Media::Document, "pdf"),
];

fn sniff(bytes: &[u8]) -> Option<(Media, &'static str)> {
    let within = bytes.get(4..8);
    let brand = bytes.get(8..12);
    if bytes.starts_with(b"RIFF") {
        return match brand {
            Some(b"WEBP") => Some((Media::Image, "webp")),
            Some(b"WAVE") => Some((Media::Audio, "wav")),
            _ => None,
        };
    }
    if within == Some(b"ftyp") {
        return Some(match brand {
            Some(b"heic" | b"heix" | b"mif1" | b"avif") => (Media::Image, "heic"),
            Some(b"M4A ") => (Media::Audio, "m4a"),
            Some(b"qt  ") => (Media::Film, "mov"),
            Some([b'3', b'g', ..]) => (Media::Film, "3gp"),
            _ => (Media::Film, "mp4"),
        });
    }
    MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic)).map(|(_, media, name)| (*media, *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_and_every_other_text_stays_a_text() {
        let address = Address { hash: FileHash([0xab; 32]), extension: "jpg".into() };
        assert_eq!(address.to_string().parse(), Ok(address.clone()));
        assert_eq!(Address::of(&Value::Text(address.to_string())), Some(address.clone()));
        let digits = "ab".repeat(32);
        for text in ["photo.jpg", "", &digits, &format!("{digits}."), &format!("{digits}.JPG")] {
            assert_eq!(Address::of(&Value::text(text)), None, "{text}");
        }
        let others = [format!("{}.jpg", digits.to_uppercase()), format!("{digits}.jp/g")];
        assert!(others.iter().all(|text| text.parse::<Address>().is_err()));
    }

    #[test]
    fn what_a_file_is_shows_in_its_bytes_whatever_its_name_says() {
        let jpeg = b"\xff\xd8\xff\xe0rest";
        assert_eq!(extension(Kind::Image, "scan.exe", jpeg).as_deref(), Ok("jpg"));
        assert_eq!(extension(Kind::File, "scan.exe", jpeg).as_deref(), Ok("jpg"));
        assert_eq!(extension(Kind::Audio, "a.mp3", jpeg), Err(FileFlaw::OtherKind { expected: "audio" }));
        let text = b"just a text";
        assert_eq!(extension(Kind::Image, "a.jpg", text), Err(FileFlaw::OtherKind { expected: "image" }));
        assert_eq!(extension(Kind::File, "Liste.CSV", text).as_deref(), Ok("csv"));
        assert_eq!(extension(Kind::File, "liste.c s v", text).as_deref(), Ok("bin"));
        assert_eq!(extension(Kind::File, "a.csv", b""), Err(FileFlaw::Empty));
        let film = b"\0\0\0\x18ftypisom";
        assert_eq!(extension(Kind::Audio, "memo", film).as_deref(), Ok("mp4"));
        assert_eq!(
            extension(Kind::Video, "memo", b"RIFF\0\0\0\0WAVE"),
            Err(FileFlaw::OtherKind { expected: "video" })
        );
    }
}
