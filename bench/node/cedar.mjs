// cedar.mjs RULES ACTIONS: the same rules and actions in Cedar; prints the time of each decision in µs as a JSON array.
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';

const [rules, actions] = process.argv.slice(2).map(Number);
const targets = ['tools', 'sdk', 'shell'];
const policies = {};
for (let i = 0; i < rules; i++) {
  const last = i % 10 === 0
    ? `context.name like "team-${i}-*"`
    : `context.amount < ${1000 + i}`;
  policies[`rule-${i}`] =
    `forbid(principal, action, resource) when { context.target == "${targets[i % 3]}" && context.operation == "op${i}" && ${last} };`;
}
const parsed = preparsePolicySet('bench', { staticPolicies: policies });
if (parsed.type !== 'success') {
  throw new Error(JSON.stringify(parsed.errors));
}

function ask(i) {
  return statefulIsAuthorized({
    principal: { type: 'Agent', id: 'bot' },
    action: { type: 'Action', id: 'call' },
    resource: { type: 'Target', id: 'db' },
    context: {
      target: targets[i % 3], operation: `op${i % rules}`, amount: i % 2500, name: `team-${i % rules}-${i % 2 ? 'X' : 'core'}`,
    },
    preparsedPolicySetId: 'bench',
    preparsedSchemaName: null,
    validateRequest: false,
    entities: [],
  });
}

const first = ask(0);
if (first.type !== 'success') {
  throw new Error(JSON.stringify(first));
}
const measured = Math.min(actions, 2000);
for (let i = 0; i < 200; i++) {
  ask(i);
}
const times = [];
for (let i = 0; i < measured; i++) {
  const start = process.hrtime.bigint();
  ask(i);
  times.push(Number(process.hrtime.bigint() - start) / 1000);
}
console.log(JSON.stringify(times));
