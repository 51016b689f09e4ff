//! What a hub that does not do as it should answers about files.

use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_office::exchange::Rejected;
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State};
use teranga_sync::limits::{CHUNK_BYTES, THUMBNAILS_MAX};
use teranga_sync::runs::chunks_of;
use teranga_sync::thumbnail::Thumbnail;
use teranga_sync::version::Spoken;

use super::Sabotage;

impl Sabotage {
    /// What a hub answers to a request of the lane of files, spoilt.
    pub(crate) fn files(self, office: &mut Office, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
        if !matches!(self, Self::RashHub | Self::AloofHub | Self::ShowingHome) {
            return self.hollow(office, body, now);
        }
        let is_home = office.replica().profile().audience.region().is_none();
        let (answer, key) = (office.files(body, now)?, office.replica().public_key());
        let Ok(mut read) = LaneAnswer::read(&answer, &key, Spoken::BUILD) else { return Ok(answer) };
        if self == Self::ShowingHome && is_home {
            read.thumbnails = all_thumbnails(office)?;
        }
        for state in &mut read.states {
            state.covered |= self == Self::RashHub;
            if self == Self::AloofHub && is_home {
                state.held = Held::Unknown;
            }
        }
        Ok(read.encode(office.replica().identity()))
    }

    /// What a hub answers to a request of the lane of files. A hollow one proves what it was just given, as only who has
    /// had it could, and keeps nothing of it.
    fn hollow(self, office: &mut Office, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
        if self != Self::HollowHub {
            return office.files(body, now);
        }
        let Some(request) = asked(office, body)?.filter(|request| !request.stretches.is_empty()) else {
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
}

/// The thumbnails that a hub has, as many as one answer holds.
fn all_thumbnails(office: &Office) -> Result<Vec<Thumbnail>, Rejected> {
    let (hub, mut all) = (office.replica(), Vec::new());
    for row in hub.records()? {
        for file in hub.files_of(row.record)? {
            all.extend(hub.thumbnail(&file.address.hash)?);
        }
    }
    all.truncate(THUMBNAILS_MAX);
    Ok(all)
}

/// A request of the lane of files, from whoever signed it.
fn asked(office: &Office, body: &[u8]) -> Result<Option<LaneRequest>, Rejected> {
    let child = LaneRequest::ends(body).ok().map(|ends| office.replica().child(ends.child));
    let child = child.transpose()?.flatten();
    Ok(child.and_then(|child| LaneRequest::read(body, &child.key, Spoken::BUILD).ok()))
}
