//! `teranga verify` as people use it: a sound replica is said to be sound; a byte that a disk turned over is named, with what
//! to do; and what is said to mend it does.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper that cannot go on must stop the test"
)]

use std::path::Path;

use teranga_store::FILE;
use teranga_tests::{Device, Hub, answers, command, profile, saved_record};

/// What the command prints of a replica and what it complains of, and whether it is content.
fn verify(language: &str, data: &Path) -> (bool, String, String) {
    let output = command(&["--lang", language, "verify", "--data"]).arg(data).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// Turns over one bit of the byte in the middle of the last place where these bytes stand in a closed database.
fn flip(data: &Path, within: &[u8]) {
    let file = data.join(FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(within.len()).rposition(|window| window == within).unwrap();
    bytes[at + within.len() / 2] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_flipped_byte_of_a_device_is_named_and_a_new_replica_gets_everything_from_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let file = answers(folder.path(), "case.json", &profile(1));
    let record = saved_record(&awa.done(&["case", "--answers", file.to_str().unwrap()]));
    assert!(awa.sync(&hub.url()).status.success());
    let (content, said, _) = verify("fr", &awa.data);
    assert!(content && said.contains("Tout est tel qu'il a été écrit"), "{said}");

    flip(&awa.data, b"\"Exemple 1\"");
    let (content, said, complaint) = verify("fr", &awa.data);
    assert!(!content);
    assert!(said.contains(&format!("Enregistrement {record}, classe personal")), "{said}");
    assert!(said.contains("ce qui est montré des enregistrements (table part)"), "{said}");
    assert!(complaint.contains("2 défaut(s)") && complaint.contains("teranga field enrol"), "{complaint}");
    let (content, said, complaint) = verify("en", &awa.data);
    assert!(!content && said.contains(&format!("Record {record}, class personal")), "{said}");
    assert!(complaint.contains("2 flaw(s)") && complaint.contains("teranga field enrol"), "{complaint}");

    // What is said to mend it: all that can be brought is brought, and a new replica begins beside the old one.
    assert!(awa.sync(&hub.url()).status.success());
    assert!(!verify("fr", &awa.data).0, "a sync alone mends nothing here");
    let anew = Device::new(folder.path(), "awa2", &hub, "SN-KL");
    assert!(anew.sync(&hub.url()).status.success());
    assert!(verify("fr", &anew.data).0);
    assert!(anew.done(&["show", &record]).contains("Awa"));
}

#[test]
fn a_flipped_byte_of_a_hub_is_named_and_its_backup_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let case = |number: usize| {
        let file = answers(folder.path(), "case.json", &profile(number));
        awa.done(&["case", "--answers", file.to_str().unwrap()]);
        assert!(awa.sync(&hub.url()).status.success());
    };
    case(1);
    let backups = folder.path().join("backups");
    hub.ask(&["backup", backups.to_str().unwrap()]);
    case(2);
    hub.kill();
    assert!(verify("fr", &hub.data).0);
    // The code by which Awa was enrolled is nobody's signed word, and nothing follows from it.
    flip(&hub.data, b"awaSN-KL");
    let (content, said, complaint) = verify("fr", &hub.data);
    assert!(!content && said.contains("(table "), "{said}");
    assert!(complaint.contains("dernière sauvegarde"), "{complaint}");

    let names = std::fs::read_dir(&backups).unwrap().map(|file| file.unwrap().path());
    let database = names.into_iter().find(|path| path.to_str().unwrap().contains("replica-")).unwrap();
    std::fs::copy(database, hub.data.join(FILE)).unwrap();
    assert!(verify("fr", &hub.data).0);
    hub.restart();
    assert!(awa.sync(&hub.url()).status.success());
    hub.kill();
    assert!(verify("fr", &hub.data).0);
    assert_eq!(
        teranga_tests::replica(&hub.data).records().unwrap().len(),
        2,
        "what the backup lacked came again"
    );
}
