//! What a vector says, in JSON beside its bytes, so that whoever writes a reader elsewhere sees what it should find. Names are those
//! of `sync-protocol.md`; bytes are hexadecimal digits; a batch, a position and what lies within one may need 64 bits and are digits
//! in quotes. Each is read again, so that the bytes also follow from the JSON.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use teranga_core::audience::{Agent, Audience, Clearance, Place};
use teranga_core::class::ClassId;
use teranga_core::id::{
    Batch, ChangeHash, FeedPosition, ManifestHash, OpeningNonce, PublicKey, RecordId, ReplicaId, Salt,
};
use teranga_core::time::Millis;
use teranga_sync::elide::{rebuild, without_frame};
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::feed::{Cursor, ResourceRow, Row, VerdictRow};
use teranga_sync::introduction::{self, Introduction, ReplicaKind};
use teranga_sync::judgement::{Judgement, Stance};
use teranga_sync::manifest::{Authorship, Manifest, Mark};
use teranga_sync::pack::{Entry, Pack, Save};
use teranga_sync::receipt::{Assurance, Receipt};
use teranga_sync::succession::{Inheritance, Succession};

/// What can be told in JSON, and be made of it again.
pub(crate) trait Spelled {
    fn spell(&self) -> Json;
    fn told(json: &Json) -> Self;
}

impl<T: Spelled> Spelled for Vec<T> {
    fn spell(&self) -> Json {
        self.iter().map(T::spell).collect()
    }

    fn told(json: &Json) -> Self {
        json.as_array().unwrap().iter().map(T::told).collect()
    }
}

