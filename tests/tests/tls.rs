//! A hub with TLS: a device that trusts its authority syncs, one that trusts nobody does not.

use teranga_tests::{Device, Hub, answers, profile};

#[test]
fn a_device_syncs_over_tls_with_the_authority_it_was_given_and_with_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("hub.pem"), folder.path().join("hub.key"));
    std::fs::write(&certificate, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let hub = Hub::start(&folder.path().join("hq"), &["--tls-cert", certificate, "--tls-key", key]);
    let url = format!("https://{}", hub.address);
    let code = hub.ask(&["code", "--person", "Awa Exemple", "--region", "SN-KL", "--cert", certificate]);
    let device = Device { data: folder.path().join("d"), ledger: folder.path().join("l") };
    device.done(&["init", "--person", "Awa Exemple"]);
    let blind = device.field(&["enrol", "--hub", &url, "--code", &code]).output().unwrap();
    assert_eq!(blind.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&blind.stderr).contains("vouches for the certificate"));
    let plain = format!("http://{}", hub.address);
    let plain = device.field(&["enrol", "--hub", &plain, "--code", &code]).output().unwrap();
    assert!(String::from_utf8_lossy(&plain.stderr).contains("awaits TLS"));
    device.done(&["enrol", "--hub", &url, "--code", &code, "--cert", certificate]);
    let file = answers(folder.path(), "case.json", &profile(1));
    device.done(&["case", "--answers", file.to_str().unwrap()]);
    let told = device.done(&["sync", "--cert", certificate]);
    assert!(told.contains("safe"), "{told}");
}
