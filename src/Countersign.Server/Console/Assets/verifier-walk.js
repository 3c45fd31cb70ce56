// The verifier of receipts, part 5: the entries in the order of the log, steps 11 and 12.

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
        findings.doubt('stray-entry', `Entry ${index} (${leaf.type}) is not about this action, and nothing refers to it.`);
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
    const document = `{"arguments":${member(this.said, 'arguments').raw},"operation":${JSON.stringify(this.operation)},` +
      `"target":${JSON.stringify(this.target)}}`;
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
    for (const name of ['environment', 'agent', 'on_behalf_of', 'target', 'via', 'digest']) {
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
      this.findings.doubt('used-too-often', `Entry ${index} is use ${this.uses} of an approval for ${this.granted.uses}.`);
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

/** Goes through the entries and asks at each whether it may follow the ones before. */
class Walk {
  constructor(findings, action, ledger, entries) {
    Object.assign(this, { findings, action, ledger, entries });
    this.supporting = new Supporting(action, entries);
    this.executions = new Executions(findings);
    this.votes = [];
    this.request = null;
    this.revision = 1;
    this.phase = 'start';
  }

  async run() {
    for (const entry of this.entries) {
      if (entry.leaf.action === this.action) {
        this.checkRevision(entry);
        await this.take(entry);
      } else if (entry.leaf.type === 'agent.stopped' && this.supporting.ends(entry)) {
        this.end(entry, `the agent was stopped: ${text(entry.said, 'reason')}`);
      }
    }
    this.supporting.checkNoneIsStray(this.findings);
    this.checkEnd();
  }

  take(entry) {
    switch (entry.leaf.type) {
      case 'action.requested':
      case 'action.refused':
      case 'action.executed': return this.onRequest(entry);
      case 'review.opened': return this.onOpened(entry);
      case 'review.modified': return this.onModified(entry);
      case 'review.vote': return this.onVote(entry);
      case 'review.decided': return this.onDecided(entry);
      case 'review.expired':
      case 'action.withdrawn': return this.end(entry, text(entry.said, 'reason'));
      case 'execution.intent': return this.onIntent(entry);
      case 'execution.outcome': return this.onOutcome(entry);
      case 'export.issued':
        this.tell(entry, `${text(entry.said, 'person')} was shown what cards hide: ${text(entry.said, 'reason')}`);
        return undefined;
      default: return this.misplaced(entry);
    }
  }

  tell({ leaf }, sentence) {
    this.findings.tell(`${time(leaf.at)}  ${sentence}`);
  }

  misplaced({ index, leaf }) {
    this.findings.doubt('out-of-order', `Entry ${index} (${leaf.type}) cannot follow what is recorded before it.`);
  }

  expect(entry, ...phases) {
    if (!phases.includes(this.phase)) {
      this.misplaced(entry);
    }
    if (this.request === null && !['action.requested', 'action.refused', 'action.executed'].includes(entry.leaf.type)) {
      malformed(`Entry ${entry.index} comes before anything was asked.`);
    }
  }

  checkRevision({ index, leaf }) {
    const expected = leaf.type === 'review.modified' ? this.revision + 1 : this.revision;
    if (leaf.revision !== expected) {
      this.findings.doubt('out-of-order', `Entry ${index} is about revision ${leaf.revision} where ${expected} stands.`);
    }
  }

  async onRequest(entry) {
    this.expect(entry, 'start');
    this.request = await this.readRequest(entry);
    const { outcome } = this.request.verdict;
    const { type } = entry.leaf;
    const agrees = type === 'action.refused' ? outcome === 'deny'
      : type === 'action.executed' ? outcome === 'allow' : outcome !== 'deny';
    if (!agrees) {
      this.findings.doubt('verdict-differs', `Entry ${entry.index} is ${type}, and its verdict says ${outcome}.`);
    }
    this.phase = type !== 'action.requested' ? 'ended' : outcome === 'require' ? 'pending' : 'approved';
    if (type === 'action.executed') {
      this.executions.record(entry, member(entry.said, 'outcome'));
    } else if (this.phase === 'approved') {
      this.executions.allow(entry, 1, 600_000);
    }
  }

  async readRequest(entry) {
    const request = new SaidRequest(entry);
    const digest = await request.computeDigest();
    if (digest !== request.digest) {
      this.findings.doubt('digest-differs', `Entry ${entry.index} says digest ${request.digest}; what it asks for has ` +
        `${digest}.`);
    }
    this.findings.prove(3, `Revision ${this.revision} has the digest ${request.digest}.`);
    this.tellRequest(entry, request);
    return request;
  }

  tellRequest(entry, { agent, onBehalfOf, operation, target, verdict, modifiers, said }) {
    this.tell(entry, this.revision === 1
      ? `agent ${agent}${onBehalfOf === null ? '' : `, on behalf of ${onBehalfOf}`} asked for ${operation} on ${target}`
      : `changed by ${modifiers.at(-1) ?? malformed('Nobody changed it.')}: revision ${this.revision}`);
    this.findings.tell(`    arguments ${member(said, 'arguments').raw}`);
    this.findings.tell(`    ${{
      allow: 'Not held: the policy allows it.',
      deny: 'Not held and not run: the policy forbids it.',
      require: 'Held: the policy asks for people.',
    }[verdict.outcome]}`);
    for (const { id, reason } of verdict.rules) {
      this.findings.tell(`    Rule ${id}: ${reason}`);
    }
    this.findings.tell(`    facts ${member(said, 'facts').raw}`);
    for (const { rule, stages, assurance } of verdict.requirements) {
      for (const { need, of, escalate } of stages) {
        this.findings.tell(`    Rule ${rule}: ${need} of ${of.join(' or ')} could decide with ` +
          `'${ASSURANCES[assurance]}' or stronger${escalate.length === 0 ? '' : `; later ${escalate.join(' or ')} too`}`);
      }
    }
    this.findings.tell(`    policy ${verdict.policy}: ${{
      first: 'the first of this ledger, taken as it was written',
      approved: 'approved by people',
      immediate: 'took effect at once, without anybody\'s approval (changes: immediate)',
    }[verdict.accepted] ?? 'how it came into force was not recorded'}`);
    if (verdict.atOnce) {
      this.findings.tell('    changed policies and people took effect at once here (changes: immediate)');
    }
    this.findings.leave(11, 'That the policy\'s text gives this verdict, and who was in which group: the gateway says so.');
  }

  async onOpened(entry) {
    this.expect(entry, 'pending');
    await this.takeCard(entry);
    const run = entry.said.members.get('dry_run');
    this.tell(entry, run === undefined ? 'people were asked' : `dry run for ${text(run, 'person')}`);
  }

  async onModified(entry) {
    this.expect(entry, 'pending');
    this.revision++;
    this.votes = [];
    this.request = await this.readRequest(entry);
    if (entry.said.members.has('card')) {
      await this.takeCard(entry);
    } else {
      this.findings.leave(3, `What people were shown of revision ${this.revision}: an earlier version recorded it.`);
    }
  }

  async takeCard(entry) {
    if (!await this.request.takeCard(member(entry.said, 'card'))) {
      this.findings.doubt('card-differs', `The card of entry ${entry.index} shows something else than what was asked.`);
    }
  }

  async onVote(entry) {
    const refused = optionalText(entry.said, 'refused');
    if (refused !== null) {
      const who = optionalText(entry.said, 'person') ?? `agent ${text(entry.said, 'agent')}`;
      this.tell(entry, `${who} tried to approve and was refused (${refused}): counts for nothing`);
      return;
    }
    this.expect(entry, 'pending');
    const vote = readVote(entry);
    if (vote.digest !== this.request.digest) {
      this.findings.doubt('intent-differs', `The vote of ${vote.person} in entry ${entry.index} is about another digest.`);
    }
    const comment = optionalText(entry.said, 'comment');
    this.tell(entry, `${vote.person}: ${vote.decision} (${vote.assurance}, ${vote.label})` +
      (comment === null ? '' : `: ${comment}`));
    this.votes.push(vote);
    const { ledger, action, revision, request } = this;
    await checkVote(this.findings, this.supporting, vote, {
      ledger, action, revision, digest: request.digest, card: request.card, policy: request.verdict.policy,
    });
  }

  onDecided(entry) {
    this.expect(entry, 'pending');
    const state = text(entry.said, 'state');
    this.tell(entry, `${state}: ${text(entry.said, 'reason')}`);
    if (state === 'denied') {
      const denial = this.votes.at(-1);
      if (denial === undefined || denial.approves) {
        this.findings.doubt('too-few-votes', `Entry ${entry.index} says denied, and nobody denied it.`);
      } else {
        this.findings.prove(11, `${denial.person} denied it.`);
      }
      this.phase = 'ended';
      return;
    }
    const { requirements } = this.request.verdict;
    this.countVotes(entry, requirements);
    this.executions.allow(
      entry,
      requirements.length === 0 ? 1 : Math.min(...requirements.map((one) => one.uses)),
      requirements.length === 0 ? 600_000 : Math.min(...requirements.map((one) => one.milliseconds)));
    this.phase = 'approved';
  }

  countVotes(entry, requirements) {
    if (requirements.length === 0) {
      this.findings.doubt('verdict-differs', `Entry ${entry.index} says approved, and no rule asked for an approval.`);
    }
    const standsBehind = (person) => person === this.request.onBehalfOf || this.request.modifiers.includes(person);
    for (const { person } of this.votes.filter((vote) => vote.approves && standsBehind(vote.person))) {
      this.findings.doubt('self-approval', `${person} approved what they asked for or changed themselves.`);
    }
    for (const { rule, assurance, stages } of requirements) {
      const persons = new Set(this.votes
        .filter((vote) => vote.approves && ASSURANCES.indexOf(vote.assurance) >= assurance && !standsBehind(vote.person))
        .map((vote) => vote.person));
      const needed = stages.reduce((sum, stage) => sum + stage.need, 0);
      if (persons.size < needed || stages.some((stage) => lacksNamed(stage, persons))) {
        this.findings.doubt('too-few-votes', `Rule ${rule} needs ${needed} different persons; ${persons.size} who may ` +
          `count approved with '${ASSURANCES[assurance]}' or stronger.`);
      } else {
        this.findings.prove(11, `Rule ${rule} needs ${needed}: approved by ${[...persons].sort().join(', ')}.`);
      }
    }
  }

  onIntent(entry) {
    this.expect(entry, 'approved', 'executing');
    if (this.phase === 'executing') {
      this.executions.checkFence(entry);
      return;
    }
    this.executions.begin(entry, this.request.digest, this.request.verdict.policy);
    this.phase = 'executing';
  }

  onOutcome(entry) {
    this.expect(entry, 'executing');
    this.phase = this.executions.complete(entry) ? 'approved' : 'ended';
  }

  end(entry, reason) {
    this.expect(entry, 'pending', 'approved');
    this.tell(entry, `${entry.leaf.type}: ${reason}`);
    if (!this.executions.hasOutcome) {
      this.findings.prove(12, 'Nothing was executed.');
    }
    this.phase = 'ended';
  }

  checkEnd() {
    if (this.phase === 'executing') {
      this.findings.doubt('outcome-missing', 'Something was begun, and the receipt does not say what came of it.');
    } else if (this.phase === 'ended' || (this.phase === 'approved' && this.executions.hasOutcome)) {
      this.executions.tellEnd();
    } else {
      this.findings.doubt('not-ended', 'The action had not ended when this receipt was made. Ask for a newer one.');
    }
  }
}

/** Whether a stage names persons only, and too few of them approved. */
function lacksNamed({ of, escalate, need }, persons) {
  const parties = [...of, ...escalate];
  const named = parties.map((party) => party.replace(/^person:/, ''));
  return !parties.some((party) => party.startsWith('group:'))
    && new Set(named.filter((person) => persons.has(person))).size < need;
}

/**
 * Checks the bytes of a receipt against the keys of readTrust; answers {verified, selfConsistent, action, story, steps}.
 */
export async function verifyReceipt(file, trusted) {
  const findings = new Findings();
  let receipt;
  let checkpoint;
  try {
    receipt = readReceipt(file);
    checkpoint = readCheckpoint(receipt.checkpoint);
  } catch (failure) {
    findings.doubt('unreadable', failure.message);
    return findings.report(null);
  }
  await checkTrust(findings, checkpoint, trusted);
  await checkInclusion(findings, receipt, checkpoint);
  const entries = await readPayloads(findings, receipt);
  try {
    await (entries && new Walk(findings, receipt.action, checkpoint.origin, entries).run());
  } catch (failure) {
    findings.doubt('payload-unreadable', `An entry does not say what its type has to say: ${failure.message}`);
  }
  return findings.report(receipt.action);
}
