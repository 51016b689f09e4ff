// Plays recorded sequences of answers in the engine of ODK Web Forms, and either compares its state after each with the
// one recorded, or measures it.
//
// node engine.mjs compare PLAYS.json          → one line of JSON: the differences
// node engine.mjs bench FORM.xml PLAY.tsv N   → one line of JSON: times in nanoseconds, memory in bytes
//
// PLAYS.json: [{name, xml, files: {name: text}, ignored: [ref], steps: [{op, ref, value, nodes: {ref: {relevant, value, violated}}}]}]

import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const dom = new JSDOM('', { url: 'http://127.0.0.1/' });
const NEEDED = [
  'document', 'DOMParser', 'XMLSerializer', 'Node', 'Element', 'Document', 'Attr', 'Text', 'CDATASection', 'Comment',
  'ProcessingInstruction', 'XPathResult', 'NodeFilter', 'CharacterData', 'NamedNodeMap', 'File', 'Blob', 'FormData',
  'HTMLElement', 'XMLDocument', 'DocumentFragment',
];
globalThis.window = dom.window;
for (const name of NEEDED) if (dom.window[name] !== undefined) globalThis[name] = dom.window[name];
// Loaded by Node on first use, which must come before what follows.
await fetch('data:text/plain,').then((answer) => answer.text());
// Its parser asks whether it runs in Node and then looks for files beside itself; it carries all it needs.
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: undefined }, configurable: true });
const { loadForm } = await import('@getodk/xforms-engine');

// A form is read once; every interview is an instance of its own.
const read = new Map();

async function instance(xml, files) {
  if (!read.has(xml)) read.set(xml, await parse(xml, files));
  return read.get(xml).createInstance().root;
}

async function parse(xml, files = {}) {
  const loaded = await loadForm(xml, {
    fetchFormAttachment: async (url) => {
      const name = url.toString().split('/').pop();
      const type = name.endsWith('.csv') ? 'text/csv' : name.endsWith('json') ? 'application/geo+json' : 'text/xml';
      return new Response(files[name] ?? '', { status: files[name] === undefined ? 404 : 200, headers: { 'content-type': type } });
    },
    missingResourceBehavior: 'BLANK',
  });
  if (loaded.status === 'failure') throw loaded.error;
  return loaded;
}

function* nodes(node) {
  for (const child of node.currentState.children ?? []) {
    yield child;
    yield* nodes(child);
  }
}

const find = (root, reference) => {
  for (const node of nodes(root)) if (node.currentState.reference === reference) return node;
  return undefined;
};

function text(node) {
  const state = node.currentState;
  if (Array.isArray(state.value)) return state.value.join(' ');
  if (typeof state.instanceValue === 'string') return state.instanceValue;
  const value = state.value;
  return value === null || value === undefined ? '' : typeof value === 'object' ? (value.toString?.() ?? '') : String(value);
}

function set(node, value) {
  switch (node.nodeType) {
    case 'select':
      if (node.selectType === 'select1') return node.selectValue(value === '' ? null : value);
      return node.selectValues(value === '' ? [] : value.split(' '));
    case 'rank':
      return node.setValues(value === '' ? [] : value.split(' '));
    case 'trigger':
      return node.setValue(value === 'OK');
    default:
      return node.setValue(value);
  }
}

function act(root, { op, ref, value }) {
  const node = find(root, ref);
  if (node === undefined) throw new Error(`no node ${ref}`);
  if (op === 'add') return node.addInstances();
  if (op === 'remove') return node.removeInstances(value);
  return set(node, value);
}

