//! An interview in the terminal whose answers a device keeps: each is on the disk before the next question is shown.

use teranga_client::interview::Interview;
use teranga_client::{ClientError, Device};
use teranga_core::answers::AnswerError;
use teranga_core::flow::Filling;
use teranga_core::form::Question;
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_hub::world::now;

use super::fill::finish;
use super::{alerts, files};
use crate::failure::Outcome;
use crate::messages::Messages;
use crate::terminal::Keeper;

/// A device and the interview that it keeps.
pub(super) struct Kept<'a> {
    pub(super) device: &'a mut Device,
    pub(super) interview: &'a mut Interview,
    /// The alerts that were said.
    pub(super) alerts: Vec<String>,
}

impl Keeper for Kept<'_> {
    fn filling(&self) -> &Filling {
        self.interview.filling()
    }

    fn answer(&mut self, key: &Key, value: Value) -> Outcome<Result<(), AnswerError>> {
        match self.device.answer(self.interview, key, value) {
            Ok(_) => Ok(Ok(())),
            Err(ClientError::Answer(error)) => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    fn attach(
        &mut self,
        question: &Question,
        typed: &str,
        messages: &Messages,
    ) -> Outcome<Result<Value, AnswerError>> {
        files::attach(self.device, question, typed, messages)
    }

    fn notice(&mut self, messages: &Messages) {
        alerts::tell(self.device, self.interview, &mut self.alerts, messages);
    }

    fn change(&mut self, change: &mut dyn FnMut(&mut Filling) -> Result<(), AnswerError>) -> Outcome {
        Ok(self.device.change(self.interview, change)?)
    }

    fn new_item(&self) -> ItemId {
        ItemId::generate(now(), &mut self.device.drawing())
    }

    fn left(&self, messages: &Messages) -> String {
        messages.with("fill-left", &[("record", &self.interview.record().to_string())])
    }

    fn finish(&mut self, messages: &Messages) -> Outcome {
        finish(self.device, self.interview, messages)?;
        Ok(self.device.replica_mut().drop_loose_files()?)
    }
}
