//! Red flags in the terminal: what the answers raise is said at once, with what to do and whom to tell.

use teranga_client::Device;
use teranga_client::interview::Interview;
use teranga_core::alert::Alert;
use teranga_core::catalogue::Catalogue;

use crate::messages::Messages;
use crate::say::say;

/// Says what is raised and was not before. `told` is what was said already; what is no longer raised is forgotten.
pub(super) fn tell(device: &Device, interview: &Interview, told: &mut Vec<String>, messages: &Messages) {
    let raised = interview.alerts(device.catalogue());
    for alert in raised.iter().filter(|alert| !told.contains(&alert.alert_id)) {
        say_one(alert, device.catalogue(), interview.form().default_language(), messages);
    }
    *told = raised.into_iter().map(|alert| alert.alert_id.clone()).collect();
}

fn say_one(alert: &Alert, catalogue: &Catalogue, default_language: &str, messages: &Messages) {
    let language = messages.language().code();
    let severity = messages.text(&format!("alert-{}", alert.severity.code()));
    let title = alert.title.get(language, default_language);
    say!("\n  {}", messages.with("alert-raised", &[("severity", &severity), ("title", title)]));
    say!("  {}", alert.now.get(language, default_language));
    let contacts = catalogue.list(&alert.contacts);
    for code in &alert.tell {
        let entry = contacts.and_then(|list| list.entry(code));
        let who = entry.map_or(code.as_str(), |entry| entry.label.get(language, default_language));
        let phone = entry.and_then(|entry| entry.properties.get("phone")).filter(|phone| !phone.is_empty());
        let phone = phone.cloned().unwrap_or_else(|| messages.text("alert-no-phone"));
        let hours = alert.within_hours.to_string();
        let told = [("who", who), ("phone", phone.as_str()), ("hours", hours.as_str())];
        let key = if alert.within_hours == 0 { "alert-tell-now" } else { "alert-tell-within" };
        say!("  {}", messages.with(key, &told));
    }
}
