//! Forms that some catalogue of this process holds already, by their text. What ships is published too, and a replica
//! meets the same texts at every opening: reading a form costs a hundred times what finding it does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::form::{Form, FormErrors};

static READ: Mutex<BTreeMap<String, Weak<Form>>> = Mutex::new(BTreeMap::new());

/// The form of this text: the one that is held somewhere, or a new one.
pub(super) fn form(json: &str) -> Result<Arc<Form>, FormErrors> {
    // Nothing is done under the lock that can fail halfway.
    let held = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(form) = held().get(json).and_then(Weak::upgrade) {
        return Ok(form);
    }
    let form = Arc::new(Form::read(json)?);
    let mut read = held();
    read.retain(|_, form| form.strong_count() > 0);
    read.insert(json.to_owned(), Arc::downgrade(&form));
    Ok(form)
}
