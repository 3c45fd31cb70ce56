// The verifier of receipts, part 6: the entries in the order of the log, steps 11 and 12.

/** Goes through the entries and asks at each whether it may follow the ones before. */
class Walk {
  constructor(findings, action, ledger, entries) {
    Object.assign(this, { findings, action, ledger, entries });
    this.supporting = new Supporting(action, entries);
    this.executions = new Executions(findings);
    this.votes = [];
    this.glass = null;
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
      case 'break-glass.used': return this.onGlass(entry);
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
      this.findings.doubt('out-of-order', `Entry ${index} is about revision ${leaf.revision} where ${expected} ` +
        `stands.`);
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
      this.findings.doubt('digest-differs', `Entry ${entry.index} says digest ${request.digest}; what it asks for ` +
        `has ${digest}.`);
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
          `'${ASSURANCES[assurance]}' or ` +
          `stronger${escalate.length === 0 ? '' : `; later ${escalate.join(' or ')} too`}`);
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
    this.findings.leave(
      11, 'That the policy\'s text gives this verdict, and who was in which group: the gateway says so.');
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
    this.glass = null;
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
    const vote = await this.takeVote(entry);
    const comment = optionalText(entry.said, 'comment');
    this.tell(entry, `${nameOf(vote)}: ${vote.decision} (${vote.assurance}, ${vote.label})` +
      (comment === null ? '' : `: ${comment}`));
    this.votes.push(vote);
  }

  /** One person alone, in place of all who were asked: signed like any vote, and counted as none. */
  async onGlass(entry) {
    this.glass = await this.takeVote(entry);
    this.tell(entry, `${this.glass.person} broke the glass (${this.glass.label}), with the codes of ` +
      `${itemsOf(member(entry.said, 'custodians')).map(textIn).join(', ')}: ${text(entry.said, 'comment')}`);
  }

  async takeVote(entry) {
    this.expect(entry, 'pending');
    const vote = readVote(entry);
    if (vote.digest !== this.request.digest) {
      this.findings.doubt('intent-differs', `The vote of ${vote.person} in entry ${entry.index} is about another ` +
        `digest.`);
    }
    const { ledger, action, revision, request } = this;
    await checkVote(this.findings, this.supporting, vote, {
      ledger, action, revision, digest: request.digest, card: request.card, policy: request.verdict.policy,
    });
    return vote;
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
    this.phase = 'approved';
    if (this.glass !== null) {
      this.findings.doubt('too-few-votes', `${this.glass.person} let it through alone by breaking the glass: nobody ` +
        'who was asked approved it. The review of it is an action of its own; ask for its receipt.');
      this.executions.allow(entry, 1, Date.parse(text(this.glass.entry.said, 'until')) - entry.leaf.at);
      return;
    }
    const { requirements } = this.request.verdict;
    this.countVotes(entry, requirements);
    this.executions.allow(
      entry,
      requirements.length === 0 ? 1 : Math.min(...requirements.map((one) => one.uses)),
      requirements.length === 0 ? 600_000 : Math.min(...requirements.map((one) => one.milliseconds)));
  }

  countVotes(entry, requirements) {
    if (requirements.length === 0) {
      this.findings.doubt('verdict-differs', `Entry ${entry.index} says approved, and no rule asked for an approval.`);
    }
    const standsBehind = (person) => person === this.request.onBehalfOf || this.request.modifiers.includes(person);
    const isBehind = (vote) => standsBehind(vote.person) || standsBehind(vote.place);
    for (const { person } of this.votes.filter((vote) => vote.approves && isBehind(vote))) {
      this.findings.doubt('self-approval', `${person} approved what they asked for or changed themselves.`);
    }
    for (const { rule, assurance, stages } of requirements) {
      const counted = this.votes
        .filter((vote) => vote.approves && ASSURANCES.indexOf(vote.assurance) >= assurance && !isBehind(vote));
      // Whoever is away and their deputy are one, and so is a deputy of several.
      const places = new Set(counted.map((vote) => vote.place));
      const persons = Math.min(places.size, new Set(counted.map((vote) => vote.person)).size);
      const needed = stages.reduce((sum, stage) => sum + stage.need, 0);
      if (persons < needed || stages.some((stage) => lacksNamed(stage, places))) {
        this.findings.doubt('too-few-votes', `Rule ${rule} needs ${needed} different persons; ${persons} who ` +
          `may count approved with '${ASSURANCES[assurance]}' or stronger.`);
      } else {
        this.findings.prove(11, `Rule ${rule} needs ${needed}: approved by ${
          [...new Set(counted.map(nameOf))].sort().join(', ')}.`);
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
 * Checks the bytes of a receipt against the keys of readTrust; answers {verified, selfConsistent, action, story,
 * steps}.
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
