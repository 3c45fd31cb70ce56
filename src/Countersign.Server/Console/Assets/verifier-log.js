// The verifier of receipts, part 3: the file, the log's signed checkpoint, the tree, and sealed payloads.

const FORMAT = 'countersign-receipt-v1';
const DEEPEST = 900;
const TYPES = new Set([
  'action.requested', 'action.executed', 'action.refused', 'action.withdrawn', 'review.opened', 'review.vote',
  'review.modified', 'review.decided', 'review.expired', 'execution.intent', 'execution.outcome', 'recording.window',
  'recording.gap', 'policy.changed', 'person.changed', 'agent.changed', 'agent.stopped', 'definition.accepted',
  'credential.enrolled', 'credential.revoked', 'key.rotated', 'break-glass.used', 'export.issued',
  'erasure.executed', 'anchor.published',
]);

/** Reads a receipt; what is not in the one spelling that a gateway writes is none. */
function readReceipt(file) {
  const whole = decodeUtf8(file);
  const json = JsonReader.read(whole, DEEPEST + 8);
  const receipt = {
    action: text(json, 'action'),
    checkpoint: text(json, 'checkpoint'),
    entries: itemsOf(member(json, 'entries')).map(readEntry),
    hints: member(json, 'hints'),
  };
  if (text(json, 'receipt') !== FORMAT || !/^act_[0-9a-hjkmnp-tv-z]{26}$/.test(receipt.action)
    || receipt.hints.type !== 'object' || writeReceipt(receipt) !== whole) {
    malformed('It is a receipt that was edited or formatted anew, or none at all.');
  }
  return receipt;
}

function readEntry(json) {
  const seal = member(json, 'seal');
  const bytes = (name, length) => {
    const value = fromBase64(text(seal, name));
    return value.length === length ? value : malformed(`The seal's ${name} is of a wrong length.`);
  };
  return {
    index: integer(json, 'index'),
    leaf: readLeaf(member(json, 'leaf').raw),
    proof: itemsOf(member(json, 'proof')).map((hash) => hashOf(textIn(hash))),
    payload: seal.type === 'null' ? null : {
      key: bytes('key', 32), nonce: bytes('nonce', 12), salt: bytes('salt', 16), json: member(json, 'payload').raw,
    },
  };
}

function hashOf(coded) {
  const bytes = fromBase64(coded);
  return bytes.length === 32 ? bytes : malformed('A hash has 32 bytes.');
}

function readLeaf(raw) {
  const layout = new RegExp('^\\{"action":(?:null|"(act_[0-9a-hjkmnp-tv-z]{26})"),"at":"([0-9T:.-]+Z)",' +
    '"payload":"sha256:([0-9a-f]{64})","prev":(null|0|[1-9][0-9]{0,15}),"revision":(0|[1-9][0-9]{0,9}),' +
    '"type":"([a-z.-]+)","v":1\\}$');
  const [, action, at, payload, prev, revision, type] = layout.exec(raw) ?? malformed('A leaf is not canonical.');
  const time = new Date(at);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== at || !TYPES.has(type)
    || (action === undefined) !== (revision === '0')) {
    malformed('A leaf is not canonical.');
  }
  return {
    raw, action: action ?? null, at: time.getTime(), payload,
    prev: prev === 'null' ? null : Number(prev), revision: Number(revision), type,
  };
}

function writeReceipt({ action, checkpoint, entries, hints }) {
  const written = entries.map(({ index, leaf, proof, payload }) =>
    `\n{"index":${index},"leaf":${leaf.raw},"proof":[${proof.map((hash) => `"${toBase64(hash)}"`).join(',')}],` +
    (payload === null ? '"seal":null,"payload":null}'
      : `"seal":{"key":"${toBase64(payload.key)}","nonce":"${toBase64(payload.nonce)}",` +
        `"salt":"${toBase64(payload.salt)}"},"payload":${payload.json}}`));
  return `{"receipt":"${FORMAT}",\n"action":"${action}",\n"checkpoint":${JSON.stringify(checkpoint)},\n` +
    `"entries":[${written.join(',')}\n],\n"hints":${hints.raw}}\n`;
}

