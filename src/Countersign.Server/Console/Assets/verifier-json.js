// The verifier of receipts, part 1: strict JSON, base64 and hashes. The parts become one script in one page that
// needs nothing else: docs/reference/receipts.md says what it checks, step by step.

const utf8 = new TextEncoder();

/** What says nothing that can be read in one way only. */
class Malformed extends Error {}

/** Reads JSON and remembers where each value stands; names may not repeat. */
class JsonReader {
  constructor(text, deepest) {
    this.text = text;
    this.at = 0;
    this.deepest = deepest;
  }

  static read(text, deepest) {
    const reader = new JsonReader(text, deepest);
    reader.space();
    const value = reader.value(0);
    reader.space();
    return reader.at === text.length ? value : reader.fail();
  }

  fail() {
    throw new Malformed(`The JSON ends or breaks off at character ${this.at}.`);
  }

  space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) {
      this.at++;
    }
  }

  value(depth) {
    const from = this.at;
    const kind = this.text[from];
    const read = kind === '{' ? this.object(depth + 1)
      : kind === '[' ? this.array(depth + 1)
      : kind === '"' ? { type: 'string', text: this.string() }
      : this.word();
    read.raw = this.text.slice(from, this.at);
    return read;
  }

  object(depth) {
    const members = new Map();
    this.list(depth, '}', () => {
      const name = this.text[this.at] === '"' ? this.string() : this.fail();
      this.space();
      this.expect(':');
      this.space();
      if (members.has(name)) {
        throw new Malformed(`The name '${name}' stands there twice.`);
      }
      members.set(name, this.value(depth));
    });
    return { type: 'object', members };
  }

  array(depth) {
    const items = [];
    this.list(depth, ']', () => items.push(this.value(depth)));
    return { type: 'array', items };
  }

  list(depth, end, readOne) {
    if (depth > this.deepest) {
      throw new Malformed('The JSON is nested too deeply.');
    }
    this.at++;
    this.space();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      readOne();
      this.space();
      if (this.text[this.at] === end) {
        this.at++;
        return;
      }
      this.expect(',');
      this.space();
    }
  }

  expect(letter) {
    if (this.text[this.at++] !== letter) {
      this.at--;
      this.fail();
    }
  }

  string() {
    const end = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    end.lastIndex = this.at;
    const found = end.exec(this.text) ?? this.fail();
    this.at = end.lastIndex;
    return JSON.parse(found[0]);
  }

  word() {
    const token = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    token.lastIndex = this.at;
    const found = token.exec(this.text) ?? this.fail();
    this.at = token.lastIndex;
    return { type: { true: 'boolean', false: 'boolean', null: 'null' }[found[0]] ?? 'number' };
  }
}

const member = (json, name) => json.members?.get(name) ?? malformed(`'${name}' is missing.`);
const has = (json, name) => json.members?.has(name) && json.members.get(name).type !== 'null';
const itemsOf = (json) => json.items ?? malformed('A list is missing.');

function malformed(text) {
  throw new Malformed(text);
}

function textIn(json) {
  return json.type === 'string' && json.text.isWellFormed() ? json.text : malformed('A text is missing.');
}

const text = (json, name) => textIn(member(json, name));
const optionalText = (json, name) => has(json, name) ? text(json, name) : null;

function integer(json, name) {
  const { type, raw } = member(json, name);
  const number = type === 'number' && /^-?(0|[1-9][0-9]*)$/.test(raw) ? Number(raw) : NaN;
  return Number.isSafeInteger(number) ? number : malformed(`'${name}' is no whole number.`);
}

/** The canonical form (RFC 8785); whole numbers too large for a double keep their digits. */
function canonical(json) {
  switch (json.type) {
    case 'object':
      return `{${[...json.members].sort(([a], [b]) => a < b ? -1 : 1)
        .map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
    case 'array':
      return `[${json.items.map(canonical).join(',')}]`;
    case 'string':
      return JSON.stringify(textIn(json));
    case 'number':
      return /^-?[0-9]+$/.test(json.raw) && !Number.isSafeInteger(Number(json.raw))
        ? json.raw
        : canonicalNumber(Number(json.raw));
    default:
      return json.raw;
  }
}

function canonicalNumber(number) {
  return Number.isFinite(number) ? JSON.stringify(number === 0 ? 0 : number) : malformed('A number is too large.');
}

/** Standard base64 in its one spelling. */
function fromBase64(coded) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(coded) || coded.length % 4 !== 0) {
    malformed('A value is not base64.');
  }
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  return toBase64(bytes) === coded ? bytes : malformed('A value is not base64 in its one spelling.');
}

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const toBase64Url = (bytes) => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

function fromBase64Url(coded) {
  const bytes = /^[A-Za-z0-9_-]*$/.test(coded)
    ? fromBase64(coded.replaceAll('-', '+').replaceAll('_', '/').padEnd(Math.ceil(coded.length / 4) * 4, '='))
    : malformed('A value is not base64url.');
  return bytes;
}

function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)));
const decodeUtf8 = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
