// The verifier of receipts, part 5: what is found, and what the entries of a request and of executions say.

const TITLES = [
  'Trust: the checkpoint is signed by a log that you trust',
  'Inclusion: every entry is in that log, in its place',
  'Payloads: the entries say what is shown here',
  'Statements: signed votes are about exactly this',
  'Client data: signed on a page of the expected origin',
  'Relying party: signed for the expected site',
  'Presence: the authenticator verified its user',
  'Signatures: made by the passkey',
  'Enrolment: the passkey was enrolled before, by the same person',
  'Revocation: the passkey was not revoked in between',
  'Decision: what was approved is what was done, in time, and no more often',
  'Outcome: how it ended',
];

const STEPS = [
  'unreadable no-trust unsigned forged-signature unknown-signature other-origin',
  'not-included stray-entry broken-chain time-went-back',
  'payload-missing payload-changed payload-unreadable digest-differs card-differs',
  'statement-differs', 'client-data', 'relying-party', 'flags', 'signature', 'enrolment', 'revoked',
  'out-of-order verdict-differs too-few-votes self-approval intent-differs too-late used-too-often',
  'not-ended outcome-missing',
].map((words) => words.split(' '));

class Findings {
  constructor() {
    this.story = [];
    this.steps = TITLES.map((title, i) => ({ number: i + 1, title, proved: [], notProved: [], doubts: [] }));
  }

  tell(line) {
    this.story.push(line);
  }

  prove(step, sentence) {
    Findings.keep(this.steps[step - 1].proved, sentence);
  }

  leave(step, sentence) {
    Findings.keep(this.steps[step - 1].notProved, sentence);
  }

  doubt(doubt, sentence) {
    this.steps[STEPS.findIndex((words) => words.includes(doubt))].doubts.push({ doubt, text: sentence });
  }

  report(action) {
    const doubts = this.steps.flatMap((step) => step.doubts);
    return {
      action, story: this.story, steps: this.steps,
      verified: doubts.length === 0, selfConsistent: doubts.every(({ doubt }) => doubt === 'no-trust'),
    };
  }

  static keep(list, sentence) {
    if (!list.includes(sentence)) {
      list.push(sentence);
    }
  }
}

/** Entries about no action that a receipt needs. */
class Supporting {
  constructor(action, entries) {
    this.action = action;
    this.entries = entries;
    this.used = new Set();
  }

  findEnrolment(index) {
    this.used.add(index);
    return this.entries.find((entry) => entry.index === index && entry.leaf.type === 'credential.enrolled');
  }

  findRevocation(enrolled) {
    const found = this.entries.find((entry) =>
      entry.leaf.type === 'credential.revoked' && integer(entry.said, 'enrolled') === enrolled);
    this.used.add(found?.index);
    return found;
  }

  ends(stop) {
    const ends = itemsOf(member(stop.said, 'withdrawn')).some((id) => textIn(id) === this.action);
    this.used.add(ends ? stop.index : undefined);
    return ends;
  }

  checkNoneIsStray(findings) {
    for (const { index, leaf } of this.entries.filter((entry) => entry.leaf.action !== this.action)) {
      if (!this.used.has(index)) {
        findings.doubt('stray-entry', `Entry ${index} (${leaf.type}) is not about this action, and nothing refers ` +
          `to it.`);
      }
    }
  }
}

/** One revision of what was asked. */
class SaidRequest {
  constructor({ said }) {
    this.said = said;
    for (const name of ['digest', 'target', 'operation', 'agent']) {
      this[name] = text(said, name);
    }
    this.onBehalfOf = optionalText(said, 'on_behalf_of');
    this.verdict = readVerdict(member(said, 'verdict'));
    this.modifiers = said.members.has('changes')
      ? itemsOf(member(said, 'changes')).map((change) => text(change, 'person')) : [];
    if (member(said, 'facts').members?.size !== 1) {
      malformed('The facts are not those of one gate.');
    }
    this.card = null;
  }

  async computeDigest() {
    const document = `{"arguments":${member(this.said, 'arguments').raw},` +
      `"operation":${JSON.stringify(this.operation)},"target":${JSON.stringify(this.target)}}`;
    return `sha256:${toHex(await sha256(utf8.encode(`countersign-action-v1\n${document}`)))}`;
  }

  /** The card repeats what was asked; of the headline only its end does. */
  async takeCard(card) {
    const whole = canonical(card);
    this.card = `sha256:${toHex(await sha256(utf8.encode(`countersign-card-v1\n${whole}`)))}`;
    const shown = new Map([...card.members].map(([name, value]) => [name, canonical(value)]));
    if (!text(card, 'headline').endsWith(`${this.operation} on ${this.target}`)) {
      return false;
    }
    shown.delete('headline');
    const expected = this.expectedCard();
    return shown.size === expected.size && [...expected].every(([name, value]) => shown.get(name) === value);
  }

