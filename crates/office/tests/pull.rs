//! What a pull token is told: the classes that it may read, what is released to it, and whether that is stale.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::collections::BTreeMap;

use teranga_core::alert::Severity;
use teranga_core::audience::Audience;
use teranga_core::catalogue::ResourceKind;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, Entropy, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::record::Envelope;
use teranga_core::release::{Derived, InputMark, Released};
use teranga_core::shipped::SHIPPED;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_office::Office;
use teranga_office::admin::Command;
use teranga_office::consolidate::{Page, PulledRecord, Since};
use teranga_store::children::PullGrant;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;

const NOW: Millis = Millis(1_772_442_000_000);

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| {
            self.0 = self.0.wrapping_add(1);
            self.0
        });
    }
}

struct Hub {
    office: Office,
    _folder: tempfile::TempDir,
}

impl Hub {
    /// Headquarters with everything published that ships, but for what this leaves out.
    fn open(leaves_out: impl Fn(ResourceKind) -> bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile {
            kind: ReplicaKind::Hub,
            person: "HQ".into(),
            office: "HQ".into(),
            audience: Audience::of_region(None),
        };
        let replica = Replica::create(&folder.path().join("hub"), &profile, &mut Counting(0)).unwrap();
        let mut office = Office::open(replica).unwrap();
        for (kind, json) in SHIPPED.iter().filter(|(kind, _)| !leaves_out(*kind)) {
            let command = Command::Publish { kind: kind.code().into(), json: (*json).to_owned() };
            office.admin(command, &mut Counting(0), NOW).unwrap();
        }
        Self { office, _folder: folder }
    }

    fn save(&mut self, form: &str, parts: &[(&str, &[(&str, &str)])]) {
        let form = self.office.catalogue().latest_form(form).unwrap().reference().to_string();
        let envelope = Envelope {
            form: form.clone(),
            case: None,
            wave: None,
            region: "SN-KL".into(),
            events: BTreeMap::new(),
        };
        let edit = |(class, answers): &(&str, &[(&str, &str)])| PartEdit {
            class: ClassId::new(*class),
            edits: answers.iter().map(|(key, value)| (Key::from_text(*key), Value::text(*value))).collect(),
        };
        let mut parts: Vec<PartEdit> = parts.iter().map(edit).collect();
        parts.push(PartEdit { class: ClassId::new("open"), edits: envelope.write() });
        let (record, salt) = (RecordId([1; 16]), Salt([2; 16]));
        let save = Save { record, salt, form, at: NOW, parts, draft: DraftFate::Clear };
        self.office.replica_mut().save(&save).unwrap();
    }

    /// The one record, as a token for these classes is told of it.
    fn pull(&mut self, classes: &[&str]) -> Result<PulledRecord, Problem> {
        let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        let token = classes.join("+");
        self.office
            .replica_mut()
            .add_pull_token(&token, &PullGrant { name: String::new(), classes })
            .unwrap();
        let page = self.office.pull(&token, Since::default()).map_err(|rejected| rejected.problem)?;
        let page: Page = serde_json::from_slice(&page).unwrap();
        Ok(page.records.into_iter().next().unwrap())
    }
}

fn mark(heads: &[(&str, u8)]) -> InputMark {
    let heads = heads.iter().map(|(class, head)| (ClassId::new(*class), vec![ChangeHash([*head; 32])]));
    InputMark::of(&heads.collect())
}

/// A released age band with the mark of these heads.
fn band(heads: &[(&str, u8)]) -> String {
    released("age-band@1", heads, Derived::AgeBand(Some("25-34".into())))
}

/// A value as a device sets it down, with the mark of these heads.
fn released(by: &str, heads: &[(&str, u8)], derived: Derived) -> String {
    Released { by: by.into(), inputs: mark(heads), derived }.to_string()
}

/// What is released of a record, each as `release=value`, and `stale` behind where it is.
fn releases(record: &PulledRecord) -> Vec<String> {
    let told = record.releases.iter().map(|told| {
        let stale = if told.stale { " stale" } else { "" };
        format!("{}={}{stale}", told.release, told.value.as_deref().unwrap_or("-"))
    });
    told.collect()
}

