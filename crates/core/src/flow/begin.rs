//! The items that the repeats of a new record, or of a new item, begin with, and the values that these begin with.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::form::{Kind, Question};

use super::Filling;
use super::instance::NodeId;
use super::items::{Birth, ITEMS_MAX};
use super::outcome::Outcome;
use super::tables::plain;

type Values = Map<String, Json>;

impl Filling {
    /// Gives what a section holds the values that it begins with, and its repeats their first items. What `given`
    /// does not name begins as the form says.
    pub(super) fn begin(&mut self, section: NodeId, given: Option<&Values>, birth: Birth) {
        let form = Arc::clone(&self.form);
        let Some(row) = form.row(self.row_of(section)) else { return };
        for child in row.children.iter().filter_map(|child| form.row(*child)) {
            let value = given.and_then(|given| given.get(&child.name));
            if child.kind == Kind::Repeat {
                self.begin_repeat(section, child, value, birth);
                continue;
            }
            let node = self.instance.slot(section, child.row).and_then(|slot| slot.nodes.first().copied());
            let Some(node) = node else { continue };
            match value {
                value if child.kind == Kind::Group => {
                    self.begin(node, value.and_then(Json::as_object), birth)
                }
                Some(value) => {
                    let value = self.default_value(child, Outcome::Text(plain(value)));
                    self.write(node, value);
                }
                None => {}
            }
        }
    }

    fn begin_repeat(&mut self, section: NodeId, repeat: &Question, given: Option<&Json>, birth: Birth) {
        let form = Arc::clone(&self.form);
        let own = form.program().asked.get(repeat.row.index()).map_or(&[][..], |asked| &asked.instances);
        let given: Option<Vec<&Values>> =
            given.and_then(Json::as_array).map(|items| items.iter().filter_map(Json::as_object).collect());
        let items = given.unwrap_or_else(|| own.iter().collect());
        for (place, values) in items.into_iter().take(ITEMS_MAX).enumerate() {
            self.grow_counted(section, repeat, place, Some(values), birth);
        }
    }
}