impl<T: Spelled> Spelled for Option<T> {
    fn spell(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::spell)
    }

    fn told(json: &Json) -> Self {
        (!json.is_null()).then(|| T::told(json))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub(crate) fn bytes(json: &Json) -> Vec<u8> {
    let text = json.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn array<const N: usize>(json: &Json) -> [u8; N] {
    bytes(json).try_into().unwrap()
}

pub(crate) fn text(json: &Json) -> String {
    json.as_str().unwrap().to_owned()
}

pub(crate) fn number<T: TryFrom<u64, Error: std::fmt::Debug>>(json: &Json) -> T {
    json.as_u64().unwrap().try_into().unwrap()
}

/// A number that may need 64 bits.
pub(crate) fn long(json: &Json) -> u64 {
    json.as_str().unwrap().parse().unwrap()
}

pub(crate) fn time(json: &Json) -> Millis {
    Millis(json.as_i64().unwrap())
}

impl Spelled for [u8; 16] {
    fn spell(&self) -> Json {
        json!(hex(self))
    }

    fn told(json: &Json) -> Self {
        array(json)
    }
}

impl Spelled for Cursor {
    fn spell(&self) -> Json {
        json!({
            "position": self.position.0.to_string(), "running": hex(&self.running), "within": self.within.to_string(),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            position: FeedPosition(long(&json["position"])),
            running: array(&json["running"]),
            within: long(&json["within"]),
        }
    }
}

impl Spelled for Introduction {
    fn spell(&self) -> Json {
        json!({
            "key": self.key, "kind": self.kind.code(), "person": self.person, "office": self.office,
            "region": self.audience.place.code(), "reach": introduction::reach_code(&self.audience.reach),
            "classes": self.audience.clearance.names(),
        })
    }

    fn told(json: &Json) -> Self {
        let agent = Agent { office: text(&json["office"]), person: text(&json["person"]) };
        let classes: Vec<String> = json["classes"].as_array().unwrap().iter().map(text).collect();
        Self {
            key: PublicKey(array(&json["key"])),
            kind: ReplicaKind::from_code(number(&json["kind"])).unwrap(),
            person: agent.person.clone(),
            office: agent.office.clone(),
            audience: Audience {
                place: Place::of_code(json["region"].as_str().unwrap()),
                reach: introduction::reach(number(&json["reach"]), &agent).unwrap(),
                clearance: Clearance::of_names(classes.iter().map(String::as_str)),
            },
        }
    }
}

impl Spelled for Erasure {
    fn spell(&self) -> Json {
        json!({
            "record": hex(&self.record.0), "at": self.at.0, "home": self.home, "signature": hex(&self.signature),
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            record: RecordId(array(&json["record"])),
            at: time(&json["at"]),
            home: PublicKey(array(&json["home"])),
            signature: array(&json["signature"]),
        }
    }
}

impl Spelled for Confirmation {
    fn spell(&self) -> Json {
        json!({ "erasure": self.erasure.spell(), "replica": self.replica, "signature": hex(&self.signature) })
    }

    fn told(json: &Json) -> Self {
        Self {
            erasure: Erasure::told(&json["erasure"]),
            replica: ReplicaId(array(&json["replica"])),
            signature: array(&json["signature"]),
        }
    }
}

impl Spelled for Judgement {
    fn spell(&self) -> Json {
        let stance = match self.stance {
            Stance::NotTaken => 0,
            Stance::TakenAfterAll => 1,
        };
        json!({
            "record": hex(&self.record.0), "class": self.class.as_str(), "change": self.change, "stance": stance,
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            record: RecordId(array(&json["record"])),
            class: ClassId::new(text(&json["class"])),
            change: ChangeHash(array(&json["change"])),
            stance: if json["stance"] == 0 { Stance::NotTaken } else { Stance::TakenAfterAll },
        }
    }
}

impl Spelled for Succession {
    fn spell(&self) -> Json {
        json!({ "replica": self.old, "key": self.key, "signature": hex(&self.signature) })
    }

    fn told(json: &Json) -> Self {
        Self {
            old: ReplicaId(array(&json["replica"])),
            key: PublicKey(array(&json["key"])),
            signature: array(&json["signature"]),
        }
    }
}

impl Spelled for Inheritance {
    fn spell(&self) -> Json {
        json!({ "successions": self.successions.spell(), "children": self.children.spell() })
    }

    fn told(json: &Json) -> Self {
        Self { successions: Vec::told(&json["successions"]), children: Vec::told(&json["children"]) }
    }
}

impl Spelled for Entry {
    fn spell(&self) -> Json {
        let body = self.body.as_ref().map(|chunk| hex(without_frame(chunk)));
        json!({
            "record": hex(&self.record.0), "salt": hex(&self.salt.0), "class": self.class.as_str(),
            "change": self.hash, "body": body,
        })
    }

    fn told(json: &Json) -> Self {
        Self {
            record: RecordId(array(&json["record"])),
            salt: Salt(array(&json["salt"])),
            class: ClassId::new(text(&json["class"])),
            hash: ChangeHash(array(&json["change"])),
            body: (!json["body"].is_null()).then(|| rebuild(&bytes(&json["body"]), None).0),
        }
    }
}

impl Spelled for Pack {
    fn spell(&self) -> Json {
        let Manifest { origin, batch, previous, by, signature } = &self.manifest;
        let openings: Vec<String> = by.openings.iter().map(|nonce| hex(&nonce.0)).collect();
        json!({
            "origin": origin, "batch": batch.0.to_string(), "previous": previous, "author": by.author.spell(),
            "openings": openings, "saves": self.saves.spell(), "signature": hex(signature),
        })
    }

    fn told(json: &Json) -> Self {
        let openings: Vec<[u8; 16]> = Vec::told(&json["openings"]);
        let by = Authorship {
            author: Option::told(&json["author"]),
            openings: openings.into_iter().map(OpeningNonce).collect(),
        };
        let manifest = Manifest {
            origin: PublicKey(array(&json["origin"])),
            batch: Batch(long(&json["batch"])),
            previous: ManifestHash(array(&json["previous"])),
            by,
            signature: array(&json["signature"]),
        };
        Self { manifest, saves: Vec::told(&json["saves"]) }
    }
}

impl Spelled for Row {
    fn spell(&self) -> Json {
        match self {
            Self::Save { batch, witness, save } => {
                let mut json =
                    json!({ "row": "save", "batch": batch.0.to_string(), "entries": save.spell() });
                if let Some(witness) = witness {
                    json["row"] = json!("witnessed");
                    json["witness"] = json!(witness);
                }
                json
            }
            Self::Replica(introduction) => json!({ "row": "replica", "said": introduction.spell() }),
            Self::Opening { replica, nonce } => {
                json!({ "row": "opening", "replica": replica, "nonce": hex(&nonce.0) })
            }
            Self::Resource(ResourceRow { kind, id, version, json }) => {
                json!({ "row": "resource", "kind": kind, "id": id, "version": version, "json": json })
            }
            Self::Receipt(Receipt { origin, batch, mark, assurance }) => json!({
                "row": "receipt", "origin": origin, "batch": batch.0.to_string(), "mark": hex(&mark.0),
                "what": assurance.code(),
            }),
            Self::Verdict(VerdictRow { origin, batch, record, class, hash, reason }) => json!({
                "row": "verdict", "origin": origin, "batch": batch.0.to_string(), "record": hex(&record.0),
                "class": class.as_str(), "change": hash, "reason": reason,
            }),
            Self::Leave { record, class } => json!({
                "row": "leave", "record": hex(&record.0), "class": class.as_ref().map_or("", ClassId::as_str),
            }),
            Self::Erase(erasure) => json!({ "row": "erase", "said": erasure.spell() }),
            Self::Fork { origin, batch } => {
                json!({ "row": "fork", "origin": origin, "batch": batch.0.to_string() })
            }
        }
    }

    fn told(json: &Json) -> Self {
        let batch = || Batch(long(&json["batch"]));
        let origin = || ReplicaId(array(&json["origin"]));
        let record = || RecordId(array(&json["record"]));
        let save = |witness| Self::Save { batch: batch(), witness, save: Save::told(&json["entries"]) };
        match json["row"].as_str().unwrap() {
            "save" => save(None),
            "witnessed" => save(Some(ReplicaId(array(&json["witness"])))),
            "replica" => Self::Replica(Introduction::told(&json["said"])),
            "opening" => Self::Opening {
                replica: ReplicaId(array(&json["replica"])),
                nonce: OpeningNonce(array(&json["nonce"])),
            },
            "resource" => Self::Resource(ResourceRow {
                kind: text(&json["kind"]),
                id: text(&json["id"]),
                version: text(&json["version"]),
                json: text(&json["json"]),
            }),
            "receipt" => Self::Receipt(Receipt {
                origin: origin(),
                batch: batch(),
                mark: Mark(array(&json["mark"])),
                assurance: Assurance::from_code(number(&json["what"])).unwrap(),
            }),
            "verdict" => Self::Verdict(VerdictRow {
                origin: origin(),
                batch: batch(),
                record: record(),
                class: ClassId::new(text(&json["class"])),
                hash: ChangeHash(array(&json["change"])),
                reason: text(&json["reason"]),
            }),
            "leave" => Self::Leave {
                record: record(),
                class: Some(text(&json["class"])).filter(|class| !class.is_empty()).map(ClassId::new),
            },
            "erase" => Self::Erase(Erasure::told(&json["said"])),
            "fork" => Self::Fork { origin: origin(), batch: batch() },
            other => panic!("no row is called {other}"),
        }
    }
}
