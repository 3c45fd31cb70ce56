// The verifier of receipts, part 4: signed votes, steps 4 to 10.

const ASSURANCES = ['token', 'chat', 'session', 'passkey'];
const SLACK = 60_000;

function readVote(entry) {
  const { said } = entry;
  const [decision, assurance] = [text(said, 'decision'), text(said, 'assurance')];
  if (!['approve', 'deny'].includes(decision) || !ASSURANCES.includes(assurance)) {
    malformed('A vote has an unknown decision or assurance.');
  }
  const signed = said.members.has('assertion') ? readSigned(member(said, 'assertion')) : null;
  return {
    entry, decision, assurance, signed, approves: decision === 'approve',
    person: text(said, 'person'), digest: text(said, 'digest'),
    // Whose place it fills: that of who is away, or the person's own.
    place: optionalText(said, 'in_place_of') ?? text(said, 'person'),
    label: signed ? 'signed-by-approver' : assurance === 'chat' ? 'platform-attested' : 'gateway-attested',
  };
}

/** The person, and for whom. */
const nameOf = ({ person, place }) => place === person ? person : `${person} for ${place}`;

function readSigned(json) {
  const credential = member(json, 'credential');
  const response = member(credential, 'response');
  return {
    statement: fromBase64Url(text(json, 'statement')),
    id: toBase64Url(fromBase64Url(text(credential, 'id'))),
    clientData: fromBase64Url(text(response, 'clientDataJSON')),
    authenticatorData: fromBase64Url(text(response, 'authenticatorData')),
    signature: fromBase64Url(text(response, 'signature')),
    publicKey: fromBase64Url(text(json, 'public_key')),
    enrolled: integer(json, 'enrolled'),
    party: text(json, 'relying_party'),
    origins: itemsOf(member(json, 'origins')).map(textIn),
  };
}

async function checkVote(findings, supporting, vote, expected) {
  if (vote.signed === null) {
    checkUnsigned(findings, vote);
    return;
  }
  checkStatement(findings, vote, expected);
  const client = readClientData(vote.signed.clientData);
  const data = readAuthenticatorData(vote.signed.authenticatorData);
  await checkClientData(findings, vote, client);
  await checkRelyingParty(findings, vote, data);
  checkFlags(findings, vote, data);
  await checkSignature(findings, vote);
  checkEnrolment(findings, supporting, vote);
  checkRevocation(findings, supporting, vote);
}

function checkUnsigned(findings, { entry, person, assurance }) {
  if (assurance === 'passkey') {
    findings.doubt('signature', `The vote of ${person} in entry ${entry.index} counts as signed, and is not.`);
  }
  findings.leave(8, assurance === 'chat'
    ? `That ${person} pressed the button (entry ${entry.index}): platform-attested.`
    : `That ${person} voted (entry ${entry.index}): the gateway's word, it is no signature.`);
}

/** Step 4; null for whatever is spelled in any other way than a gateway spells it. */
function readStatement(bytes) {
  try {
    const [written, json] = [decodeUtf8(bytes), JsonReader.read(decodeUtf8(bytes), 8)];
    const names = 'action card decision digest expires_at ledger nonce person policy revision v'.split(' ');
    const said = Object.fromEntries(names.map((name) =>
      [name, name === 'revision' || name === 'v' ? integer(json, name) : text(json, name)]));
    const expires = new Date(said.expires_at);
    return json.members.size === names.length && said.v === 1 && canonical(json) === written
      && !Number.isNaN(expires.getTime()) && expires.toISOString() === said.expires_at
      ? { ...said, expires: expires.getTime() } : null;
  } catch {
    return null;
  }
}

function checkStatement(findings, vote, expected) {
  const said = readStatement(vote.signed.statement);
  const { entry, person } = vote;
  const agrees = said !== null
    && said.ledger === expected.ledger && said.action === expected.action && said.revision === expected.revision
    && said.decision === vote.decision && said.digest === expected.digest && said.policy === expected.policy
    && said.person === person && (expected.card === null || said.card === expected.card)
    && entry.leaf.at <= said.expires + SLACK;
  if (!agrees) {
    findings.doubt('statement-differs', `What ${person} signed in entry ${entry.index} is another statement than ` +
      `this vote, or one that had expired.`);
  } else if (expected.card === null) {
    findings.leave(4, `What ${person} was shown: the card of this revision was not recorded.`);
  } else {
    findings.prove(4, `${person} signed '${vote.decision}' for ${expected.digest} and the card shown here.`);
    findings.leave(4, 'That the screen really showed that card: the page is the gateway\'s.');
  }
}

function readClientData(bytes) {
  const json = JsonReader.read(decodeUtf8(bytes), 8);
  const crosses = json.members?.get('crossOrigin');
  return {
    type: text(json, 'type'), challenge: text(json, 'challenge'), origin: text(json, 'origin'),
    isForeign: json.members.has('topOrigin') || (crosses !== undefined && crosses.raw !== 'false'),
  };
}

