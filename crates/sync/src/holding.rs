//! That a file is held is not only said. Whoever says it gives a few bytes that nobody can give without a chunk of the
//! file, and the exchange decides of which: a hub whose disk lost a file, or that only claims to hold it, is found out by
//! the device that still has it.

use sha2::{Digest, Sha256};
use teranga_core::id::{FileHash, Line, ReplicaId};

use crate::bytes::Writer;

const CONTEXT: &[u8] = b"teranga holds 0\n";

/// The proof that a chunk is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub [u8; 8]);

/// The exchange in which somebody asks. Its number serves once, so no proof can be given before it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Who asks.
    pub child: ReplicaId,
    /// In which line.
    pub line: Line,
    /// In which exchange.
    pub exchange: u64,
}

impl Challenge {
    /// The chunk that is asked for, of a file of so many.
    pub fn chunk(&self, file: &FileHash, chunks: u32) -> u32 {
        let [a, b, c, d, e, f, g, h, ..] = self.digest(file);
        let drawn = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % u64::from(chunks.max(1));
        u32::try_from(drawn).unwrap_or_default()
    }

    /// The proof that this chunk of it is held.
    pub fn proof(&self, file: &FileHash, chunk: &[u8]) -> Proof {
        let digest: [u8; 32] =
            Sha256::new().chain_update(self.digest(file)).chain_update(chunk).finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Proof([a, b, c, d, e, f, g, h])
    }

    fn digest(&self, file: &FileHash) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.raw(CONTEXT).raw(self.child.as_bytes()).number(self.line.number().into());
        writer.number(self.exchange).raw(file.as_bytes());
        Sha256::digest(writer.as_slice()).into()
    }
}

/// The address of these bytes, without its extension.
pub fn hash_of(bytes: &[u8]) -> FileHash {
    FileHash(Sha256::digest(bytes).into())
}

/// The address of a file that is read in pieces.
#[derive(Debug, Default)]
pub struct FileHasher(Sha256);

impl FileHasher {
    /// Takes the next piece.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them.
    pub fn finish(self) -> FileHash {
        FileHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_exchange_asks_for_another_proof_and_sooner_or_later_for_every_chunk() {
        let file = hash_of(b"file");
        let asked = |exchange| Challenge { child: ReplicaId([1; 16]), line: Line::FIRST, exchange };
        assert_ne!(asked(1).proof(&file, b"chunk"), asked(2).proof(&file, b"chunk"));
        assert_ne!(asked(1).proof(&file, b"chunk"), asked(1).proof(&file, b"chunc"));
        let chunks: std::collections::BTreeSet<u32> =
            (0..200).map(|exchange| asked(exchange).chunk(&file, 8)).collect();
        assert_eq!(chunks, (0..8).collect());
        assert_eq!(asked(1).chunk(&file, 0), 0);
    }
}
