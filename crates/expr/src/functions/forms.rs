//! Functions that ask the form around.

use super::Call;
use crate::error::EvalError;
use crate::instance::Instance;

#[derive(Debug, Clone, Copy)]
pub(super) enum Forms {
    ChoiceName,
    Itext,
    Property,
    PullData,
    Version,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Forms) -> Result<String, EvalError> {
    let form = call.run.context.form;
    match function {
        Forms::Itext => form.itext(&call.text(0)?),
        Forms::ChoiceName => form.choice_name(&call.text(0)?, &call.text(1)?),
        Forms::Property => form.property(&call.text(0)?),
        Forms::PullData => form.pull_data(&call.text(0)?, &call.text(1)?, &call.text(2)?, &call.text(3)?),
        Forms::Version => form.property("version"),
    }
}
