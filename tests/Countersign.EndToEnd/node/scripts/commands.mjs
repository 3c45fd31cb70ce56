// Reads one JSON command per line from stdin, lets a client run it, and prints one JSON answer per line.
import { createInterface } from 'node:readline';

export async function serve(client) {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await run(client, JSON.parse(line))));
  }
  await client.close();
}

async function run(client, { method, name, args, timeout }) {
  try {
    if (method === 'list') {
      return { tools: (await client.listTools()).tools.map((tool) => tool.name) };
    }
    if (method === 'version') {
      return { version: client.version() };
    }
    return { result: await client.call({ name, arguments: args }, timeout ? { timeout } : undefined) };
  } catch (failure) {
    return { failure: String(failure.message ?? failure) };
  }
}
