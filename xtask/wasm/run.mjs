// Runs `alike.wasm`, which its first argument names: each call of main gives one byte of the text, and 0 its end.
import { readFileSync } from 'node:fs';

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]));
const bytes = [];
for (let byte; (byte = instance.exports.main(0, 0)) !== 0;) bytes.push(byte);
process.stdout.write(Buffer.from(bytes));
