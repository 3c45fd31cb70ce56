// Bolt as a peer: it answers signed requests by its own rules. node slack-bolt.mjs SIGNING_SECRET; prints its port.
import { createServer } from 'node:net';
import bolt from '@slack/bolt';

const [, , signingSecret] = process.argv;
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const receiver = new bolt.HTTPReceiver({ signingSecret, endpoints: '/channels/slack/interactions', logLevel: 'error' });
const app = new bolt.App({
  receiver,
  logLevel: 'error',
  authorize: async () => ({ botToken: 'xoxb-peer', botId: 'B0PEER', botUserId: 'U0PEER' }),
});
app.action(/.*/, async ({ ack }) => ack());
app.view(/.*/, async ({ ack }) => ack());
await app.start({ port, host: '127.0.0.1' });
console.log(port);
process.stdin.on('end', () => process.exit(0)).resume();
