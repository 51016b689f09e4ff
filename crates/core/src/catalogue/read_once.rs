//! Resources that some catalogue of this process holds already, by their text. What ships is published too, and a replica
//! meets the same texts at every opening: reading a form costs a hundred times what finding it does.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Held = Weak<dyn Any + Send + Sync>;

static READ: Mutex<BTreeMap<String, Held>> = Mutex::new(BTreeMap::new());

/// What this text says: what is held somewhere, or read anew.
pub(super) fn read_once<T, E>(json: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<Arc<T>, E>
where
    T: Any + Send + Sync,
{
    // Nothing is done under the lock that can fail halfway.
    let held = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = held().get(json).and_then(Weak::upgrade)
        && let Ok(known) = known.downcast()
    {
        return Ok(known);
    }
    let known = Arc::new(read(json)?);
    let shared: Arc<dyn Any + Send + Sync> = Arc::clone(&known) as _;
    let mut all = held();
    all.retain(|_, held| held.strong_count() > 0);
    all.insert(json.to_owned(), Arc::downgrade(&shared));
    Ok(known)
}
