// Runs the job that the command line names, and prints what each step of it gave, one JSON value a line.
import { createInterface } from 'node:readline';

export const long = 'SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS endless';

export const manyTypes = `
  SELECT 1 + 1 AS two, 'häß' AS text, 1.50::numeric AS price, '2020-01-02 03:04:05+00'::timestamptz AS at,
         ARRAY[1, 2] AS list, '{"a": [1]}'::jsonb AS body, '\\x00ff'::bytea AS bytes, true AS yes, NULL AS nothing`;

export function say(value) {
  console.log(JSON.stringify(value));
}

/** What an error means, whatever class a driver gives it. */
export function why({ code, position, message }) {
  return { code, position, message };
}

/** Ends when the tests say so: with the first line of the standard input. */
export async function told() {
  for await (const line of createInterface({ input: process.stdin })) {
    return line;
  }
}

/** Each as it ended: results as `of` has them, errors by what they mean. */
export async function settle(promises, of) {
  for (const end of await Promise.allSettled(promises)) {
    say(end.status === 'fulfilled' ? of(end.value) : why(end.reason));
  }
}

/** The texts of a way, one a line; a single one comes twice, so that it is prepared once and run again. */
export function twice(way) {
  const texts = way.split('\n');
  return texts.length === 1 ? [...texts, ...texts] : texts;
}

export async function run(jobs, connection) {
  const [job, ...values] = process.argv.slice(2);
  await jobs[job](connection, ...values);
  await connection.end();
  process.exit();
}
