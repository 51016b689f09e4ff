//! The hub's half of an exchange, as far as it is the store's: cutting the answer once packs are in; and what goes back
//! for a bundle.

use std::collections::BTreeMap;

use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::feed::{Cursor, Row, encode};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;
use teranga_sync::message::{Answer, Asker, More, Push, Request};
use teranga_sync::pack::Entry;

use crate::erase;
use crate::error::Result;
use crate::feed;
use crate::holders;
use crate::replica::Replica;
use crate::strangers;
use crate::verdicts;

impl Replica {
    /// The answer to a request whose packs were taken: how far its outbox is held, and the rows that follow; and who
    /// asked before.
    pub fn answer(
        &mut self,
        child: &Introduction,
        request: &Request,
        before: Asker,
        now: Millis,
    ) -> Result<Answer> {
        let id = replica_id(&child.key);
        let reader = feed::Reader { child: id, line: Some(request.line), audience: &child.audience };
        let transaction = self.database_mut().transaction()?;
        let cut = feed::cut(&transaction, reader, request.cursor, request.pull_bytes_max)?;
        strangers::note_introduced(&transaction, child, &cut.rows)?;
        transaction.commit()?;
        self.answer_of(cut, (id, request), before, now)
    }

    /// The answer to a request of a revoked replica whose packs were held aside: how far its outbox is held, the verdicts on
    /// what it brought and the home's word on what it brought or may hold and was erased, nothing else of the feed. There is more, it
    /// says: what is told to whoever asks on is the refusal. `None` where it brought nothing and has nothing to destroy.
    pub fn answer_revoked(
        &self,
        child: &Introduction,
        request: &Request,
        before: Asker,
        now: Millis,
    ) -> Result<Option<Answer>> {
        let id = replica_id(&child.key);
        let (mut rows, words) = (Vec::new(), self.words_for(id, &request.pushes)?);
        if request.pushes.is_empty() && words.is_empty() {
            return Ok(None);
        }
        for entry in entries(&request.pushes).filter(|entry| !words.contains_key(&entry.record)) {
            let verdict = verdicts::on(self.connection(), (entry.record, &entry.class, entry.hash))?;
            rows.extend(verdict.map(Row::Verdict));
        }
        rows.extend(words.into_values());
        let cut = feed::Cut { rows, cursor: request.cursor, more: More::Rows };
        self.answer_of(cut, (id, request), before, now).map(Some)
    }

    /// The answer that gives these rows.
    fn answer_of(
        &self,
        cut: feed::Cut,
        (child, request): (ReplicaId, &Request),
        before: Asker,
        now: Millis,
    ) -> Result<Answer> {
        Ok(Answer {
            version: request.version,
            newest: self.spoken().newest.number(),
            replica: child,
            line: request.line,
            before,
            exchange: request.exchange,
            acknowledged: self.received(child, request.line)?,
            hub_time: now,
            cursor: cut.cursor,
            more: cut.more,
            rows: if cut.rows.is_empty() { Vec::new() } else { encode(&cut.rows, request.version) },
        })
    }

    /// The home's word for a revoked replica, on each erased record that it has not destroyed, or of which these packs bring something.
    fn words_for(&self, replica: ReplicaId, pushes: &[Push]) -> Result<BTreeMap<RecordId, Row>> {
        let outstanding = holders::words_for(self.connection(), replica)?;
        let mut words: BTreeMap<RecordId, Row> =
            outstanding.into_iter().map(|word| (word.record, Row::Erase(word))).collect();
        for entry in entries(pushes).filter(|entry| entry.body.is_some()) {
            if let Some(word) = erase::word_on(self.connection(), entry.record)? {
                words.insert(entry.record, word);
            }
        }
        Ok(words)
    }

    /// What goes back for a bundle whose packs were taken, with so many bytes of rows from a place in the feed on. None is left out: who
    /// made the bundle may have a copy that brought them.
    pub fn return_of(
        &mut self,
        child: &Introduction,
        bundle: &Bundle,
        (from, bytes_max): (Cursor, usize),
        now: Millis,
    ) -> Result<Return> {
        let id = replica_id(&child.key);
        let reader = feed::Reader { child: id, line: None, audience: &child.audience };
        let transaction = self.database_mut().transaction()?;
        let cut = feed::cut(&transaction, reader, from, bytes_max)?;
        strangers::note_introduced(&transaction, child, &cut.rows)?;
        transaction.commit()?;
        self.returned(cut, bundle, from, now)
    }

    /// What goes back for a bundle of a revoked replica that brings or may hold something that was erased: the home's word on it, and
    /// that there is more, as in an answer. `None` where there is nothing of the kind.
    pub fn return_to_revoked(&self, bundle: &Bundle, now: Millis) -> Result<Option<Return>> {
        let rows: Vec<Row> = self.words_for(bundle.replica, &bundle.pushes)?.into_values().collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let cut = feed::Cut { rows, cursor: bundle.cursor, more: More::Rows };
        self.returned(cut, bundle, bundle.cursor, now).map(Some)
    }

    /// The return that gives these rows.
    fn returned(&self, cut: feed::Cut, bundle: &Bundle, from: Cursor, now: Millis) -> Result<Return> {
        Ok(Return {
            version: bundle.version,
            newest: self.spoken().newest.number(),
            replica: bundle.replica,
            line: bundle.line,
            opening: bundle.opening,
            exchange: bundle.exchange,
            acknowledged: self.received(bundle.replica, bundle.line)?,
            refused: Vec::new(),
            hub_time: now,
            from,
            cursor: cut.cursor,
            more: cut.more,
            rows: if cut.rows.is_empty() { Vec::new() } else { encode(&cut.rows, bundle.version) },
        })
    }
}

/// The changes that packs name.
fn entries(pushes: &[Push]) -> impl Iterator<Item = Entry> {
    pushes.iter().filter_map(|push| push.pack().ok()).flat_map(|pack| pack.saves).flatten()
}
