//! Red-flag alerts: what an answer calls for at once, as data that is published like a form. An alert names the answers
//! that raise it, who is told and by when, and what to do now; all of it is at hand where the form is filled, without
//! any network.

use serde::{Deserialize, Serialize};

use crate::class::ClassId;
use crate::flow::Filling;
use crate::form::{Condition, Form, FormErrors, Question};
use crate::text::Text;

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something to offer or to watch.
    Moderate,
    /// Someone must act within days.
    High,
    /// Someone must act now.
    Critical,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: [Self; 3] = [Self::Moderate, Self::High, Self::Critical];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.code() == code)
    }
}

/// An alert as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The identity over all versions.
    pub alert_id: String,
    /// The version.
    pub version: String,
    /// The form whose answers raise it.
    pub form: String,
    /// What happened, in one line.
    pub title: Text,
    /// The condition, in the language of the form's own expressions.
    pub when: String,
    /// How grave it is.
    pub severity: Severity,
    /// Who is told: codes of the list `contacts`.
    pub tell: Vec<String>,
    /// The code list that gives the contacts; a deployment publishes it with its own telephone numbers.
    pub contacts: String,
    /// Within how many hours they are told; 0 is at once.
    pub within_hours: u32,
    /// What to do now, shown to whoever fills the form.
    pub now: Text,
    /// The class of the flag: who may read it may be told which alert was raised.
    pub to: ClassId,
}

/// An alert with its condition compiled for one version of its form.
#[derive(Debug, Clone)]
pub struct Watch<'a> {
    alert: &'a Alert,
    condition: Condition,
}

impl Alert {
    /// Compiles the condition over a version of its form; the findings name the alert and the bytes of the condition.
    pub fn watch(&self, form: &Form) -> Result<Watch<'_>, FormErrors> {
        let condition = form.condition(&self.alert_id, &self.when).map_err(FormErrors)?;
        Ok(Watch { alert: self, condition })
    }

    /// How results name it: `health-suicide@1`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.alert_id, self.version)
    }
}

impl<'a> Watch<'a> {
    /// The alert.
    pub fn alert(&self) -> &'a Alert {
        self.alert
    }

    /// Whether the alert is raised; `None` where that cannot be told here.
    pub fn stands(&self, filling: &Filling) -> Option<bool> {
        filling.fulfils(&self.condition)
    }

    /// The questions that raise it.
    pub fn reads<'f>(&self, form: &'f Form) -> Vec<&'f Question> {
        self.condition.reads(form)
    }
}

/// The alerts that a filling raises, the gravest first. What cannot be told here raises nothing.
pub fn raised<'a>(filling: &Filling, watches: &[Watch<'a>]) -> Vec<&'a Alert> {
    let standing = watches.iter().filter(|watch| watch.stands(filling) == Some(true));
    let mut raised: Vec<&Alert> = standing.map(|watch| watch.alert).collect();
    raised.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    raised
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::flow::{FlowContext, Held};
    use crate::form::Lists;
    use crate::key::Key;
    use crate::value::Value;

    fn form(version: &str) -> Arc<Form> {
        let form = json!({"form_id": "f", "version": version, "survey": [
            {"type": "select_multiple", "list": "signs", "name": "signs", "sensitivity": "protected"},
            {"type": "integer", "name": "days", "sensitivity": "open"}],
            "choices": {"signs": [{"name": "harm", "label": "h"}, {"name": "none", "label": "n"}]}});
        Arc::new(Form::parse(&form).unwrap())
    }

    fn alert(id: &str, when: &str, severity: Severity) -> Alert {
        Alert {
            alert_id: id.into(),
            version: "1".into(),
            form: "f".into(),
            title: "t".into(),
            when: when.into(),
            severity,
            tell: vec!["lead".into()],
            contacts: "contacts".into(),
            within_hours: 1,
            now: "n".into(),
            to: ClassId::new("protected"),
        }
    }

    fn filling(form: &Arc<Form>, held: Held) -> Filling {
        let context = FlowContext { held, ..FlowContext::default() };
        Filling::new(Arc::clone(form), &Lists::new(), BTreeMap::new(), context)
    }

    #[test]
    fn an_answer_raises_its_alert_and_the_gravest_comes_first() {
        let form = form("1");
        let alerts = [
            alert("few-days", "${days} < 4", Severity::Moderate),
            alert("harm", "selected(${signs}, 'harm')", Severity::Critical),
        ];
        let watches: Vec<Watch<'_>> = alerts.iter().map(|alert| alert.watch(&form).unwrap()).collect();
        let ids = |filling: &Filling| {
            raised(filling, &watches).into_iter().map(|a| a.alert_id.clone()).collect::<Vec<_>>()
        };
        let mut filled = filling(&form, Held::All);
        assert!(ids(&filled).is_empty());
        filled.set(&Key::question("days"), Value::Int(3)).unwrap();
        filled.set(&Key::question("signs"), Value::text("harm")).unwrap();
        assert_eq!(ids(&filled), ["harm", "few-days"]);
        filled.set(&Key::question("signs"), Value::text("none")).unwrap();
        assert_eq!(ids(&filled), ["few-days"]);
    }

    #[test]
    fn what_is_hidden_or_of_another_version_raises_nothing() {
        let (old, new) = (form("1"), form("2"));
        let alert = alert("always", "not(selected(${signs}, 'none'))", Severity::High);
        let watch = [alert.watch(&old).unwrap()];
        assert_eq!(raised(&filling(&old, Held::All), &watch).len(), 1);
        let open = Held::Only(BTreeSet::from([ClassId::new("open")]));
        assert!(raised(&filling(&old, open), &watch).is_empty());
        assert!(raised(&filling(&new, Held::All), &watch).is_empty());
    }

    #[test]
    fn a_condition_that_names_nothing_is_refused_with_its_place_and_a_suggestion() {
        let errors = alert("harm", "${sign} = 'x'", Severity::High).watch(&form("1")).unwrap_err();
        let told = errors.0.first().unwrap().to_string();
        assert!(told.starts_with("harm · when [0..7]") && told.contains("signs"), "{told}");
    }
}
