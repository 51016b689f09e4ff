//! Guarantees that are broken on purpose, each in the world round the product and never in the product itself, to see that
//! an oracle notices. A test plays every one of them until it does.

use teranga_client::invent::Seeded;
use teranga_core::catalogue::ResourceKind;
use teranga_core::id::{Entropy as _, OpeningNonce};
use teranga_core::shipped::SHIPPED;
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_office::exchange::Rejected;
use teranga_store::Replica;
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State};
use teranga_sync::feed::{ResourceRow, Row, encode};
use teranga_sync::first::first_hash;
use teranga_sync::limits::CHUNK_BYTES;
use teranga_sync::message::{Acknowledged, Answer, More, Request};
use teranga_sync::pack::Entry;
use teranga_sync::receipt::{Assurance, Receipt};
use teranga_sync::runs::chunks_of;
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::version::Spoken;

use crate::seen;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    Nothing,
    /// Disks say that they have synced, and have not: what was saved is lost.
    LyingDisk,
    /// Devices take for safe what their hub alone holds: a tick lies.
    HastyTick,
    /// Hubs leave saves out of their answers: replicas lack what they may hold.
    SilentHub,
    /// Hubs leave corrections out of their answers: replicas diverge.
    StubbornHub,
    /// Hubs do not say what leaves: replicas keep what they may not hold.
    ClingingHub,
    /// Hubs do not say what was erased: it stays.
    SparingHub,
    /// Regional hubs are granted the whole country: they see what they may not.
    WideGrant,
    /// Hubs answer and always say that there is more: a session never ends.
    EndlessHub,
    /// Hubs say with every answer what nobody needs: it costs more than it may.
    TalkativeHub,
    /// Regional hubs acknowledge what comes in files, and forget it: ticks lie.
    ForgetfulDesk,
    /// Hubs say that they took what was damaged on its way.
    CredulousDesk,
    /// Hubs prove that they hold a file, and throw it away.
    HollowHub,
    /// Hubs take back, every few answers, that they hold what they have acknowledged: what was reached is not kept.
    FickleHub,
    /// Regional hubs score by numbers of their own: scores are not the same everywhere.
    WilfulHub,
    /// Hubs answer everybody with what they answered others too: somebody is shown what they may not hold.
    LeakyHub,
    /// Hubs say of all that headquarters holds that its backup covers it: what left is let go too early.
    BoastfulHub,
    /// Hubs say of every file that headquarters' backup has it: what left is let go too early.
    RashHub,
    /// Hubs take nobody's word for what somebody else wrote: what only a colleague holds is lost.
    DismissiveHub,
    /// More waits at hubs than is said: floods of other parts, of which nobody is told.
    HoardingHub,
    /// Headquarters wants nothing that a hub asks about for whoever below has it: what left its region stays on a device.
    AloofHub,
}

impl Sabotage {
    /// Everything that can be broken.
    pub const ALL: [Self; 20] = [
        Self::LyingDisk,
        Self::HastyTick,
        Self::SilentHub,
        Self::StubbornHub,
        Self::ClingingHub,
        Self::SparingHub,
        Self::WideGrant,
        Self::EndlessHub,
        Self::TalkativeHub,
        Self::ForgetfulDesk,
        Self::CredulousDesk,
        Self::HollowHub,
        Self::FickleHub,
        Self::WilfulHub,
        Self::LeakyHub,
        Self::BoastfulHub,
        Self::RashHub,
        Self::DismissiveHub,
        Self::HoardingHub,
        Self::AloofHub,
    ];

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
                read.cursor.position.0 += 1;
            }
            Self::FickleHub => {
                if !read.exchange.is_multiple_of(5) {
                    return answer;
                }
                read.acknowledged = Acknowledged::default();
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
            Self::Nothing
            | Self::LyingDisk
            | Self::HastyTick
            | Self::WideGrant
            | Self::ForgetfulDesk
            | Self::CredulousDesk
            | Self::HollowHub
            | Self::WilfulHub
            | Self::RashHub
            | Self::DismissiveHub
            | Self::HoardingHub
            | Self::AloofHub => return answer,
        }
        read.encode(hub.identity())
    }

    /// What a hub answers to a request of the lane of files, spoilt.
    pub(crate) fn files(self, office: &mut Office, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
        if !matches!(self, Self::RashHub | Self::AloofHub) {
            return self.hollow(office, body, now);
        }
        let asked = asked(office, body)?;
        let (answer, key) = (office.files(body, now)?, office.replica().public_key());
        let Ok(mut read) = LaneAnswer::read(&answer, &key, Spoken::BUILD) else { return Ok(answer) };
        for (state, offer) in read.states.iter_mut().zip(asked.into_iter().flat_map(|asked| asked.offers)) {
            state.covered |= self == Self::RashHub;
            if self == Self::AloofHub && offer.on_behalf_of.is_some() {
                state.held = Held::Unknown;
            }
        }
        Ok(read.encode(office.replica().identity()))
    }

    /// What a hub answers to a request of the lane of files. A hollow one proves what it was just given, as only who has
    /// had it could, and keeps nothing of it.
    fn hollow(self, office: &mut Office, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
        let request = asked(office, body)?.filter(|_| self == Self::HollowHub);
        let Some(request) = request.filter(|request| !request.stretches.is_empty()) else {
            return office.files(body, now);
        };
        if !office.replica_mut().begin_lane(&request, now)? {
            return office.files(body, now);
        }
        let state = |(of, offer): (usize, &Offer)| {
            let given: Vec<u8> = request
                .stretches
                .iter()
                .filter(|one| one.of == of)
                .flat_map(|one| one.bytes.clone())
                .collect();
            let asked = request.challenge().chunk(&offer.file, chunks_of(offer.bytes)) as usize;
            let proved = given.chunks(CHUNK_BYTES).nth(asked).filter(|_| given.len() == offer.bytes);
            let proof = proved.map(|chunk| request.challenge().proof(&offer.file, chunk));
            let held = proof.map_or(Held::Unknown, Held::Whole);
            State { held, covered: false, thumbnail_wanted: false }
        };
        let states = (0..).zip(&request.offers).map(state).collect();
        let LaneRequest { version, replica, line, exchange, .. } = request;
        let files = request.wanted.iter().map(|_| None).collect();
        let answer = LaneAnswer {
            version,
            replica,
            line,
            exchange,
            states,
            looked_for: 0,
            thumbnails: Vec::new(),
            files,
            stretches: Vec::new(),
        };
        Ok(answer.encode(office.replica().identity()))
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

/// A request of the lane of files, from whoever signed it.
fn asked(office: &Office, body: &[u8]) -> Result<Option<LaneRequest>, Rejected> {
    let child = LaneRequest::ends(body).ok().map(|ends| office.replica().child(ends.child));
    let child = child.transpose()?.flatten();
    Ok(child.and_then(|child| LaneRequest::read(body, &child.key, Spoken::BUILD).ok()))
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
