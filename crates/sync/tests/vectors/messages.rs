//! What the vectors of messages say, in JSON: those of an exchange, of files, and of the lane. Packs and rows within them stand as the
//! bytes that their blocks hold; what those say has vectors of its own.

use serde_json::{Value as Json, json};
use teranga_core::id::{FileHash, Line, PublicKey, ReplicaId};
use teranga_core::problem::{Explain as _, Problem};
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State, Stretch, Want};
use teranga_sync::bundle::{BUNDLE, Bundle, RETURN, RefusedPush, Return};
use teranga_sync::feed::Cursor;
use teranga_sync::holding::Proof;
use teranga_sync::manifest::Mark;
use teranga_sync::message::{Acknowledged, Answer, Asker, More, Push, Request};
use teranga_sync::runs::Runs;
use teranga_sync::thumbnail::Thumbnail;
use teranga_sync::version::Version;

use crate::spelled::{Spelled, array, bytes, hex, number, text, time};

fn version(json: &Json) -> Version {
    Version::numbered(number(&json["version"])).unwrap()
}

fn line(json: &Json) -> Line {
    Line::numbered(number(&json["line"])).unwrap()
}

fn replica(json: &Json) -> ReplicaId {
    ReplicaId(array(json))
}

fn acknowledged(json: &Json) -> Acknowledged {
    Acknowledged { number: number(&json["acknowledged"]), mark: Mark(array(&json["mark"])) }
}

fn more(json: &Json) -> More {
    if json["more"] == 1 { More::Rows } else { More::Nothing }
}

fn spell_pushes(pushes: &[Push]) -> Json {
    let spell = |push: &Push| json!({ "number": push.number, "introduction": push.introduction.spell(), "pack": hex(&push.bytes) });
    pushes.iter().map(spell).collect()
}

fn pushes(json: &Json) -> Vec<Push> {
    let read = |push: &Json| Push {
        number: number(&push["number"]),
        introduction: Option::told(&push["introduction"]),
        version: version(json),
        bytes: bytes(&push["pack"]),
    };
    json["pushes"].as_array().unwrap().iter().map(read).collect()
}

impl Spelled for Request {
    fn spell(&self) -> Json {
        json!({
            "type": 1, "version": self.version.number(), "hub": self.hub, "child": self.replica,
            "line": self.line.number(), "opening": hex(&self.opening.0), "exchange": self.exchange,
            "cursor": self.cursor.spell(), "wanted": self.pull_bytes_max,
            "introductions": self.introductions.spell(), "confirmations": self.confirmations.spell(),
            "judgements": self.judgements.spell(), "pushes": spell_pushes(&self.pushes),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            version: version(json),
            hub: replica(&json["hub"]),
            replica: replica(&json["child"]),
            line: line(json),
            opening: Asker(array(&json["opening"])),
            exchange: number(&json["exchange"]),
            cursor: Cursor::told(&json["cursor"]),
            pull_bytes_max: number(&json["wanted"]),
            introductions: Vec::told(&json["introductions"]),
            confirmations: Vec::told(&json["confirmations"]),
            judgements: Vec::told(&json["judgements"]),
            pushes: pushes(json),
        }
    }
}

impl Spelled for Answer {
    fn spell(&self) -> Json {
        json!({
            "type": 2, "version": self.version.number(), "newest": self.newest, "child": self.replica,
            "line": self.line.number(), "opening": hex(&self.before.0), "exchange": self.exchange,
            "acknowledged": self.acknowledged.number, "mark": hex(&self.acknowledged.mark.0),
            "now": self.hub_time.0, "cursor": self.cursor.spell(), "more": u8::from(self.more == More::Rows),
            "rows": hex(&self.rows),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            version: version(json),
            newest: number(&json["newest"]),
            replica: replica(&json["child"]),
            line: line(json),
            before: Asker(array(&json["opening"])),
            exchange: number(&json["exchange"]),
            acknowledged: acknowledged(json),
            hub_time: time(&json["now"]),
            cursor: Cursor::told(&json["cursor"]),
            more: more(json),
            rows: bytes(&json["rows"]),
        }
    }
}

impl Spelled for Bundle {
    fn spell(&self) -> Json {
        json!({
            "type": BUNDLE, "version": self.version.number(), "hub": self.hub, "child": self.replica,
            "line": self.line.number(), "opening": hex(&self.opening.0), "exchange": self.exchange,
            "cursor": self.cursor.spell(), "continues": u8::from(self.continues),
            "confirmations": self.confirmations.spell(), "pushes": spell_pushes(&self.pushes),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            version: version(json),
            hub: replica(&json["hub"]),
            replica: replica(&json["child"]),
            line: line(json),
            opening: Asker(array(&json["opening"])),
            exchange: number(&json["exchange"]),
            cursor: Cursor::told(&json["cursor"]),
            continues: json["continues"] == 1,
            confirmations: Vec::told(&json["confirmations"]),
            pushes: pushes(json),
        }
    }
}

impl Spelled for RefusedPush {
    fn spell(&self) -> Json {
        json!({ "number": self.number, "mark": hex(&self.mark.0), "code": self.problem.code() })
    }

