// The commands of a device that speaks version 0 of the protocol. TERANGA_DATA names its folder, TERANGA_LANG its language.
import * as Automerge from '@automerge/automerge';
import { Replica } from './replica.mjs';
import { enrol, synchronise } from './session.mjs';
import { ulid } from './wire.mjs';
const say = (fr, en) => (process.env.TERANGA_LANG === 'en' ? en : fr);
const must = (holds, fr, en) => { if (!holds) throw new Error(say(fr, en)); };
const questions = (node, cls) => node.children?.flatMap(child => questions(child, child.sensitivity ?? cls))
  ?? [{ ...node, id: node.id ?? node.name, cls }]; // Every question of a form, with the class that it has or inherits.
const commands = {
  enrol: (held, url, code = process.env.TERANGA_CODE) => enrol(held, url, code),
  pull: held => synchronise(held, false), push: held => synchronise(held, true),
  show(held, name = '') {
    for (const place of new Set(held.entries().map(({ record, cls }) => `${record}/${cls}`))) {
      const [id, part] = [ulid(place.slice(0, 32)), held.part(...place.split('/'))];
      const values = key => Object.values(Automerge.getConflicts(part, key) ?? [part[key]]).join(' | ');
      for (const key of Object.keys(part).filter(() => id.startsWith(name))) console.log(`${id} ${key}: ${values(key)}`);
    }
  },
  set(held, name, key, text) {
    const record = held.entries().find(({ record }) => ulid(record) === name)?.record;
    must(record, 'Cet enregistrement n’est pas ici', 'This record is not here');
    const form = String(held.part(record, 'open')._form);
    const { survey: children, sensitivity = 'personal' } = held.forms[form] ?? {};
    const asked = questions({ children }, sensitivity).find(({ id }) => key.split('/').at(-1) === id);
    const { ImmutableString: Text, Int: integer, Float64: decimal } = Automerge; // A text whose letters do not merge.
    const Made = { text: Text, select_one: Text, date: Text, integer, decimal }[asked?.type];
    must(Made, `Pas une question de ${form} que ce programme change`, `Not a question of ${form} that this program changes`);
    must(Made === Text || /^-?\d+(\.\d+)?$/.test(text ?? '0'), 'Pas un nombre', 'Not a number');
    held.write(record, asked.cls, form, { [key]: text === undefined ? null : new Made(Made === Text ? text : Number(text)) });
  },
};
try {
  const [command, ...words] = process.argv.slice(2);
  if (!commands[command]) throw new Error('enrol URL CODE | pull | show [ID] | set ID QUESTION [VALUE] | push');
  const held = new Replica(process.env.TERANGA_DATA ?? 'replica');
  must(command === 'enrol' || held.hub, 'Pas encore inscrit', 'Not enrolled yet');
  const refused = await commands[command](held, ...words);
  for (const reason of Object.values(held.refused)) console.error(say('Non pris :', 'Not taken:'), reason);
  if (refused) throw refused;
} catch (error) {
  const known = {
    EEXIST: say('Un autre processus se sert de ce dossier', 'Another process is using this folder'),
    'upgrade-needed': say('Mettez ce programme à jour ; rien n’est perdu', 'Update this program; nothing is lost'),
  };
  console.error(known[error.code] ?? (error.message || `${say('Refusé :', 'Refused:')} ${error.code}`));
  process.exitCode = 1;
}
