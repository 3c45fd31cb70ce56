// postgres.js: node postgres.mjs JOB VALUE…; where to connect to is in PGHOST and its like.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { long, manyTypes, run, say, settle, told, twice, why } from './jobs.mjs';

const jobs = {
  async queries(sql) {
    say(await sql.unsafe(manyTypes));
    say(await sql`SELECT 1; SELECT 2 AS two`.simple());
    say(await sql`SELECT id, total FROM orders WHERE id > ${7} ORDER BY id`);
    await settle([sql`SELECT nope FROM orders`], (rows) => rows);
    say(await sql.begin((own) => own`SELECT count(*) FROM orders`));
    for await (const rows of sql`SELECT id FROM orders ORDER BY id`.cursor(4)) {
      say(rows);
    }
  },

  async prepared(sql) {
    for (let id = 1; id <= 10; id++) {
      say(await sql`SELECT total FROM orders WHERE id = ${id}`);
    }
  },

  async copyOut(sql) {
    say(await text(await sql`COPY (SELECT id, total FROM orders ORDER BY id) TO STDOUT`.readable()));
  },

  async copyIn(sql, rows) {
    const into = await sql`COPY orders (id, total) FROM STDIN`.writable();
    await settle([pipeline(Readable.from([rows]), into)], () => 'copied');
    say(await sql`SELECT 1 AS after`);
  },

  /** Each way on a connection of its own, by name; COPY as a simple query. */
  async leaks(_, modes, ...ways) {
    // A COPY that fails in the packet in which it began: its stream has no reader yet.
    process.on('uncaughtException', (failure) => say(why(failure)));
    for (const way of ways) {
      const sql = postgres(options);
      for (const asked of twice(way)) {
        const rows = asked.startsWith('COPY')
          ? sql.unsafe(asked).readable().then(text)
          : sql.unsafe(asked, [], { prepare: true });
        await settle([rows], (all) => all);
      }
      await sql.end();
    }
  },

  async cancel(sql, statement = long) {
    const query = sql.unsafe(statement).execute();
    await told();
    query.cancel();
    await query.catch(({ code }) => say(code));
    say(await sql`SELECT 1 AS after`);
  },

  async pipeline(sql) {
    await settle(
      [
        sql`SELECT ${1}::int AS before`,
        sql`SELECT 1 / (id - ${1}) FROM orders`,
        sql`SELECT ${2}::int AS after`,
        sql`SELECT nope FROM orders WHERE id = ${1}`,
        sql`SELECT ${3}::int AS after`,
      ],
      (rows) => rows,
    );
    await settle(
      [sql.begin((own) => [own`SELECT 1 AS one`, own`SELECT 1 / 0`, own`SELECT 2 AS two`])], (results) => results);
    say(await sql`SELECT 4 AS after`);
  },

  async remove(sql, id) {
    await settle([sql`DELETE FROM orders WHERE id = ${id}`], ({ count }) => count);
    say(await sql`SELECT count(*) FROM orders`);
  },
};

const options = { max: 1, onnotice() {} };
await run(jobs, postgres(options));