function compareState(root, expected, ignored) {
  const differences = [];
  const seen = new Map([...nodes(root)].map((node) => [node.currentState.reference, node]));
  for (const [ref, wanted] of Object.entries(expected)) {
    if (ignored.includes(ref.replace(/\[\d+\]/g, ''))) continue;
    const node = seen.get(ref);
    const got = node === undefined ? null : {
      relevant: node.currentState.relevant,
      value: node.currentState.relevant ? text(node) : '',
      violated: node.validationState?.constraint?.valid === false,
    };
    for (const part of ['relevant', 'value', 'violated']) {
      if (got === null || String(got[part]) !== String(wanted[part])) {
        differences.push({ ref, part, here: got && got[part], recorded: wanted[part] });
        if (got === null) break;
      }
    }
  }
  return differences;
}

// An XForm begins with an item in each repeat; where the recorded interview began without, it is taken away.
function begin(root, recorded) {
  for (const node of [...nodes(root)]) {
    const range = node.currentState.reference;
    if (node.nodeType !== 'repeat-range:uncontrolled') continue;
    const items = node.currentState.children.length;
    if (items > 0 && !Object.keys(recorded).some((ref) => ref.startsWith(`${range}[1]`))) node.removeInstances(0, items);
  }
}

async function compare(path) {
  const told = [];
  let steps = 0;
  let compared = 0;
  for (const play of JSON.parse(readFileSync(path, 'utf8'))) {
    let root;
    try {
      root = await instance(play.xml, play.files);
    } catch (error) {
      told.push({ play: play.name, step: -1, error: String(error.message ?? error).slice(0, 300) });
      continue;
    }
    begin(root, play.steps[0].nodes);
    for (const [at, step] of play.steps.entries()) {
      try {
        if (step.op !== 'look') act(root, step);
      } catch (error) {
        told.push({ play: play.name, step: at, op: step.op, ref: step.ref, error: String(error.message ?? error).slice(0, 300) });
        break;
      }
      steps += 1;
      compared += Object.keys(step.nodes).length;
      const differences = compareState(root, step.nodes, play.ignored ?? []);
      if (differences.length > 0) {
        told.push({ play: play.name, step: at, op: step.op, ref: step.ref, value: step.value, differences: differences.slice(0, 20) });
        // What follows from a difference is no further one.
        break;
      }
    }
  }
  console.log(JSON.stringify({ steps, compared, differences: told }));
}

// A form that is slow here is measured on fewer answers.
const BENCH_NS_MAX = 90_000_000_000n;

async function bench(form, play, rounds) {
  const xml = readFileSync(form, 'utf8');
  const lines = readFileSync(play, 'utf8').split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  const until = process.hrtime.bigint() + BENCH_NS_MAX;
  const measured = [];
  let refused = 0;
  let root;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < rounds && process.hrtime.bigint() < until; round += 1) {
    root = undefined;
    const begin = process.hrtime.bigint();
    root = (await parse(xml)).createInstance().root;
    const answers = [];
    measured.push({ load: Number(process.hrtime.bigint() - begin), answers });
    const found = new Map([...nodes(root)].map((node) => [node.currentState.reference, node]));
    refused = 0;
    for (const [ref, value] of lines) {
      const node = found.get(ref);
      const from = process.hrtime.bigint();
      if (from > until) break;
      try {
        set(node, value);
        answers.push(Number(process.hrtime.bigint() - from));
      } catch {
        refused += 1;
      }
    }
  }
  globalThis.gc?.();
  const memory = process.memoryUsage().heapUsed - before;
  const at = (numbers, share) => numbers.sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;
  const warm = measured.slice(Math.floor(measured.length / 2));
  const answers = warm.flatMap((round) => round.answers);
  console.log(JSON.stringify({
    load_ns: at(warm.map((round) => round.load), 0.5), answers: answers.length, p50_ns: at(answers, 0.5), p99_ns: at(answers, 0.99),
    memory_bytes: memory, refused, forms: root === undefined ? 0 : 1,
  }));
}

const [, , mode, ...rest] = process.argv;
if (mode === 'compare') await compare(rest[0]);
else if (mode === 'bench') await bench(rest[0], rest[1], Number(rest[2]));
else throw new Error('compare or bench');
process.exit(0);
