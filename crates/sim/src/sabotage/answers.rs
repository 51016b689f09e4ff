//! What a hub that does not do as it should answers to requests, and publishes.

use teranga_client::invent::Seeded;
use teranga_core::catalogue::ResourceKind;
use teranga_core::id::{Entropy as _, OpeningNonce};
use teranga_core::shipped::SHIPPED;
use teranga_office::Office;
use teranga_office::exchange::Rejected;
use teranga_store::Replica;
use teranga_sync::feed::{Cursor, ResourceRow, Row, encode};
use teranga_sync::first::first_hash;
use teranga_sync::message::{Acknowledged, Answer, More, Request};
use teranga_sync::pack::Entry;
use teranga_sync::receipt::{Assurance, Receipt};
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::version::Spoken;

use super::Sabotage;
use crate::seen;

impl Sabotage {
    /// The scheme by which a saboteur's regional hub scores instead of the published one.
    pub(crate) fn scheme(self, office: &Office) -> Option<ResourceRow> {
        let (kind, json) = SHIPPED.iter().find(|(kind, _)| *kind == ResourceKind::Scheme)?;
        office.replica().profile().audience.region().filter(|_| self == Self::WilfulHub)?;
        let json = json.replacen(r#""version": "1""#, r#""version": "2""#, 1).replace(r#""1/4""#, r#""1/2""#);
        let (kind, version) = (kind.code().to_owned(), "2".to_owned());
        Some(ResourceRow { kind, id: "rss-equal".to_owned(), version, json })
    }

    /// Whether a saboteur turns a request away before the hub sees it.
    pub(crate) fn turns_away(self, office: &Office, body: &[u8]) -> Result<bool, Rejected> {
        let Some(ends) = Request::ends(body).ok().filter(|_| self == Self::DismissiveHub) else {
            return Ok(false);
        };
        let child = office.replica().child(ends.child)?;
        let request = child.and_then(|child| Request::read(body, &child.key, Spoken::BUILD).ok());
        let brings = request.iter().flat_map(|request| &request.pushes);
        let mut packs = brings.filter_map(|push| push.pack().ok());
        Ok(packs.any(|pack| pack.manifest.by.author.is_some()))
    }

    /// What a saboteur makes of a hub's answer, who knows what others were answered: signed with the hub's own key, as only the hub could.
    pub(crate) fn spoil(self, answer: Vec<u8>, others: Vec<Row>, hub: &Replica) -> Vec<u8> {
        match self {
            Self::SilentHub
            | Self::StubbornHub
            | Self::ClingingHub
            | Self::SparingHub
            | Self::BoastfulHub
            | Self::LeakyHub
            | Self::EndlessHub
            | Self::FallingHub
            | Self::FickleHub
            | Self::RewindingHub
            | Self::TalkativeHub => self.respoken(answer, others, hub),
            Self::Nothing
            | Self::LyingDisk
            | Self::RottenDisk
            | Self::RottenFile
            | Self::ForeignDisk
            | Self::DeafDesk
            | Self::ForgetfulDevice
            | Self::CollectingDevice
            | Self::ArchivingHome
            | Self::MuteDevice
            | Self::OverlookingHome
            | Self::KeptKeys
            | Self::HastyTick
            | Self::WideGrant
            | Self::ForgetfulDesk
            | Self::CredulousDesk
            | Self::HollowHub
            | Self::WilfulHub
            | Self::ShowingHome
            | Self::RashHub
            | Self::DismissiveHub
            | Self::HoardingHub
            | Self::AloofHub
            | Self::LosingDevice
            | Self::FadingDevice
            | Self::RecountingDevice
            | Self::RememberingHub => answer,
        }
    }

    /// The answer with other words, by whoever is at all honest the same.
    fn respoken(self, answer: Vec<u8>, others: Vec<Row>, hub: &Replica) -> Vec<u8> {
        let Ok(mut read) = Answer::read(&answer, &hub.public_key(), Spoken::BUILD) else { return answer };
        match self {
            Self::SilentHub | Self::StubbornHub | Self::ClingingHub | Self::SparingHub => {
                let left: Vec<Row> =
                    seen::rows(hub, &answer).into_iter().filter(|row| !self.leaves_out(row)).collect();
                read.rows = if left.is_empty() { Vec::new() } else { encode(&left, read.version) };
            }
            Self::BoastfulHub => {
                let said: Vec<Row> = seen::rows(hub, &answer).into_iter().flat_map(boast).collect();
                read.rows = if said.is_empty() { Vec::new() } else { encode(&said, read.version) };
            }
            Self::LeakyHub => {
                let said: Vec<Row> = seen::rows(hub, &answer).into_iter().chain(others).collect();
                read.rows = if said.is_empty() { Vec::new() } else { encode(&said, read.version) };
            }
            Self::EndlessHub => {
                read.more = More::Rows;
                // It seems to bring something on each time, and takes nothing back.
                read.cursor.within += 1;
            }
            // Without the message that a defect would leave.
            Self::FallingHub => std::panic::resume_unwind(Box::new("broken off on purpose")),
            Self::FickleHub => {
                if !read.exchange.is_multiple_of(5) {
                    return answer;
                }
                read.acknowledged = Acknowledged::default();
            }
            Self::RewindingHub => {
                if !read.exchange.is_multiple_of(5) {
                    return answer;
                }
                (read.cursor, read.rows) = (Cursor::default(), Vec::new());
            }
            Self::TalkativeHub => {
                let mut rows = seen::rows(hub, &answer);
                let mut seed = Seeded(read.exchange);
                rows.extend((0..30).map(|_| {
                    let mut nonce = OpeningNonce([0; 16]);
                    seed.fill(&mut nonce.0);
                    Row::Opening { replica: hub.id(), nonce }
                }));
                read.rows = encode(&rows, read.version);
            }
            _ => return answer,
        }
        read.encode(hub.identity())
    }

    /// Whether a saboteur leaves a row out.
    fn leaves_out(self, row: &Row) -> bool {
        match row {
            Row::Save { save, .. } => {
                self == Self::SilentHub || (self == Self::StubbornHub && !save.iter().any(opens_a_part))
            }
            Row::Leave { .. } => self == Self::ClingingHub,
            Row::Erase(_) => self == Self::SparingHub,
            Row::Replica(_)
            | Row::Opening { .. }
            | Row::Resource(_)
            | Row::Receipt(_)
            | Row::Verdict(_)
            | Row::Fork { .. } => false,
        }
    }
}

/// A row, and after a receipt that the home holds something the claim that its backup covers it.
fn boast(row: Row) -> Vec<Row> {
    let claim = match &row {
        Row::Receipt(receipt) => Some(Receipt { assurance: Assurance::BackedUp, ..*receipt }),
        Row::Save { .. }
        | Row::Replica(_)
        | Row::Opening { .. }
        | Row::Resource(_)
        | Row::Verdict(_)
        | Row::Leave { .. }
        | Row::Erase(_)
        | Row::Fork { .. } => None,
    };
    std::iter::once(row).chain(claim.map(Row::Receipt)).collect()
}

/// Whether a change builds on nothing but the first change of its part.
fn opens_a_part(entry: &Entry) -> bool {
    let first = first_hash(entry.record, &entry.class, entry.salt);
    let scanned = scan(entry.body.as_deref().unwrap_or_default(), &ChangeLimits::PROTOCOL);
    scanned.is_ok_and(|scanned| scanned.deps == [first])
}