    fn told(json: &Json) -> Self {
        Self {
            number: number(&json["number"]),
            mark: Mark(array(&json["mark"])),
            problem: Problem::from_code(&text(&json["code"])).unwrap(),
        }
    }
}

impl Spelled for Return {
    fn spell(&self) -> Json {
        json!({
            "type": RETURN, "version": self.version.number(), "newest": self.newest, "child": self.replica,
            "line": self.line.number(), "opening": hex(&self.opening.0), "exchange": self.exchange,
            "acknowledged": self.acknowledged.number, "mark": hex(&self.acknowledged.mark.0),
            "refused": self.refused.spell(), "now": self.hub_time.0, "from": self.from.spell(),
            "cursor": self.cursor.spell(), "more": u8::from(self.more == More::Rows), "rows": hex(&self.rows),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            version: version(json),
            newest: number(&json["newest"]),
            replica: replica(&json["child"]),
            line: line(json),
            opening: Asker(array(&json["opening"])),
            exchange: number(&json["exchange"]),
            acknowledged: acknowledged(json),
            refused: Vec::told(&json["refused"]),
            hub_time: time(&json["now"]),
            from: Cursor::told(&json["from"]),
            cursor: Cursor::told(&json["cursor"]),
            more: more(json),
            rows: bytes(&json["rows"]),
        }
    }
}

impl Spelled for Offer {
    fn spell(&self) -> Json {
        match self.on_behalf_of {
            None => json!({ "file": self.file, "length": self.bytes, "thumbnail": u8::from(self.thumbnail) }),
            Some(replica) => {
                json!({ "file": self.file, "length": self.bytes, "thumbnail": 2, "replica": replica })
            }
        }
    }

    fn told(json: &Json) -> Self {
        let file = FileHash(array(&json["file"]));
        if json["thumbnail"] == 2 {
            return Self::question(file, replica(&json["replica"]));
        }
        let thumbnail = json["thumbnail"] == 1;
        Self { file, bytes: number(&json["length"]), thumbnail, on_behalf_of: None }
    }
}

impl Spelled for Thumbnail {
    fn spell(&self) -> Json {
        json!({
            "image": self.image, "maker": self.maker, "jpeg": hex(&self.jpeg), "signature": hex(&self.signature),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            image: FileHash(array(&json["image"])),
            maker: PublicKey(array(&json["maker"])),
            jpeg: bytes(&json["jpeg"]),
            signature: array(&json["signature"]),
        }
    }
}

impl Spelled for Stretch {
    fn spell(&self) -> Json {
        json!({ "at": self.of, "first": self.first, "chunks": hex(&self.bytes) })
    }

    fn told(json: &Json) -> Self {
        Self { of: number(&json["at"]), first: number(&json["first"]), bytes: bytes(&json["chunks"]) }
    }
}

impl Spelled for Runs {
    fn spell(&self) -> Json {
        let (mut runs, mut left, mut at) = (Vec::new(), 0, 0);
        while at < 4_096 {
            let chunks = (at..4_096).take_while(|chunk| self.contains(*chunk)).count();
            if chunks == 0 {
                left += 1;
                at += 1;
                continue;
            }
            runs.push(json!({ "left": left, "chunks": chunks }));
            at += u32::try_from(chunks).unwrap();
            left = 0;
        }
        json!(runs)
    }

