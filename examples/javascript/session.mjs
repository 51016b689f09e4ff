// Speaking with the hub: sections 4, 6 and 7 of sync-protocol.md, in version 0 alone, which every hub speaks.
import { setTimeout as pause } from 'node:timers/promises';
import { holds, lineOf, nameOf } from './replica.mjs';
import * as wire from './wire.mjs';
const refusal = (code, status, after) => Object.assign(new Error(code), { refused: code, forGood: status < 500, after });
async function post(url, body, type) {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) throw refusal('not-https', 400);
  const options = { method: 'POST', headers: { 'content-type': type }, redirect: 'error', signal: AbortSignal.timeout(120_000) };
  const answer = await fetch(url, { ...options, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) return bytes;
  const { code } = JSON.parse(bytes); // What comes without a code does not come from a hub.
  throw code ? refusal(code, answer.status, answer.headers.get('retry-after')) : new Error(`status ${answer.status}`);
}
export async function enrol(held, url, spelled) {
  const code = spelled.toUpperCase().replace(/[^0-9A-Z]/g, '');
  const body = { protocol: [0, 0], code, key: held.key, signature: held.sign('teranga enrol 0\n', code, wire.raw(held.key)) };
  const answer = JSON.parse(await post(`${url}/v1/enrol`, JSON.stringify(body), 'application/json'));
  const meant = wire.spelled(wire.sha256(wire.raw(answer.hub_key)).slice(0, 16)) === code.slice(16);
  const said = ['teranga enrolled 0\n', code, wire.raw(held.key), wire.encode(wire.enrolled, answer)];
  if (!meant || !holds(answer.hub_key, answer.signature, ...said)) throw refusal('another-hub', 400);
  Object.assign(held, { hub: { url, key: answer.hub_key, home: answer.home_key } }).save();
}
function ask(held, sending) {
  if (sending && held.acknowledged === held.outbox.length && held.pending.length) held.cut();
  held.exchange += 1;
  held.save(); // A number that may have been sent is never used again, whatever happens now.
  const pushes = held.outbox.slice(held.acknowledged).slice(0, sending ? 1 : 0).map(batch => {
    const tables = wire.tablesOf(held.pack(batch).saves, held.salts);
    const stored = wire.encode(wire.pack, { ...held.pack(batch), tables }).toString('hex');
    return { number: held.acknowledged + 1, introduction: [], pack: { encoding: 0, length: stored.length / 2, stored } };
  });
  const sides = { hub: nameOf(held.hub.key), child: held.id, opening: held.openings.at(-1).slice(0, 16), signature: '00'.repeat(64) };
  const content = { wanted: 2 ** 20, introductions: [], confirmations: held.unconfirmed.slice(0, 64), judgements: [], pushes };
  const front = wire.encode(wire.request, { ...held, ...wire.START, type: 1, ...sides, ...content }).subarray(0, -64);
  return { bytes: Buffer.concat([front, wire.raw(held.sign(front))]), pushes };
}
/** What the rows of a feed do to what is held. */
const take = {
  save(held, { batch, witness, entries }, salts) {
    const bodies = new Set(held.log.flatMap(save => save.entries).filter(({ body }) => body).map(({ hash }) => hash));
    const fresh = entries.filter(({ record, hash }) => !bodies.has(hash) && !held.erased[record]);
    for (const { record, cls } of fresh) {
      if ((held.salts[record] ??= salts[record]) !== salts[record]) throw new Error('a record has one salt');
      for (const place of [`${record}/`, `${record}/${cls}`]) delete held.left[place];
    }
    for (const { hash } of entries) delete held.refused[hash]; // It was taken after all.
    // What a copy of this replica has sent need not be sent again.
    held.pending = held.pending.filter(save => !save.entries.every(({ hash }) => entries.some(entry => entry.hash === hash)));
    if (fresh.length) held.received.push({ batch, witness, entries: fresh });
  },
  replica: (held, { key }) => (held.keys[nameOf(key)] = key),
  opening: (held, { replica, nonce }) => (held.actors[nameOf(held.keys[replica] ?? '', nonce)] = { replica, nonce }),
  resource: (held, { type, id, version, json }) => type === 'form' && (held.forms[`${id}@${version}`] = JSON.parse(json)),
  receipt: (held, { origin, batch, mark, what }) =>
    (origin !== held.id || held.pack(batch)?.hash.startsWith(mark)) && (held.receipts[`${origin}/${lineOf(batch)}/${what}`] = batch),
  verdict: (held, { hash, reason }) => (held.refused[hash] = reason),
  leave: (held, { record, cls }) => (held.left[`${record}/${cls}`] = { record, cls }),
  fork(held, { origin, batch }) { // What can go no further is offered once more, and its refusal begins a line.
    const ends = other => origin === held.id && lineOf(other) === lineOf(batch) && BigInt(other) >= BigInt(batch);
    held.outbox = [...held.outbox.filter(other => !ends(other)), ...held.packs.map(pack => pack.batch).filter(ends)];
  },
  erase(held, erasure) {
    if ((held.hub.home ?? erasure.home) !== erasure.home) return; // Only the home destroys; the rest is taken.
    const [record, at] = [wire.raw(erasure.record), wire.encode(wire.number, erasure.at)];
    if (!holds(erasure.home, erasure.signature, 'teranga erase 0\n', record, at)) throw new Error('nobody said so');
    held.forget(entry => entry.record === erasure.record);
    delete held.salts[erasure.record];
    const signature = held.sign('teranga erased 0\n', record, wire.raw(held.id));
    held.unconfirmed.push((held.erased[erasure.record] = { erasure, replica: held.id, signature }));
  },
};
/** Takes a block of rows. What left is let go once the home's backup covers every change of it. */
function takeRows(held, { tables, rows }) {
  const salts = Object.fromEntries(tables.records.map((record, at) => [record, tables.salts[at]]));
  for (const { row, said } of rows) take[row === 'witnessed' ? 'save' : row](held, said, salts);
  for (const { record, cls } of Object.values(held.left)) {
    const saves = held.log.filter(({ entries }) => entries.some(entry => entry.record === record && entry.body));
    if (saves.every(save => held.safe(save, 1))) held.forget(entry => entry.record === record && (!cls || entry.cls === cls));
  }
}
/** Takes an answer, all of it or nothing. */
function hear(held, bytes) {
  if (!holds(held.hub.key, bytes.toString('hex', bytes.length - 64), bytes.subarray(0, -64))) throw new Error('not signed by the hub');
  const said = wire.decode(wire.answer, bytes);
  const asked = { ...wire.START, type: 2, child: held.id, line: held.line, exchange: held.exchange };
  if (Object.keys(asked).some(name => said[name] !== asked[name])) throw new Error('an answer to something else');
  const isOurs = nonce => nonce.startsWith(said.opening); // Else a copy asked before: nothing of this answer is for us.
  if (!['00'.repeat(8), ...held.openings].some(isOurs)) throw refusal('replayed', 409);
  held.unconfirmed.splice(0, 64);
  if (said.rows.length) takeRows(held, wire.decode(wire.rows, wire.unpack(said.rows)));
  const ours = held.pack(held.outbox[said.acknowledged - 1])?.hash.startsWith(said.mark);
  const now = { acknowledged: ours ? said.acknowledged : 0, cursor: said.cursor };
  const moved = JSON.stringify(now) !== JSON.stringify({ acknowledged: held.acknowledged, cursor: held.cursor });
  if (BigInt(said.cursor.position) < BigInt(held.cursor.position)) held.offerAgain();
  Object.assign(held, now, { reading: held.reading && said.more === 1, heard: held.exchange });
  held.save();
  return { moved, more: said.more === 1 };
}
/** Exchanges until nothing is left. After a lost answer, of a session before too, it asks first what arrived. */
export async function synchronise(held, sending) {
  for (let failures = 0, lines = 0, refused = null, asks = held.exchange > held.heard; ;) {
    const full = sending && !refused && !held.reading && !asks;
    try {
      const { bytes, pushes } = ask(held, full);
      const { moved, more } = hear(held, await post(`${held.hub.url}/v1/sync`, bytes, 'application/octet-stream'));
      const waits = sending && !refused && held.pending.length + held.outbox.length > held.acknowledged;
      if (!more && !waits && !held.unconfirmed.length) return refused;
      if (!moved && (more || pushes.length)) throw new Error('nothing moves');
      [failures, asks] = [asks ? failures : 0, false];
    } catch (error) {
      Object.assign(held, held.saved());
      if (['replayed', 'broken-chain'].includes(error.refused) && lines++ < 4) held.newLine();
      else if (error.forGood && full) refused = error; // Its packs are passed over until the next session: `too-many-waiting`, say.
      else if (error.forGood || ++failures === 5) throw error;
      else asks = await pause(1000 * (Math.min(Number(error.after) || 0, 60) + 2 ** (failures - 2) * (1 + Math.random())), true);
    }
  }
}