/** Step 5. */
async function checkClientData(findings, { entry, signed }, client) {
  const challenge = await sha256(utf8.encode('countersign-decision-v1\n'), signed.statement);
  if (client.challenge !== toBase64Url(challenge)) {
    findings.doubt('statement-differs', `The assertion in entry ${entry.index} answers another challenge.`);
  }
  if (client.type !== 'webauthn.get' || client.isForeign || !signed.origins.includes(client.origin)
    || !isOf(signed.party, client.origin)) {
    findings.doubt('client-data', `The assertion in entry ${entry.index} was made at '${client.origin}', for ` +
      `something else, or inside a page of somebody else; it was asked for by ${signed.party}.`);
    return;
  }
  findings.prove(5, `Signed on a page of ${client.origin}.`);
}

/** A browser lets only pages of the relying party's host use its passkeys, over HTTPS. */
function isOf(party, origin) {
  if (!URL.canParse(origin)) {
    return false;
  }
  const { protocol, hostname } = new URL(origin);
  return (protocol === 'https:' || hostname === 'localhost')
    && (hostname === party || hostname.endsWith(`.${party}`));
}

function readAuthenticatorData(bytes) {
  if (bytes.length < 37) {
    malformed('The authenticator data end too early.');
  }
  const flags = bytes[32];
  const rest = new CborReader(bytes.slice(37));
  if (flags & 0x40) {
    rest.take(16);
    const [high, low] = rest.take(2);
    rest.take(high * 256 + low);
    rest.read();
  }
  if (flags & 0x80 && !(rest.read() instanceof Map)) {
    malformed('The authenticator\'s extensions are no map.');
  }
  if (rest.at !== rest.bytes.length) {
    malformed('Something follows the authenticator data.');
  }
  return { party: bytes.slice(0, 32), flags };
}

/** Step 6. */
async function checkRelyingParty(findings, { entry, signed }, data) {
  if (equal(data.party, await sha256(utf8.encode(signed.party)))) {
    findings.prove(6, `For the site ${signed.party}.`);
  } else {
    findings.doubt('relying-party', `The assertion in entry ${entry.index} is for another site than ${signed.party}.`);
  }
}

/** Step 7: present, verified, and no copy of what cannot be copied. */
function checkFlags(findings, { entry, person }, { flags }) {
  if ((flags & 0x05) !== 0x05 || (flags & 0x18) === 0x10) {
    findings.doubt('flags', `The authenticator did not verify who used it for entry ${entry.index}.`);
    return;
  }
  findings.prove(7, `The authenticator verified ${person}.`);
  if (flags & 0x08) {
    findings.leave(7, `That only one device holds the passkey of ${person}: it may be synchronised.`);
  }
}

/** Step 8. */
async function checkSignature(findings, { entry, person, signed }) {
  const verify = coseVerifier(signed.publicKey);
  const bytes = concat(signed.authenticatorData, await sha256(signed.clientData));
  if (await verify(bytes, signed.signature)) {
    findings.prove(8, `The passkey of ${person} made the signature of entry ${entry.index}.`);
  } else {
    findings.doubt('signature', `The signature of entry ${entry.index} is not this passkey's.`);
  }
}

/** Step 9. */
function checkEnrolment(findings, supporting, { entry, person, signed }) {
  const enrolment = signed.enrolled < entry.index ? supporting.findEnrolment(signed.enrolled) : undefined;
  const agrees = enrolment !== undefined
    && text(enrolment.said, 'person') === person
    && text(enrolment.said, 'credential_id') === signed.id
    && text(enrolment.said, 'public_key') === toBase64Url(signed.publicKey)
    && text(enrolment.said, 'relying_party') === signed.party;
  if (!agrees) {
    findings.doubt('enrolment', `The receipt does not show that ${person} had enrolled the passkey of entry ` +
      `${entry.index} in entry ${signed.enrolled}.`);
    return;
  }
  findings.prove(9, `${person} enrolled it in entry ${signed.enrolled}.`);
  findings.leave(9, `That it was ${person} who enrolled it: the sign-in, or who vouched, is in that entry.`);
}

/** Step 10. */
function checkRevocation(findings, supporting, { entry, signed }) {
  const revoked = supporting.findRevocation(signed.enrolled);
  if (revoked !== undefined && revoked.index < entry.index) {
    findings.doubt('revoked', `The passkey of entry ${entry.index} had been revoked in entry ${revoked.index}.`);
    return;
  }
  findings.leave(10, `That no entry between ${signed.enrolled} and ${entry.index} revoked it: a receipt does not ` +
    `hold the entries in between.`);
}