    fn told(json: &Json) -> Self {
        let (mut held, mut at) = (Vec::new(), 0);
        for run in json.as_array().unwrap() {
            let start: u32 = at + number::<u32>(&run["left"]);
            at = start + number::<u32>(&run["chunks"]);
            held.extend(start..at);
        }
        Self::of(held)
    }
}

impl Spelled for Want {
    fn spell(&self) -> Json {
        json!({ "file": self.file, "held": self.held.spell() })
    }

    fn told(json: &Json) -> Self {
        Self { file: FileHash(array(&json["file"])), held: Runs::told(&json["held"]) }
    }
}

impl Spelled for State {
    fn spell(&self) -> Json {
        let thumbnail = u8::from(self.thumbnail_wanted) | u8::from(self.covered) << 1;
        match &self.held {
            Held::Unknown => json!({ "kind": 0, "thumbnail": thumbnail }),
            Held::Whole(proof) => json!({ "kind": 1, "proof": hex(&proof.0), "thumbnail": thumbnail }),
            Held::Some(runs) => json!({ "kind": 2, "chunks": runs.spell(), "thumbnail": thumbnail }),
            Held::Dropped => json!({ "kind": 3, "thumbnail": thumbnail }),
            Held::NoRoom => json!({ "kind": 4, "thumbnail": thumbnail }),
        }
    }

    fn told(json: &Json) -> Self {
        let held = match json["kind"].as_u64().unwrap() {
            0 => Held::Unknown,
            1 => Held::Whole(Proof(array(&json["proof"]))),
            2 => Held::Some(Runs::told(&json["chunks"])),
            3 => Held::Dropped,
            4 => Held::NoRoom,
            other => panic!("no state is {other}"),
        };
        let flags: u8 = number(&json["thumbnail"]);
        Self { held, covered: flags & 2 != 0, thumbnail_wanted: flags & 1 != 0 }
    }
}

impl Spelled for LaneRequest {
    fn spell(&self) -> Json {
        json!({
            "type": 5, "version": self.version.number(), "hub": self.hub, "child": self.replica,
            "line": self.line.number(), "exchange": self.exchange, "wanted": self.pull_bytes_max,
            "offers": self.offers.spell(), "thumbnails": self.thumbnails.spell(),
            "stretches": self.stretches.spell(), "thumbnails_wanted": self.thumbnails_wanted,
            "files": self.wanted.spell(),
        })
    }

    fn told(json: &Json) -> Self {
        let images = json["thumbnails_wanted"].as_array().unwrap();
        Self {
            version: version(json),
            hub: replica(&json["hub"]),
            replica: replica(&json["child"]),
            line: line(json),
            exchange: number(&json["exchange"]),
            pull_bytes_max: number(&json["wanted"]),
            offers: Vec::told(&json["offers"]),
            thumbnails: Vec::told(&json["thumbnails"]),
            stretches: Vec::told(&json["stretches"]),
            thumbnails_wanted: images.iter().map(|image| FileHash(array(image))).collect(),
            wanted: Vec::told(&json["files"]),
        }
    }
}

impl Spelled for LaneAnswer {
    fn spell(&self) -> Json {
        let files: Vec<usize> = self.files.iter().map(|length| length.unwrap_or_default()).collect();
        json!({
            "type": 6, "version": self.version.number(), "child": self.replica, "line": self.line.number(),
            "exchange": self.exchange, "states": self.states.spell(), "looked_for": self.looked_for,
            "thumbnails": self.thumbnails.spell(), "files": files, "stretches": self.stretches.spell(),
        })
    }

    fn told(json: &Json) -> Self {
        let files = json["files"].as_array().unwrap().iter();
        Self {
            version: version(json),
            replica: replica(&json["child"]),
            line: line(json),
            exchange: number(&json["exchange"]),
            states: Vec::told(&json["states"]),
            looked_for: number(&json["looked_for"]),
            thumbnails: Vec::told(&json["thumbnails"]),
            files: files.map(|length| Some(number(length)).filter(|length| *length > 0)).collect(),
            stretches: Vec::told(&json["stretches"]),
        }
    }
}