  expectedCard() {
    const { raw } = member(this.said, 'arguments');
    const expected = new Map([
      ['exact', JSON.stringify(raw)],
      ['bytes', String(utf8.encode(raw).length)],
      ['rules', canonical(member(member(this.said, 'verdict'), 'rules'))],
      ['claimed_reason', canonical(member(member(this.said, 'claimed'), 'reason'))],
    ]);
    for (const name of ['environment', 'facts', 'agent', 'on_behalf_of', 'target', 'via', 'digest']) {
      expected.set(name, canonical(member(this.said, name)));
    }
    if (this.said.members.has('preview')) {
      expected.set('preview', canonical(member(this.said, 'preview')));
    }
    return expected;
  }
}

function readVerdict(json) {
  const outcome = text(json, 'outcome');
  if (!['allow', 'require', 'deny'].includes(outcome)) {
    malformed('The verdict is unknown.');
  }
  return {
    outcome, policy: text(json, 'policy'), accepted: optionalText(json, 'accepted'),
    atOnce: optionalText(json, 'changes') === 'immediate',
    rules: itemsOf(member(json, 'rules')).map((rule) => ({ id: text(rule, 'id'), reason: text(rule, 'reason') })),
    requirements: itemsOf(member(json, 'requirements')).map(readRequirement),
  };
}

function readRequirement(json) {
  const [assurance, grant] = [ASSURANCES.indexOf(text(json, 'assurance')), member(json, 'grant')];
  return {
    rule: text(json, 'rule'), reason: text(json, 'reason'),
    assurance: assurance < 0 ? malformed('An assurance is unknown.') : assurance,
    stages: itemsOf(member(json, 'stages')).map((stage) => ({
      need: integer(stage, 'need'), within: integer(stage, 'within_seconds'),
      of: itemsOf(member(stage, 'of')).map(textIn), escalate: itemsOf(member(stage, 'escalate')).map(textIn),
    })),
    distinctFrom: itemsOf(member(json, 'distinct_from')).map(textIn),
    uses: integer(grant, 'uses'), milliseconds: integer(grant, 'seconds') * 1000,
  };
}

/** What was done under an approval. */
class Executions {
  constructor(findings) {
    this.findings = findings;
    this.allow({ leaf: { at: -Infinity } }, 1, 600_000);
    this.uses = 0;
    this.fence = null;
    this.hasOutcome = false;
  }

  allow({ leaf }, uses, milliseconds) {
    this.granted = { at: leaf.at, uses, milliseconds };
  }

  begin({ index, leaf, said }, digest, policy) {
    this.uses++;
    this.fence = integer(said, 'fence');
    this.findings.tell(`${time(leaf.at)}  execution began`);
    if (text(said, 'digest') !== digest || text(said, 'policy') !== policy) {
      this.findings.doubt('intent-differs', `Entry ${index} is about another digest or policy than was decided.`);
    } else {
      this.findings.prove(11, `What began in entry ${index} is what was decided: ${digest}.`);
    }
    if (this.uses > this.granted.uses) {
      this.findings.doubt('used-too-often', `Entry ${index} is use ${this.uses} of an approval for ` +
        `${this.granted.uses}.`);
    }
    if (leaf.at > this.granted.at + this.granted.milliseconds) {
      this.findings.doubt('too-late', `Entry ${index} is later than the approval was good for.`);
    }
  }

  checkFence({ index, said }) {
    if (integer(said, 'fence') !== this.fence) {
      this.findings.doubt('intent-differs', `Entry ${index} is about another execution than the one under way.`);
    }
  }

  complete(entry) {
    this.checkFence(entry);
    return this.record(entry, entry.said) !== 'unknown' && this.uses < this.granted.uses;
  }

  record({ index, leaf }, outcome) {
    this.hasOutcome = true;
    const state = text(outcome, 'state');
    const source = outcome.members.get('self_reported')?.raw === 'true' ? ', as the agent itself says' : '';
    const error = optionalText(outcome, 'error');
    this.findings.tell(`${time(leaf.at)}  ${state}${source}${error === null ? '' : `: ${error}`}`);
    this.findings.prove(12, `Entry ${index} records the outcome '${state}'${source}.`);
    return state;
  }

  tellEnd() {
    if (this.hasOutcome) {
      this.findings.leave(12, 'What the outcome did at the target: the gateway, or the agent, says what came of it.');
    } else {
      this.findings.prove(12, 'No execution is recorded.');
    }
  }
}
