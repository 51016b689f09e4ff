// What this device holds: one file that is written anew at every step, and the documents that follow from it.
import * as Automerge from '@automerge/automerge';
import { createPublicKey, randomBytes, randomInt, sign, verify } from 'node:crypto';
import fs from 'node:fs';
import * as wire from './wire.mjs';
const privateKey = secret => ({ key: wire.raw(`302e020100300506032b657004220420${secret}`), format: 'der', type: 'pkcs8' });
const publicKey = key => ({ key: wire.raw(`302a300506032b6570032100${key}`), format: 'der', type: 'spki' });
const joined = (words, hex) => Buffer.concat([Buffer.from(words), ...hex.map(wire.raw)]);
const WEAK = new RegExp([ // Points of small order, in every spelling: with them one signature holds for many texts.
  '^0[01](00){30}[08]0', '^e[cde](ff){30}[7f]f', '^26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc[08]5',
  '^c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03[7f]a'].join('|'), 'i');
export const holds = (key, mark, words, ...hex) => // Section 10: the rest of it Node does.
  !WEAK.test(key) && !WEAK.test(mark) && verify(null, joined(words, hex), publicKey(key), wire.raw(mark));
export const nameOf = (...hex) => wire.sha256(...hex.map(wire.raw)).slice(0, 32); // A key names a replica, with a nonce an actor.
export const lineOf = batch => BigInt(batch) >> 32n;
const NEW = {
  line: 0, exchange: 0, heard: 0, acknowledged: 0, reading: false, cursor: { position: '0', running: '00'.repeat(32), within: '0' },
  openings: [], packs: [], outbox: [], pending: [], received: [], unconfirmed: [],
  salts: {}, forms: {}, keys: {}, actors: {}, backedUp: {}, refused: {}, left: {}, erased: {},
};
export class Replica {
  constructor(folder) { // Every process is an opening of its own: so a copy of the folder is noticed.
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.chdir(folder);
    try { process.kill(Number(fs.readFileSync('lock')), 0); } catch { fs.rmSync('lock', { force: true }); }
    fs.writeFileSync('lock', String(process.pid), { flag: 'wx' }); // One at a time; a killed one does not count.
    process.on('exit', () => fs.rmSync('lock'));
    Object.assign(this, NEW, { secret: randomBytes(32).toString('hex') }, fs.existsSync('replica.json') && this.saved());
    this.openings.push(randomBytes(16).toString('hex'));
    this.keys[this.id] = this.key;
    for (const nonce of this.openings) this.actors[nameOf(this.key, nonce)] = { replica: this.id, nonce };
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
  sign(words, ...hex) { return sign(null, joined(words, hex), privateKey(this.secret)).toString('hex'); }
  entries() { // Those that count: neither refused, nor saved together with what was, nor built on it.
    const out = new Set(Object.keys(this.refused));
    const isOut = ({ hash, body }) => out.has(hash) || (body && wire.headOf(body).dependencies.some(hash => out.has(hash)));
    const falls = ({ entries }) => entries.some(isOut) && entries.some(({ hash }) => out.size < out.add(hash).size);
    while (this.log.some(falls)); // Until nothing falls any more.
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
  cut(size) { // Signs a pack of saves that are in none. It stays as it is: sent again it must be the same.
    const place = this.packs.filter(({ batch }) => lineOf(batch) === BigInt(this.line)).length + 1;
    const batch = String((BigInt(this.line) << 32n) + BigInt(place));
    const end = this.pending.findIndex((_, at, all) => at > 255 || JSON.stringify(all.slice(0, at)).length > 2 * size);
    const saves = this.pending.splice(0, end < 0 ? 256 : end).map(({ nonce, entries }) => ({ batch, nonce, entries }));
    const openings = [...new Set(saves.map(({ nonce }) => nonce))];
    const pack = { origin: this.key, batch, previous: this.packs.at(-1)?.hash ?? NEW.cursor.running, author: [], openings, saves };
    const hash = wire.manifestHash(pack);
    this.packs.push({ ...pack, hash, signature: this.sign('teranga manifest 0\n', hash) });
    this.outbox.push(batch);
  }
  newLine() { // Somebody else with this key has used these numbers: go on under others, once what that one sent has come.
    const again = this.packs.filter(({ batch }) => this.outbox.lastIndexOf(batch) >= this.acknowledged);
    this.packs = this.packs.filter(pack => !again.includes(pack));
    this.pending.unshift(...again.flatMap(({ saves }) => saves));
    Object.assign(this, { line: randomInt(1, 2 ** 31), exchange: 0, heard: 0, acknowledged: 0, reading: true, outbox: [] });
  }
  startOver(hub) { // With one that was put back, or is another: what it may lack goes up again, but for what its feed brings.
    this.newLine(); // In the one before, the feed would leave out what was let go here.
    this.pending.unshift(...this.received.filter(({ replica }) => replica === this.id));
    this.received = this.received.filter(({ replica }) => replica !== this.id);
    this.outbox = this.packs.map(({ batch }) => batch);
    return Object.assign(this, { hub, cursor: NEW.cursor, refused: {}, left: {}, unconfirmed: Object.values(this.erased) });
  }
  letGo() { // What left, once the home's backup covers every change of it: a home that is put back gives all of that back.
    const isCovered = ({ record }) => this.savesOf(record).every(save => this.isSafe(save));
    for (const { record, cls } of Object.values(this.left).filter(isCovered)) this.forget(record, cls);
  }
  savesOf(record) { return this.log.filter(({ entries }) => entries.some(entry => entry.record === record && entry.body)); }
  isSafe({ witness, replica = this.id, batch, entries }) { // Only a receipt says so, and of what was taken.
    const upTo = batch && this.backedUp[`${witness ?? replica}/${lineOf(batch)}`];
    return upTo && BigInt(upTo) >= BigInt(batch) && !entries.some(({ hash }) => this.refused[hash]);
  }
  forget(record, cls) { // Of what was signed the hashes stay.
    const gone = entry => entry.record === record && (!cls || entry.cls === cls);
    for (const { entries } of this.log) for (const entry of entries.filter(gone)) entry.body = null;
    this.received = this.received.filter(({ entries }) => entries.some(({ body }) => body));
  }
}
