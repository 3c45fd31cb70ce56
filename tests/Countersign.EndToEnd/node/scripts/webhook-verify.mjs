// The library of Standard Webhooks as a judge. node webhook-verify.mjs SECRET; one delivery as JSON on standard input,
// with its headers and its body in base64; prints "ok" or why it is refused.
import { Webhook } from 'standardwebhooks';

const [, , secret] = process.argv;
let text = '';
for await (const part of process.stdin) text += part;
const { headers, body } = JSON.parse(text);
try {
  new Webhook(secret).verify(Buffer.from(body, 'base64').toString('utf8'), headers);
  console.log('ok');
} catch (refusal) {
  console.log(refusal.message);
}