#[test]
fn a_score_goes_out_with_its_answers_or_by_a_release_and_never_by_a_scheme_alone() {
    let parts: [(&str, &[(&str, &str)]); 2] =
        [("survey", &[("E01", "ok"), ("E02", "never")]), ("protected", &[("P07", "never")])];
    let mut hub = Hub::open(|_| false);
    hub.save("rss", &parts);
    assert!(hub.pull(&["open"]).unwrap().scores.is_some());
    let mut hub = Hub::open(|kind| kind == ResourceKind::Release);
    hub.save("rss", &parts);
    let told = hub.pull(&["open", "survey"]).unwrap();
    assert!(told.scores.is_none() && told.values.len() == 2);
    let told = hub.pull(&["open", "survey", "protected"]).unwrap();
    assert!(told.scores.is_some_and(|scores| !scores.stale));
}

#[test]
fn a_token_that_may_not_read_envelopes_is_told_nothing() {
    let mut hub = Hub::open(|_| false);
    hub.save("rss", &[("survey", &[("E01", "ok")])]);
    assert_eq!(hub.pull(&["survey"]).unwrap_err(), Problem::Forbidden);
}

#[test]
fn what_was_released_from_other_answers_than_those_here_is_stale() {
    for (heads, stale) in [(&[][..], false), (&[("personal", 9)][..], true)] {
        let mut hub = Hub::open(|_| false);
        hub.save("profile", &[("open", &[("_release/age-band", &band(heads))])]);
        let told = hub.pull(&["open"]).unwrap().age_band.unwrap();
        assert_eq!((told.band.as_str(), told.stale), ("25-34", stale));
    }
}

#[test]
fn where_the_answers_are_held_the_value_is_derived_again() {
    let mut hub = Hub::open(|_| false);
    let old = band(&[("personal", 9)]);
    let open = [("_release/age-band", old.as_str()), ("return_date", "2026-01-15")];
    hub.save("profile", &[("open", &open), ("personal", &[("birth_date", "2009")])]);
    let told = hub.pull(&["open"]).unwrap();
    assert_eq!(told.age_band.map(|band| (band.band, band.stale)), Some(("15-17".into(), false)));
    assert!(told.values.keys().eq(["return_date"]));
}

#[test]
fn what_devices_set_down_is_told_with_its_staleness_where_the_answers_are_not_held() {
    let others = [("protection", 9)];
    let (alert, level, needed) = (
        released("protection-alert@1", &[], Derived::Alert(Some(Severity::High))),
        released("protection-level@1", &others, Derived::Code(None)),
        released("protection-referral-needed@0", &[], Derived::Flag(true)),
    );
    let open = [
        ("_release/protection-alert", alert.as_str()),
        ("_release/protection-level", &level),
        ("_release/protection-referral-needed", &needed),
    ];
    let mut hub = Hub::open(|_| false);
    hub.save("protection", &[("open", &open)]);
    let told = hub.pull(&["open"]).unwrap();
    let expected =
        ["protection-alert=high", "protection-level=- stale", "protection-referral-needed=1 stale"];
    assert_eq!(releases(&told), expected);
    assert!(told.values.is_empty() && told.alerts.is_empty());
    let mut hub = Hub::open(|_| false);
    hub.save("protection", &[("open", &open[..1])]);
    assert_eq!(releases(&hub.pull(&["open"]).unwrap()), ["protection-alert=high"], "and no more than that");
}

#[test]
fn an_open_token_is_told_how_grave_and_only_one_for_its_class_which_alert() {
    let old = released("protection-alert@1", &[], Derived::Alert(None));
    let answers = [("level", "high"), ("safe_tonight", "no"), ("referral_agreed", "no")];
    let mut hub = Hub::open(|_| false);
    hub.save("protection", &[("open", &[("_release/protection-alert", &old)]), ("protection", &answers)]);
    let told = hub.pull(&["open", "survey", "personal"]).unwrap();
    let expected = ["protection-alert=critical", "protection-level=high", "protection-referral-needed=0"];
    assert_eq!(releases(&told), expected);
    assert!(told.alerts.is_empty() && told.values.is_empty(), "{told:?}");
    let told = hub.pull(&["open", "protection"]).unwrap();
    let named: Vec<_> =
        told.alerts.iter().map(|alert| (alert.alert.as_str(), alert.severity.as_str())).collect();
    assert_eq!(named, [("protection-unsafe-tonight", "critical"), ("protection-level", "high")]);
    let mut hub = Hub::open(|kind| kind == ResourceKind::Release);
    hub.save("protection", &[("protection", &answers)]);
    assert!(hub.pull(&["open"]).unwrap().releases.is_empty(), "nothing names it as released");
}