/** A signed note (C2SP signed-note) that holds a checkpoint (C2SP tlog-checkpoint). */
function readCheckpoint(note) {
  const divider = note.lastIndexOf('\n\n');
  if (divider < 0 || divider + 2 === note.length || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    malformed('The checkpoint is no signed note.');
  }
  const body = note.slice(0, divider + 1);
  const [origin, size, root, ...rest] = body.split('\n');
  if (rest.at(-1) !== '' || rest.slice(0, -1).includes('') || origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size)) {
    malformed('The checkpoint is incomplete.');
  }
  const lines = note.slice(divider + 2, -1).split('\n');
  return {
    body: utf8.encode(body), origin, size: Number(size), root: hashOf(root),
    signatures: lines.length <= 64 ? lines.map(readSignature) : malformed('The checkpoint has too many signatures.'),
  };
}

function readSignature(line) {
  const [, name, coded] = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line) ?? malformed('A signature line is none.');
  const bytes = fromBase64(coded);
  return bytes.length > 4
    ? { name, id: toHex(bytes.slice(0, 4)), signature: bytes.slice(4) }
    : malformed('A signature line is too short.');
}

/** A vkey line, or the lines of a C2SP tlog-policy file; throws when it asks for more than is checked here. */
export async function readTrust(lines) {
  const keys = [];
  for (const line of lines.split('\n').map((each) => each.trim())) {
    const words = line.split(/[ \t]+/);
    if (line === '' || line.startsWith('#') || line === 'quorum none') {
      continue;
    }
    keys.push(await readKey(words[0] === 'log' ? words[1] ?? '' : line));
  }
  return keys;
}

