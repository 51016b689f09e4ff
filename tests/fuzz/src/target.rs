//! What is fuzzed: everything that reads what people bring, and what other replicas send.

use crate::mutate::Diet;
use crate::people::{self, words};
use crate::session;
use crate::wire;

/// Something that reads input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Expressions of ODK XPath: parsed, written again, evaluated.
    Expr,
    /// Workbooks as text, Markdown and CSV: imported, and what comes out opened.
    Xlsform,
    /// ODK XForms: imported, and what comes out opened.
    Xform,
    /// Messages of the protocol, of every kind.
    Message,
    /// Packs and the compressed blocks in which they travel.
    Pack,
    /// Changes: the scanner and the guard.
    Scan,
    /// A hub that is asked, brought and offered things by its children.
    Hub,
    /// A device, or a hub below another, in its session with what its hub answers.
    Device,
    /// Files of sealed messages, at a device and at a hub.
    Parcel,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 9] = [
        Self::Expr,
        Self::Xlsform,
        Self::Xform,
        Self::Message,
        Self::Pack,
        Self::Scan,
        Self::Hub,
        Self::Device,
        Self::Parcel,
    ];

    /// Its name, which is that of its folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expr => "expr",
            Self::Xlsform => "xlsform",
            Self::Xform => "xform",
            Self::Message => "message",
            Self::Pack => "pack",
            Self::Scan => "scan",
            Self::Hub => "hub",
            Self::Device => "device",
            Self::Parcel => "parcel",
        }
    }

    /// What mutation gives it.
    pub const fn diet(self) -> Diet {
        match self {
            Self::Expr => Diet::Words(words::EXPR),
            Self::Xlsform => Diet::Words(words::XLSFORM),
            Self::Xform => Diet::Words(words::XFORM),
            Self::Message | Self::Pack | Self::Scan => Diet::Bytes,
            Self::Hub | Self::Device | Self::Parcel => Diet::Messages,
        }
    }

    /// How many inputs a test run tries: seconds of work. Replicas are opened and verified for each of theirs.
    pub const fn inputs_short(self) -> usize {
        match self {
            Self::Expr | Self::Xlsform | Self::Xform | Self::Message | Self::Pack | Self::Scan => 3_000,
            Self::Hub | Self::Device | Self::Parcel => 200,
        }
    }

    /// What is made in code to begin with, beside what is kept in files.
    pub(crate) fn made(self) -> Vec<Vec<u8>> {
        let tapes = |which: &[session::Heard]| session::tapes(which);
        let all = &session::Heard::ALL;
        match self {
            Self::Expr | Self::Xlsform | Self::Xform => Vec::new(),
            Self::Message => wire::seeds::messages(&tapes(all)),
            Self::Pack => wire::seeds::packs(&tapes(all)),
            Self::Scan => wire::seeds::changes(&tapes(all)),
            Self::Hub => tapes(&[session::Heard::ByHub]),
            Self::Device => tapes(&[session::Heard::ByChild]),
            Self::Parcel => tapes(&[session::Heard::InFiles]),
        }
    }

    /// Reads an input. Whatever it is, it is read or refused; never a panic, never without end.
    pub fn read(self, input: &[u8]) {
        match self {
            Self::Expr => people::expression(input),
            Self::Xlsform => people::workbook(input),
            Self::Xform => people::xform(input),
            Self::Message => wire::message(input),
            Self::Pack => wire::pack(input),
            Self::Scan => wire::change(input),
            Self::Hub => session::hub(input),
            Self::Device => session::device(input),
            Self::Parcel => session::parcel(input),
        }
    }
}
