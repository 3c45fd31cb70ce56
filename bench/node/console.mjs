// console.mjs ADDRESS TOKEN: what a person waits for in the console, in Chromium; prints the times in ms as JSON.
// Paints and interactions are the browser's own entries (Paint Timing, Event Timing); the keys come from its input.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [address, token] = process.argv.slice(2);
const rounds = 10;
const profile = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
const chromium = spawn('chromium', [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run', '--remote-debugging-pipe',
  `--user-data-dir=${profile}`, 'about:blank',
], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });

// --- The DevTools protocol over a pipe: JSON, each message ended by a NUL.

let lastId = 0;
let unread = '';
const answers = new Map();
chromium.stdio[4].setEncoding('utf8');
chromium.stdio[4].on('data', (text) => {
  const messages = (unread + text).split('\0');
  unread = messages.pop();
  for (const message of messages.map((part) => JSON.parse(part))) {
    answers.get(message.id)?.(message);
    answers.delete(message.id);
  }
});

function send(method, params = {}, sessionId = undefined) {
  const id = ++lastId;
  chromium.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((resolve, reject) => answers.set(id, ({ result, error }) =>
    error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
}

const { targetInfos } = await send('Target.getTargets');
const { targetId } = targetInfos.find((target) => target.type === 'page');
const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
const page = (method, params) => send(method, params, sessionId);

async function evaluate(expression) {
  const { result, exceptionDetails } = await page('Runtime.evaluate', {
    expression, awaitPromise: true, returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

async function until(expression) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    try {
      if (await evaluate(expression)) return;
    } catch { /* The page was just left for another. */ }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Never came true: ${expression}`);
}

const codes = { Enter: 13, '/': 191 };
async function press(key) {
  const text = key === 'Enter' ? '\r' : key;
  const code = codes[key] ?? key.toUpperCase().charCodeAt(0);
  const base = { key, text, unmodifiedText: text, windowsVirtualKeyCode: code };
  await page('Input.dispatchKeyEvent', { type: 'keyDown', ...base });
  await page('Input.dispatchKeyEvent', { type: 'keyUp', ...base });
}

const isPainted = 'performance.getEntriesByName("first-contentful-paint").length > 0';
const paintedAt = 'performance.timeOrigin + performance.getEntriesByName("first-contentful-paint")[0].startTime';
const startedAt = 'performance.getEntriesByName("first-contentful-paint")[0].startTime';

// Each entry lasts from the input to the frame that shows its effect, to 8 ms; shorter than 16 ms has no entry.
const watch = `window.slow = []; new PerformanceObserver((list) => slow.push(...list.getEntries()
  .filter((entry) => /^key|^input/.test(entry.name)).map((entry) => entry.duration)))
  .observe({ type: 'event', durationThreshold: 16 })`;
const slowest = `new Promise((resolve) => setTimeout(() => resolve(Math.max(16, ...slow.splice(0))), 150))`;

async function open(path) {
  await page('Page.navigate', { url: new URL(path, address).href });
  await until(`location.pathname === ${JSON.stringify(path)} && ${isPainted} && document.readyState === 'complete'`);
  await evaluate(watch);
}

async function interact(key) {
  await press(key);
  return evaluate(slowest);
}

const times = {};
const keep = (what, time) => (times[what] ??= []).push(time);

async function measure(round) {
  await page('Network.clearBrowserCache');
  await open('/console');
  const isWarm = round > 0;
  const note = isWarm ? keep : () => undefined;
  note('first paint of the queue', await evaluate(startedAt));
  note('j', await interact('j'));
  note('j', await interact('j'));
  note('k', await interact('k'));
  note('/', await interact('/'));
  for (const letter of `service ${round}`) note('a letter in the filter', await interact(letter));
  await evaluate('document.activeElement.value = ""; document.activeElement.dispatchEvent(new Event("input"))');
  await evaluate('document.activeElement.blur()');
  // The server filters, so the whole list comes back with its answer.
  await until(`document.querySelectorAll('.rows a').length > 1
    && !new URL(document.querySelector('main').dataset.fragment, location.href).searchParams.has('find')`);
  await evaluate(slowest);
  await interact('j');
  await until("document.activeElement.matches('.rows a')");
  const pressed = await evaluate('performance.timeOrigin + performance.now()');
  await press('Enter');
  await until(`location.pathname.startsWith('/console/actions/') && ${isPainted}`);
  note('Enter, to the paint of the action', await evaluate(paintedAt) - pressed);
  await until('document.readyState === "complete"');
  await evaluate(watch);
  note('d, to the vote form', await interact('d'));
  note('a, to the vote form', await interact('a'));
}

try {
  await page('Page.enable');
  await page('Network.enable');
  await open('/console/sign-in');
  await evaluate(`document.getElementById('token').value = ${JSON.stringify(token)};
    document.getElementById('token').form.requestSubmit(); 0`);
  await until(`location.pathname === '/console' && ${isPainted}`);
  for (let round = 0; round <= rounds; round++) await measure(round);
  console.log(JSON.stringify(times));
} finally {
  chromium.kill();
  await new Promise((resolve) => chromium.once('exit', resolve));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
