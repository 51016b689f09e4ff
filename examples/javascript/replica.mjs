// What this device holds: one file that is written anew at every step, and the documents that follow from it.
import * as Automerge from '@automerge/automerge';
import { createPublicKey, randomBytes, randomInt, sign, verify } from 'node:crypto';
import fs from 'node:fs';
import * as wire from './wire.mjs';
const privateKey = secret => ({ key: wire.raw(`302e020100300506032b657004220420${secret}`), format: 'der', type: 'pkcs8' });
const publicKey = key => ({ key: wire.raw(`302a300506032b6570032100${key}`), format: 'der', type: 'spki' });
const joined = parts => Buffer.concat(parts.map(part => Buffer.from(part)));
export const holds = (key, signature, ...parts) => verify(null, joined(parts), publicKey(key), wire.raw(signature));
export const nameOf = (...hex) => wire.sha256(...hex.map(wire.raw)).slice(0, 32); // A key names a replica, with a nonce an actor.
export const lineOf = batch => BigInt(batch) >> 32n;
const NEW = {
  line: 0, exchange: 0, heard: 0, acknowledged: 0, reading: false, cursor: { position: '0', running: '00'.repeat(32), within: '0' },
  openings: [], packs: [], outbox: [], pending: [], received: [], unconfirmed: [],
  salts: {}, forms: {}, keys: {}, actors: {}, receipts: {}, refused: {}, left: {}, erased: {},
};
export class Replica {
  /** Opens what a folder holds. Every process is an opening of its own: so a copy of the folder is noticed. */
  constructor(folder) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.chdir(folder);
    // One process at a time; what a killed one left behind does not count.
    try { process.kill(Number(fs.readFileSync('lock')), 0); } catch { fs.rmSync('lock', { force: true }); }
    fs.writeFileSync('lock', String(process.pid), { flag: 'wx' });
    process.on('exit', () => fs.rmSync('lock'));
    Object.assign(this, NEW, { secret: randomBytes(32).toString('hex') }, fs.existsSync('replica.json') && this.saved());
    this.openings.push(randomBytes(16).toString('hex'));
    this.keys[this.id] = this.key;
    this.save();
  }
  saved() { return JSON.parse(fs.readFileSync('replica.json')); }
  save() { // All or nothing, whenever the power goes.
    fs.writeFileSync('replica.new', JSON.stringify(this), { mode: 0o600, flush: true });
    fs.renameSync('replica.new', 'replica.json');
    const folder = fs.openSync('.');
    fs.fsyncSync(folder);
    fs.closeSync(folder);
  }
  get key() { return createPublicKey(privateKey(this.secret)).export({ format: 'der', type: 'spki' }).toString('hex', 12); }
  get id() { return nameOf(this.key); }
  pack(batch) { return this.packs.find(pack => pack.batch === batch); }
  get log() { return [...this.packs.flatMap(({ saves }) => saves), ...this.pending, ...this.received]; }
  sign(...parts) { return sign(null, joined(parts), privateKey(this.secret)).toString('hex'); }
  /** The entries that count: neither refused, nor saved together with what was, nor built on it. */
  entries() {
    const out = new Set(Object.keys(this.refused));
    const isOut = ({ hash, body }) => out.has(hash) || (body && wire.headOf(body).dependencies.some(hash => out.has(hash)));
    for (let size = -1; size < out.size;) {
      size = out.size;
      for (const { entries } of this.log) if (entries.some(isOut)) entries.forEach(({ hash }) => out.add(hash));
    }
    return this.log.flatMap(save => save.entries).filter(({ hash, body }) => body && !out.has(hash));
  }
  part(record, cls) {
    const bodies = this.entries().filter(entry => entry.record === record && entry.cls === cls).map(({ body }) => body);
    const changes = [wire.firstChange(record, this.salts[record], cls), ...bodies].map(wire.chunk);
    return Automerge.applyChanges(Automerge.init({ actor: nameOf(this.key, this.openings.at(-1)) }), changes)[0];
  }
  write(record, cls, form, values) { // One save of one change.
    const before = this.part(record, cls);
    const after = Automerge.change(before, { message: form, time: Date.now() }, part => void Object.assign(part, values));
    if (after === before) return;
    const body = wire.bodyOf(Buffer.from(Automerge.getLastLocalChange(after)));
    this.pending.push({ nonce: this.openings.at(-1), entries: [{ record, cls, hash: wire.changeHash(body), body }] });
    this.save();
  }
  /** Cuts a signed pack of saves that are in none. It stays as it is: sent again it must be the same. */
  cut() {
    const saves = this.pending.splice(0, 16); // Each is at most 64 KiB.
    const openings = [...new Set(saves.map(({ nonce }) => nonce))];
    const place = this.packs.filter(({ batch }) => lineOf(batch) === BigInt(this.line)).length + 1;
    const batch = String((BigInt(this.line) << 32n) + BigInt(place));
    const pack = { origin: this.key, batch, previous: this.packs.at(-1)?.hash ?? NEW.cursor.running, author: [], openings, saves };
    const hash = wire.manifestHash(pack);
    for (const save of saves) save.batch = batch;
    this.packs.push({ ...pack, hash, signature: this.sign('teranga manifest 0\n', wire.raw(hash)) });
    this.outbox.push(batch);
  }
  /** Somebody else with this key has used these numbers: go on under others, and hear first what that one has sent. */
  newLine() {
    const again = this.packs.filter(({ batch }) => this.outbox.indexOf(batch) >= this.acknowledged);
    this.packs = this.packs.filter(pack => !again.includes(pack));
    this.pending.unshift(...again.flatMap(({ saves }) => saves.map(({ nonce, entries }) => ({ nonce, entries }))));
    Object.assign(this, { line: randomInt(1, 2 ** 31), exchange: 0, heard: 0, acknowledged: 0, reading: true, outbox: [] });
  }
  /** The hub was put back: what it may have forgotten goes up again, but for what its feed still brings. */
  offerAgain() {
    const own = this.received.filter(save => this.author(save)?.replica === this.id);
    this.received = this.received.filter(save => !own.includes(save));
    this.pending.push(...own.map(save => ({ nonce: this.author(save).nonce, entries: save.entries })));
    this.outbox.push(...this.packs.map(({ batch }) => batch).filter(batch => !this.outbox.includes(batch)));
    Object.assign(this, { reading: true, unconfirmed: Object.values(this.erased) });
  }
  author({ entries }) { return this.actors[wire.headOf(entries.find(({ body }) => body)?.body ?? '0000').actor]; }
  safe(save, what = 0) { // At its home (1: in its backup too), for only a receipt says so, and taken there.
    const origin = save.witness ?? (save.nonce ? this.id : this.author(save)?.replica);
    const receipt = save.batch && this.receipts[`${origin}/${lineOf(save.batch)}/${what}`];
    return receipt && BigInt(receipt) >= BigInt(save.batch) && !save.entries.some(({ hash }) => this.refused[hash]);
  }
  forget(gone) { // Of what was signed the hashes stay.
    for (const { entries } of this.log) for (const entry of entries.filter(gone)) entry.body = null;
    this.received = this.received.filter(({ entries }) => entries.some(({ body }) => body));
  }
}
