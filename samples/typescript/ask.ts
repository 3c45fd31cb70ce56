// Ask Countersign before doing something, with nothing but Node's own fetch. Node 22.18 and later run it as it is:
//
//   COUNTERSIGN_URL=http://127.0.0.1:7070 COUNTERSIGN_TOKEN=... node ask.ts restart_service billing
//
// The target is 'sdk', one with 'gate: api': it executes nothing, and gives permits to whoever asks.

import { randomUUID } from 'node:crypto';

type Action = {
  id: string;
  state: string;
  digest: string;
  arguments: Record<string, unknown>;
  explanation: string | null;
  verdict: { rules: { reason: string | null }[] };
  review: { url: string } | null;
  permit?: { claim: number };
};

const { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: token } = process.env;

/** The API answered with a problem; its type ends in the problem's name. */
class Refused extends Error {}

/** One request to the API: the action it answers, or the problem as an exception. */
async function call(method: string, path: string, body?: object, key?: string): Promise<Action> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key ? { 'idempotency-key': key } : {}),
    },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.detail);
  return answer as Action;
}

/** Asks, waits for people, claims, runs `act` with what was approved, and reports. */
export async function withPermission<T>(
  operation: string,
  asked: object,
  act: (approved: Record<string, unknown>) => Promise<T>,
  reason?: string,
): Promise<T> {
  let action = await call('POST', '/v1/actions', { target: 'sdk', operation, arguments: asked, reason });
  while (action.state === 'pending' || action.state === 'executing') {
    console.error(`waiting: ${action.review?.url ?? action.id}`);
    action = await call('GET', `/v1/actions/${action.id}?wait=50`);
  }
  if (action.state !== 'approved') {
    const reasons = action.verdict.rules.map(rule => rule.reason).join(' ');
    throw new Refused(`${action.state}: ${action.explanation ?? reasons}`);
  }

  // Only this answer is the permission, and only for the arguments in it: people may have changed them. With the key, a
  // claim that has to be repeated because its answer got lost is the same claim.
  const claim = await call('POST', `/v1/actions/${action.id}/claim`, { digest: action.digest }, randomUUID());
  const report = (outcome: object) => call(
    'POST', `/v1/actions/${claim.id}/outcome`, { digest: claim.digest, claim: claim.permit?.claim, ...outcome });
  let result: T;
  try {
    result = await act(claim.arguments);
  } catch (error) {
    await report({ state: 'failed', error: String(error).slice(0, 4000) });
    throw error;
  }
  await report({ state: 'succeeded', result });
  return result;
}

const [operation, name] = process.argv.slice(2);
try {
  console.log(await withPermission(operation, { name }, async approved => {
    if (approved.name === 'broken') throw new Error('it does not start any more');
    return `${approved.name}: done`;
  }, 'An example asks.'));
} catch (error) {
  console.error(`not done: ${(error as Error).message}`);
  process.exitCode = 1;
}
