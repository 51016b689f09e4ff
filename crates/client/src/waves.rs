//! The wave of a survey: derived from the day of the interview and a date of its case, each time either may have
//! changed, so that the wave that is stored is the one that is told.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use teranga_core::flow::Answers;
use teranga_core::form::{Form, FormRef};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::{Envelope, EventKind, State, keys};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_core::wave::{self, Round};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Interview;

/// The question that gives the day of an interview, where a form has it.
const INTERVIEW_DATE: &str = "interview_date";

impl Device {
    /// The round of an interview that is being finished.
    pub(crate) fn round(&self, interview: &Interview, now: Millis) -> Result<Option<Round>, ClientError> {
        let handed_in = interview.envelope.as_ref().and_then(handed_in);
        let answers = interview.filling.stored();
        self.round_in(&interview.form, interview.draft.case, answers, handed_in.unwrap_or(now))
    }

    /// The wave that a saved record has in another case, where it is not the one that is stored.
    pub(crate) fn wave_in(
        &self,
        record: RecordId,
        case: RecordId,
        now: Millis,
    ) -> Result<Option<(Key, Value)>, ClientError> {
        let values = self.values(record)?;
        let Ok(envelope) = Envelope::read(&values) else { return Ok(None) };
        let Ok(form) = self.form(&envelope.form) else { return Ok(None) };
        let round = self.round_in(&form, Some(case), &values, handed_in(&envelope).unwrap_or(now))?;
        Ok(rewaved(&envelope, round.as_ref()))
    }

    /// The round by the day of the interview and the anchor in the case. An interview whose form asks for no day was
    /// held when it was handed in.
    fn round_in(
        &self,
        form: &Form,
        case: Option<RecordId>,
        answers: &Answers,
        handed_in: Millis,
    ) -> Result<Option<Round>, ClientError> {
        let (Some(waves), Some(case)) = (form.waves(), case) else { return Ok(None) };
        let values = self.values(case)?;
        let day = |values: &BTreeMap<Key, Value>, question: &str| match values.get(&Key::question(question)) {
            Some(Value::Text(text)) => NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok(),
            _ => None,
        };
        let held = day(answers, INTERVIEW_DATE).or_else(|| handed_in.day());
        let anchor = day(&values, &waves.anchor);
        Ok(anchor.zip(held).and_then(|(anchor, held)| wave::round(waves, anchor, held)))
    }

    /// The other interviews with this form that the case has for this round, those that are void left out. An edit
    /// that leaves the round as it is has nothing new to say of them.
    pub(crate) fn others_of_round(
        &self,
        interview: &Interview,
        round: Option<&Round>,
    ) -> Result<Vec<RecordId>, ClientError> {
        let (Some(round), Some(case)) = (round, interview.draft.case) else { return Ok(Vec::new()) };
        if interview.envelope.as_ref().is_some_and(|held| rewaved(held, Some(round)).is_none()) {
            return Ok(Vec::new());
        }
        let own = interview.record();
        let is_of_form =
            |form: &str| form.parse::<FormRef>().is_ok_and(|form| form.form_id == interview.form.form_id());
        let rows = self.replica().records_of_case(case)?.into_iter();
        Ok(rows
            .filter(|row| row.record != own && row.state != State::Voided)
            .filter(|row| row.wave.as_ref() == Some(&round.wave))
            .filter(|row| row.form.as_deref().is_some_and(is_of_form))
            .map(|row| row.record)
            .collect())
    }
}

/// What is to be written so that the wave that is stored is this one. A round that cannot be derived, because its case
/// is not here or lacks its date, leaves what is stored.
pub(crate) fn rewaved(envelope: &Envelope, round: Option<&Round>) -> Option<(Key, Value)> {
    let round = round.filter(|round| envelope.wave.as_ref() != Some(&round.wave))?;
    Some((Key::question(keys::WAVE), Value::text(&round.wave)))
}

fn handed_in(envelope: &Envelope) -> Option<Millis> {
    envelope.events.values().find(|event| event.kind == EventKind::Submitted).map(|event| event.at)
}
