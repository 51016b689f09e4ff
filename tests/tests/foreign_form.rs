//! A form that nobody here wrote: imported from Excel, checked, published, and filled like any other. The form is not
//! part of this repository; where it is absent the test says so and passes.

use std::path::Path;

use teranga_client::interview::Setting;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_core::time::Millis;
use teranga_tests::{Device, Hub, answers, command, profile, saved_record};

fn setting(seed: &mut Seeded) -> Setting<'_> {
    Setting { now: Millis(1_772_442_000_000), language: "fr", entropy: seed }
}

#[test]
fn the_socio_economic_survey_is_imported_published_and_filled() {
    let form = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/forms/socio-economic-survey.xlsx");
    if !form.exists() {
        println!("skipped: socio-economic-survey.xlsx is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("F.json");
    let done = |arguments: &[&str], path: &Path, more: &[&Path]| {
        let output =
            command(&["--lang", "en", "form"]).args(arguments).arg(path).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    done(&["import"], &form, &[Path::new("--out"), &json]);
    done(&["check"], &json, &[]);
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    hub.ask(&["publish", json.to_str().unwrap()]);
    let device = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let case = answers(folder.path(), "case.json", &profile(1));
    let case = saved_record(&device.done(&["case", "--answers", case.to_str().unwrap()]));
    device.done(&["sync"]);
    let mut seed = Seeded(5);
    let mut open = teranga_client::Device::open(&device.data, &mut seed).unwrap();
    let forms: Vec<String> = open.catalogue().forms().iter().map(|form| form.form_id().to_owned()).collect();
    let id = forms.iter().find(|id| !["profile", "consent", "rss"].contains(&id.as_str())).unwrap();
    let mut interview = open.begin(id, Some(case.parse().unwrap()), setting(&mut seed)).unwrap();
    let mut answers = seed.clone();
    invent::fill(&mut open, &mut interview, Extent::Whole, setting(&mut seed), &mut answers).unwrap();
    let finished = open.finish(&mut interview, setting(&mut seed)).unwrap();
    assert!(!finished.changes.is_empty());
    drop(open);
    assert!(device.done(&["sync"]).contains("safe"));
}
