// The TypeScript SDK 1.x with its default time-outs: node sdk-v1.mjs URL TOKEN
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { serve } from './commands.mjs';

const [url, token] = process.argv.slice(2);
const client = new Client({ name: 'end-to-end-v1', version: '1.0.0' });
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
);
await serve({
  listTools: () => client.listTools(),
  call: (call, options) => client.callTool(call, undefined, options),
  close: () => client.close(),
});
