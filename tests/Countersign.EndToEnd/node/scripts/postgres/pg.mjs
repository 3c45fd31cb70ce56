// node-postgres: node pg.mjs JOB VALUE…; where to connect to is in PGHOST and its like.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { long, manyTypes, run, say, settle, told, twice } from './jobs.mjs';

const jobs = {
  async queries(client) {
    say((await client.query(manyTypes)).rows);
    say((await client.query('SELECT 1; SELECT 2 AS two')).map((result) => result.rows));
    say((await client.query('SELECT id, total FROM orders WHERE id > $1 ORDER BY id', [7])).rows);
    await settle([client.query('SELECT nope FROM orders')], (result) => result.rows);
    say((await client.query('BEGIN')).command);
    say((await client.query('SELECT count(*) FROM orders')).rows);
    say((await client.query('ROLLBACK')).command);
  },

  async prepared(client) {
    for (let id = 1; id <= 10; id++) {
      say((await client.query({ name: 'ten', text: 'SELECT total FROM orders WHERE id = $1', values: [id] })).rows);
    }
  },

  async copyOut(client) {
    say(await text(client.query(to('COPY (SELECT id, total FROM orders ORDER BY id) TO STDOUT'))));
  },

  async copyIn(client, rows) {
    const into = client.query(from('COPY orders (id, total) FROM STDIN'));
    await settle([pipeline(Readable.from([rows]), into)], () => into.rowCount);
    say((await client.query('SELECT 1 AS after')).rows);
  },

  /** Each way on a connection of its own, by name, as text or in binary. */
  async leaks(_, modes, ...ways) {
    for (const mode of modes.split(',')) {
      for (const way of ways) {
        const client = new pg.Client();
        await client.connect();
        for (const text of twice(way)) {
          const query = { name: text.slice(0, 60), text, binary: mode === 'binary' };
          await settle([client.query(query)], ({ rows }) => rows);
        }
        await client.end();
      }
    }
  },

  async cancel(client, text = long) {
    const query = new pg.Query(text);
    const ended = new Promise((resolve, reject) => query.once('end', resolve).once('error', reject));
    client.query(query);
    await told();
    new pg.Client().cancel(client, query);
    await ended.catch(({ code }) => say(code));
    say((await client.query('SELECT 1 AS after')).rows);
  },

  async pipeline() {
    const client = new pg.Client({ pipeline: true });
    await client.connect();
    await settle(
      [
        client.query('SELECT $1::int AS before', [1]),
        client.query('SELECT 1 / (id - $1) FROM orders', [1]),
        client.query({ name: 'after', text: 'SELECT $1::int AS after', values: [2] }),
        client.query('SELECT nope FROM orders WHERE id = $1', [1]),
        client.query({ name: 'after', text: 'SELECT $1::int AS after', values: [3] }),
      ],
      (result) => result.rows,
    );
    await client.end();
  },

  async remove(client, id) {
    await settle([client.query('DELETE FROM orders WHERE id = $1', [id])], (result) => result.rowCount);
    say((await client.query('SELECT count(*) FROM orders')).rows);
  },
};

const client = new pg.Client();
await client.connect();
await run(jobs, client);