async function readKey(line) {
  const [, name, id, coded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(line) ?? malformed(
    `'${line}' is no vkey line, and asks for more than this page checks: it knows 'log <vkey>' and 'quorum none'.`);
  const typed = fromBase64(coded);
  const hash = await sha256(utf8.encode(`${name}\n`), typed);
  if (typed[0] !== 1 || toHex(hash.slice(0, 4)) !== id) {
    malformed(`The verifier key of '${name}' does not have the id ${id}, or is not of type Ed25519.`);
  }
  return { name, id, key: ed25519Key(typed.slice(1)) };
}

/** Step 1. */
async function checkTrust(findings, checkpoint, trusted) {
  if (trusted.length === 0) {
    findings.doubt('no-trust', 'Self-consistent only: no key was given that the log is trusted by.');
    return;
  }
  const signers = new Set();
  for (const line of checkpoint.signatures) {
    const named = trusted.filter((key) => key.name === line.name && key.id === line.id);
    const good = [];
    for (const one of named) {
      good.push(await ed25519Verify(one.key, checkpoint.body, line.signature));
    }
    if (named.length > 0 && !good.includes(true)) {
      findings.doubt('forged-signature', `The signature under the name ${line.name} is not by the trusted key.`);
      return;
    }
    named.filter((_, i) => good[i]).slice(0, 1).forEach((key) => signers.add(key));
  }
  if (signers.size === 0) {
    findings.doubt('unsigned', `No trusted key signed the checkpoint of '${checkpoint.origin}'.`);
    return;
  }
  if (signers.size !== checkpoint.signatures.length) {
    findings.doubt('unknown-signature', 'The checkpoint has signature lines that no given key explains.');
  }
  const other = [...signers].find((key) => key.name !== checkpoint.origin);
  if (other) {
    findings.doubt('other-origin', `The checkpoint is of '${checkpoint.origin}', and the key that of '${other.name}'.`);
    return;
  }
  findings.prove(1, `The log '${checkpoint.origin}' signed this checkpoint of ${checkpoint.size} entries.`);
  findings.leave(1, 'That the log shows everybody the same history: no witness is asked for.');
}

/** Whether the proof leads from the leaf to the root (RFC 9162 section 2.1.3.2). */
async function isIncluded({ index, leaf, proof }, { size, root }) {
  if (index < 0 || index >= size || proof.length > 63) {
    return false;
  }
  let [node, last] = [index, size - 1];
  let hash = await sha256([0], utf8.encode(leaf.raw));
  for (const sibling of proof) {
    if (last === 0) {
      return false;
    }
    if (node % 2 === 1 || node === last) {
      hash = await sha256([1], sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        [node, last] = [node / 2, Math.floor(last / 2)];
      }
    } else {
      hash = await sha256([1], hash, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(hash, root);
}

/** Step 2. */
async function checkInclusion(findings, receipt, checkpoint) {
  let before = -1;
  for (const entry of receipt.entries) {
    if (entry.index <= before) {
      findings.doubt('broken-chain', `Entry ${entry.index} stands behind entry ${before}, or there twice.`);
    }
    before = entry.index;
    if (await isIncluded(entry, checkpoint)) {
      findings.prove(2, `Entry ${entry.index} is ${entry.leaf.type} of ${time(entry.leaf.at)}.`);
    } else {
      findings.doubt('not-included', `Entry ${entry.index} is not proved to be in the log.`);
    }
  }
  checkChain(findings, receipt);
}

function checkChain(findings, receipt) {
  let [before, at] = [null, -Infinity];
  for (const { index, leaf } of receipt.entries.filter((entry) => entry.leaf.action === receipt.action)) {
    if (leaf.prev !== before) {
      findings.doubt('broken-chain', `Entry ${index} follows entry ${leaf.prev}, and the receipt has ${before} there.`);
    }
    if (leaf.at < at) {
      findings.doubt('time-went-back', `Entry ${index} is older than the one before it.`);
    }
    [before, at] = [index, leaf.at];
  }
  if (before === null) {
    findings.doubt('broken-chain', `No entry is about ${receipt.action}.`);
    return;
  }
  findings.prove(2, `No entry about this action is missing up to entry ${before}.`);
  findings.leave(2, `That nothing was recorded about this action after entry ${before}.`);
}

/** What the leaf of an entry holds of a payload: the hash of its sealed form. */
async function hashOfSealed({ leaf, payload }) {
  const key = await crypto.subtle.importKey('raw', payload.key, 'AES-GCM', false, ['encrypt']);
  const context = utf8.encode(`countersign-payload-v2\n${leaf.type}\n${leaf.action ?? ''}`);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: payload.nonce, additionalData: context },
    key,
    concat(payload.salt, utf8.encode(payload.json))));
  const commitment = await sha256(utf8.encode('countersign-payload-key-v2\n'), payload.key);
  return toHex(await sha256(commitment, payload.nonce, sealed));
}

/** Step 3: what the entries say, or null when not all of them can be read. */
async function readPayloads(findings, receipt) {
  const said = [];
  for (const entry of receipt.entries) {
    const json = await readPayload(findings, entry);
    if (json !== null) {
      said.push({ ...entry, said: json });
    }
  }
  if (said.length === receipt.entries.length) {
    findings.prove(3, `${said.length} payloads have the hashes that the leaves hold.`);
    return said;
  }
  findings.leave(11, 'What was decided and done: not every entry can be read.');
  return null;
}

async function readPayload(findings, entry) {
  if (entry.payload === null) {
    findings.doubt('payload-missing', `Entry ${entry.index} (${entry.leaf.type}) is in the log; what it says is not ` +
      'in this receipt: it was erased, or is not for whom the receipt was made.');
    return null;
  }
  if (await hashOfSealed(entry) !== entry.leaf.payload) {
    findings.doubt('payload-changed', `What the receipt shows for entry ${entry.index} is not what was recorded.`);
    return null;
  }
  try {
    const json = JsonReader.read(entry.payload.json, DEEPEST);
    if (json.type === 'object') {
      return json;
    }
  } catch (failure) {
    if (!(failure instanceof Malformed)) {
      throw failure;
    }
  }
  findings.doubt('payload-unreadable', `Entry ${entry.index} is no JSON object that can be read in one way only.`);
  return null;
}

const time = (milliseconds) => new Date(milliseconds).toISOString();
