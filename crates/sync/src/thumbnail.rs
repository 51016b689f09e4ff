//! Thumbnails: small JPEGs that travel before the images that they show. Nothing but a signature ties one to its image, so
//! the device that made it signs both together, and whoever passes it on passes the signature on.

use sha2::{Digest, Sha256};
use teranga_core::id::{FileHash, PublicKey};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::identity::{Identity, SignatureBytes, verify};
use crate::limits;

const CONTEXT: &[u8] = b"teranga thumbnail 0\n";

/// A thumbnail with what ties it to its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The image.
    pub image: FileHash,
    /// Who made it.
    pub maker: PublicKey,
    /// The JPEG.
    pub jpeg: Vec<u8>,
    /// The maker's signature over both.
    pub signature: SignatureBytes,
}

impl Thumbnail {
    /// Signs a thumbnail of this image.
    pub fn sign(identity: &Identity, image: FileHash, jpeg: Vec<u8>) -> Self {
        let signature = identity.sign(&signed(&image, &jpeg));
        Self { image, maker: identity.public_key(), jpeg, signature }
    }

    /// Whether its maker signed it, for this image.
    pub fn verify(&self) -> bool {
        verify(&self.maker, &signed(&self.image, &self.jpeg), &self.signature)
    }

    /// How many bytes it has as it travels, about.
    pub fn size(&self) -> usize {
        self.jpeg.len() + 32 + 32 + 64 + 3
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.image.as_bytes()).raw(self.maker.as_bytes()).run(&self.jpeg).raw(&self.signature);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            image: FileHash(reader.array()?),
            maker: PublicKey(reader.array()?),
            jpeg: reader.run("thumbnail", limits::THUMBNAIL_BYTES_MAX)?.to_vec(),
            signature: reader.array()?,
        })
    }
}

fn signed(image: &FileHash, jpeg: &[u8]) -> Vec<u8> {
    [CONTEXT, image.as_bytes(), Sha256::digest(jpeg).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_shows_the_image_that_its_maker_signed_it_for() {
        let made = Thumbnail::sign(&Identity::from_secret([1; 32]), FileHash([2; 32]), b"jpeg".to_vec());
        assert!(made.verify());
        assert!(!Thumbnail { image: FileHash([3; 32]), ..made.clone() }.verify());
        assert!(!Thumbnail { jpeg: b"jpeh".to_vec(), ..made.clone() }.verify());
        let other = Identity::from_secret([4; 32]).public_key();
        assert!(!Thumbnail { maker: other, ..made }.verify());
    }
}
