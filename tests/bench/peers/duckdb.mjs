// The peer `ssh | duckdb`: read_json of what ssh prints, INSERT OR REPLACE into a keyed table.
//
//   duckdb.mjs create DATABASE SAMPLE   a table t for rows such as those in SAMPLE (NDJSON)
//   duckdb.mjs load DATABASE rows|data  upserts stdin: NDJSON, or one {"data":[...]}
//   duckdb.mjs dump DATABASE            the names of t's columns, then its rows by id, as
//                                       arrays of text, one a line
import { createRequire } from 'node:module';

// NODE_PATH says where the library is; `import` would not look there.
const { DuckDBInstance } = createRequire(import.meta.url)('@duckdb/node-api');

const quote = (text) => `'${text.replaceAll("'", "''")}'`;
const identifier = (name) => `"${name.replaceAll('"', '""')}"`;

async function columnsOf(connection) {
  const reader = await connection.runAndReadAll('DESCRIBE t');
  return reader.getRowObjects().map((row) => [row.column_name, row.column_type]);
}

async function create(connection, sample) {
  await connection.run(`CREATE TABLE t AS SELECT * FROM read_json(${quote(sample)}) LIMIT 0`);
  await connection.run('ALTER TABLE t ADD PRIMARY KEY (id)');
}

async function load(connection, layout) {
  const columns = await columnsOf(connection);
  const typed = columns.map(([name, type]) => `${identifier(name)}: ${quote(type)}`).join(', ');
  const struct = columns.map(([name, type]) => `${identifier(name)} ${type}`).join(', ');
  const rows = `SELECT * FROM read_json('/dev/stdin', format = 'newline_delimited',
                  columns = {${typed}})`;
  const data = `SELECT row.* FROM (SELECT unnest(data) AS row FROM read_json('/dev/stdin',
                  maximum_object_size = 4000000000, columns = {data: ${quote(`STRUCT(${struct})[]`)}}))`;
  await connection.run(`INSERT OR REPLACE INTO t ${layout === 'data' ? data : rows}`);
  await connection.run('CHECKPOINT');
}

// Nested columns as JSON, all others as the text that DuckDB shows.
async function dump(connection) {
  const columns = await columnsOf(connection);
  const texts = columns.map(([name, type]) => (/^(STRUCT|MAP|JSON)|\]$/.test(type)
    ? `to_json(${identifier(name)})::VARCHAR` : `${identifier(name)}::VARCHAR`));
  const result = await connection.stream(`SELECT ${texts.join(', ')} FROM t ORDER BY id`);
  process.stdout.write(`${JSON.stringify(columns.map(([name]) => name))}\n`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const lines = chunk.getRows().map((row) => `${JSON.stringify(row)}\n`);
    if (!process.stdout.write(lines.join(''))) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
}

const [command, database, argument] = process.argv.slice(2);
const actions = { create, load, dump };
if (!(command in actions) || !database) {
  process.stderr.write('Usage: duckdb.mjs create|load|dump DATABASE [SAMPLE|LAYOUT]\n');
  process.exit(2);
}
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await actions[command](connection, argument);
connection.closeSync();
instance.closeSync();
