// Writes random documents to a file: node random-json.mjs COUNT SEED FILE. Each line has a document as JSON.stringify
// spells it, a tab, and its canonical form (RFC 8785) as the package canonicalize makes it.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import canonicalize from 'canonicalize';

const [count, seed, file] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
let state = seed >>> 0;

/** Mulberry32: small, fast, and the same everywhere. */
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const below = (limit) => Math.floor(random() * limit);
const oneOf = (choices) => choices[below(choices.length)];

// Names of one object may not be equal ignoring case, so no letter with a case is among those of names but small ones.
const letters = ['a', 'b', 'z', '0', '9', ' ', '"', '\\', '/', '\u0000', '\u001f', '\u007f', '\u0080', '\u20ac',
  '\u2028', '\u5b57', '\ufb33', '\uffff', '\u{1f600}', '\u{10ffff}', '\n', '\t', '\u202e'];
const word = (most) => Array.from({ length: below(most + 1) }, () => oneOf(letters)).join('');

function anyDouble() {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, below(2 ** 32));
  bits.setUint32(4, below(2 ** 32));
  const number = bits.getFloat64(0);
  // Whole numbers beyond 2^53 keep their digits with us; RFC 8785 rounds them.
  const isRounded = Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < 1e21;
  return Number.isFinite(number) && !isRounded ? number : 0.1;
}

const scalars = [
  () => null, () => true, () => false, () => word(12), () => below(2 ** 32) - 2 ** 31, anyDouble, () => random(),
  () => Number.MAX_SAFE_INTEGER - below(3), () => oneOf([0, -0, 1e21, 1e-7, 1e-6, 5e-324, 1.7976931348623157e308]),
];

function value(depth) {
  switch (depth === 0 ? 9 : below(4)) {
    case 0: return Array.from({ length: below(5) }, () => value(depth - 1));
    case 1: return Object.fromEntries(Array.from({ length: below(6) }, () => [word(5), value(depth - 1)]));
    default: return oneOf(scalars)();
  }
}

const output = createWriteStream(file);
for (let i = 0; i < count; i++) {
  const document = Object.fromEntries(Array.from({ length: 1 + below(4) }, () => [word(6), value(3)]));
  if (!output.write(`${JSON.stringify(document)}\t${canonicalize(document)}\n`)) {
    await once(output, 'drain');
  }
}
output.end();
await once(output, 'finish');
