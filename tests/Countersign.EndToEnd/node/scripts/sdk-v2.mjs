// The TypeScript client 2.x with its default time-outs: node sdk-v2.mjs URL TOKEN
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { serve } from './commands.mjs';

const [url, token] = process.argv.slice(2);
const client = new Client({ name: 'end-to-end-v2', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
);
await serve({
  version: () => client.getNegotiatedProtocolVersion(),
  listTools: () => client.listTools(),
  call: (call, options) => client.callTool(call, options),
  close: () => client.close(),
});
