import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type LearnedConfig, learn, verdict } from '#testing/introspection'
import { type Postgres, postgresVersions, startPostgres } from '../tools/postgres.ts'

const servers: Postgres[] = []
const clients: pg.Client[] = []
before(async () => {
  for (const version of postgresVersions()) {
    const server = await startPostgres({ auth: 'trust', inMemory: true, version })
    servers.push(server)
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    clients.push(client)
  }
})
after(async () => {
  for (const client of clients) await client.end()
  for (const server of servers) await server.stop()
})

/** What is learned of a database with these definitions, by every version of PostgreSQL. */
async function learned(
  definitions: string,
  yaml: string,
  check: (learned: LearnedConfig, version: string) => void,
): Promise<void> {
  for (const client of clients) {
    const { rows } = await client.query('SHOW server_version')
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
    await client.query(definitions)
    const queries = {
      query: async (text: string, values: readonly unknown[] = []) =>
        (await client.query(text, [...values])).rows,
    }
    check(await learn(queries, yaml), `PostgreSQL ${rows[0].server_version}`)
    await client.query('DROP SCHEMA IF EXISTS archive, other CASCADE')
  }
}

const users = `
schemas:
  - table: users
    encrypted:
      - { column: email, searchable: true, data_type: str }
      - { column: ssn, token_type: str }
`

test('columns stand in the order of the database, without those that were dropped', () =>
  learned(
    `CREATE TABLE users (id int, gone text, email bytea, ssn text);
     ALTER TABLE users DROP COLUMN gone;
     ALTER TABLE users ADD COLUMN "New" text`,
    users,
    ({ config, contradictions, warnings }, version) => {
      assert.deepEqual(
        config.table('public', 'users')?.columns,
        ['id', 'email', 'ssn', 'New'],
        version,
      )
      assert.deepEqual([contradictions, warnings], [[], []], version)
      assert.equal(
        verdict("INSERT INTO users VALUES (1, 'a@b.c', '1', 'x')", config, ['public']),
        'planned, store users.email, store users.ssn',
        version,
      )
    },
  ))

test('a field of a column is written where the column is known to have fields', () =>
  learned(
    `CREATE TYPE place AS (city text, name text);
     CREATE TYPE moved AS (at date, place place);
     CREATE DOMAIN home AS place CHECK ((VALUE).city <> '');
     CREATE TABLE users (id int, email bytea, ssn text, address place, moves moved[], home home, u text);
     CREATE VIEW addresses AS SELECT email, address FROM users`,
    users,
    ({ config }, version) => {
      const say = (sql: string) => verdict(sql, config, ['public'])
      for (const target of ['address.city', 'moves[1].place.name', 'home.city'])
        assert.equal(say(`UPDATE users SET ${target} = 'x'`), 'untouched', `${target}, ${version}`)
      assert.equal(say("UPDATE addresses SET address.city = 'x'"), 'untouched', version)
      for (const target of ['u.email', 'u.city', 'users.email', 'email.city', 'ssn.x'])
        assert.match(say(`UPDATE users u SET ${target} = 'x'`), /^refused: /, version)
    },
  ))

test('partitions of partitions, and children, have the protected columns of their parent', () =>
  learned(
    `CREATE TABLE users (id int, ssn text, email bytea) PARTITION BY RANGE (id);
     CREATE TABLE users_low (email bytea, id int, ssn text) PARTITION BY RANGE (id);
     CREATE TABLE users_lowest PARTITION OF users_low FOR VALUES FROM (0) TO (10);
     ALTER TABLE users ATTACH PARTITION users_low FOR VALUES FROM (0) TO (100);
     CREATE SCHEMA archive;
     CREATE TABLE people (name text, email bytea);
     CREATE TABLE archive.friends (since date) INHERITS (people)`,
    `${users}  - table: people\n    encrypted: [{ column: email }]\n`,
    ({ config, contradictions }, version) => {
      assert.deepEqual(contradictions, [], version)
      const own = config.table('public', 'users')
      const lowest = config.table('public', 'users_lowest')
      assert.deepEqual(lowest?.columns, ['email', 'id', 'ssn'], version)
      assert.equal(lowest?.protected.get('email'), own?.protected.get('email'), version)
      assert.equal(
        verdict("INSERT INTO users_lowest VALUES ('a@b.c', 1, '1')", config, ['public']),
        'planned, store users.email, store users.ssn',
        version,
      )
      assert.equal(
        verdict('SELECT * FROM archive.friends', config, ['public']),
        'planned, answers other people.email other',
        version,
      )
    },
  ))

test('a relation that no entry names is known, and one that is not there is not', () =>
  learned(
    'CREATE TABLE users (email bytea, ssn text); CREATE TABLE contacts (id int, email text)',
    users,
    ({ config }, version) => {
      const insert = (table: string) =>
        verdict(`INSERT INTO ${table} (email) VALUES ('x')`, config, ['public'])
      assert.equal(insert('contacts'), 'untouched', version)
      assert.match(insert('staff'), /^refused: .* staff is not in the encryptor config$/, version)
      assert.equal(
        verdict('SELECT * FROM contacts, users', config, ['public']),
        'planned, answers other other users.email users.ssn',
        version,
      )
    },
  ))

test('the same schema has the same fingerprint, another one another', async () => {
  const fingerprints: string[] = []
  for (const more of ['', '', 'CREATE TABLE more (id int)'])
    await learned(`CREATE TABLE users (email bytea, ssn text); ${more}`, users, ({ fingerprint }) =>
      fingerprints.push(fingerprint),
    )
  const [first = [], again, other] = [0, 1, 2].map((round) =>
    fingerprints.slice(round * clients.length, (round + 1) * clients.length),
  )
  assert.deepEqual(again, first)
  other?.forEach((fingerprint, index) => {
    assert.notEqual(fingerprint, first[index])
  })
})

test('what the config says and the database contradicts is told with its place', () =>
  learned(
    `CREATE TABLE users (id int, mail bytea, ssn bytea, email_domain text);
     CREATE TABLE orders (item text, id int DEFAULT 7, note bytea DEFAULT 'none', empty bytea DEFAULT '');
     CREATE TABLE parts (id int, secret bytea) PARTITION BY LIST (id);
     CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)`,
    `${users}  - table: orders
    columns: [id, item, note, empty]
    encrypted: [{ column: note }, { column: empty }]
  - table: parts_1
    encrypted: [{ column: secret }]
  - table: absent
    encrypted: [{ column: x }]
`,
    ({ contradictions, warnings, config }, version) => {
      assert.deepEqual(
        contradictions.map(({ line, column, text }) => `${line}:${column}: ${text}`),
        [
          '5:19: table "users", column "email": public.users has no such column, did you mean "mail"?',
          '6:19: table "users", column "ssn": the column is of type bytea in the database and has to be text',
          '8:5: table "orders": columns: public.orders has the columns [item, id, note, empty]: list them so, or remove "columns"',
          '9:27: table "orders", column "note": the column has a default, which would be stored as it is: drop the default, or set on_unprotected: pass',
          '11:27: table "parts_1", column "secret": the table is a partition or child of public.parts, which does not protect the column: protect it there',
        ],
        version,
      )
      assert.deepEqual(warnings, [
        'The encryptor config names the table absent (line 12), which the database does not have',
      ])
      assert.match(
        verdict('SELECT secret FROM parts', config, ['public']),
        /^refused: public\.parts has rows of public\.parts_1, in which parts_1\.secret is protected/,
        version,
      )
    },
  ))

const people = `
CREATE TABLE users (id int PRIMARY KEY, email bytea, ssn text, active boolean);
CREATE TABLE logins (user_id int, at date);
`

test('a column of a view that is a protected one is protected there, whatever its name', () =>
  learned(
    `${people}
     CREATE VIEW contacts (number, address) AS SELECT id, email FROM users WHERE active;
     CREATE VIEW later AS SELECT address AS e, ssn, at FROM contacts
       JOIN users ON users.id = number LEFT JOIN logins ON user_id = number;
     CREATE MATERIALIZED VIEW kept AS WITH found AS (SELECT * FROM later) SELECT at, e FROM found;
     CREATE VIEW counted AS SELECT count(*) AS n, max(at) AS at FROM users, logins`,
    users,
    ({ config, warnings }, version) => {
      const says = (sql: string) => verdict(sql, config, ['public'])
      assert.deepEqual(warnings, [], version)
      assert.equal(says('SELECT * FROM contacts'), 'planned, answers other users.email', version)
      assert.equal(
        says("INSERT INTO contacts VALUES (1, 'a@b.c')"),
        'planned, store users.email',
        version,
      )
      assert.equal(
        says("UPDATE contacts SET address = 'x' WHERE address = 'y'"),
        'planned, store users.email, search users.email',
        version,
      )
      assert.equal(
        says('SELECT * FROM later'),
        'planned, answers users.email users.ssn other',
        version,
      )
      assert.equal(
        says("SELECT * FROM kept WHERE e = 'x'"),
        'planned, search users.email, answers other users.email',
        version,
      )
      assert.equal(says('SELECT * FROM counted'), 'untouched', version)
    },
  ))

test('a view that computes with a protected column, or compares it, is refused by its name', () =>
  learned(
    `${people}
     CREATE VIEW computed AS SELECT id, lower(encode(email, 'hex')) FROM users;
     CREATE VIEW compared AS SELECT id FROM users WHERE email = 'x';
     CREATE VIEW grouped AS SELECT count(*) FROM users GROUP BY email;
     CREATE VIEW sorted AS SELECT email FROM users ORDER BY email;
     CREATE VIEW nested AS SELECT id FROM compared`,
    users,
    ({ config }, version) => {
      const says = (name: string) => verdict(`SELECT * FROM ${name}`, config, ['public'])
      assert.match(
        says('computed'),
        /^refused: the view public\.computed: .*users\.email in the function encode/,
        version,
      )
      const compares = 'compares or groups by'
      assert.match(
        says('compared'),
        new RegExp(`^refused: the view public.compared ${compares} users.email`),
      )
      assert.match(says('grouped'), new RegExp(`^refused: the view public.grouped ${compares}`))
      assert.match(says('sorted'), /^refused: the view public\.sorted: ORDER BY cannot/, version)
      assert.match(says('nested'), /^refused: the view public\.nested: the view public\.compared/)
      assert.equal(verdict('DROP VIEW compared CASCADE', config, ['public']), 'untouched', version)
    },
  ))

test('a relation whose rules or triggers decide where values go is read, and not written to', () =>
  learned(
    `${people}
     CREATE VIEW ruled AS SELECT id, ssn FROM users;
     CREATE RULE put AS ON INSERT TO ruled DO INSTEAD INSERT INTO users (email) VALUES (convert_to(NEW.ssn, 'UTF8'));
     CREATE VIEW triggered AS SELECT id, ssn FROM users;
     CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER put INSTEAD OF INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION put();
     CREATE VIEW filled AS SELECT id, email FROM users;
     ALTER VIEW filled ALTER COLUMN email SET DEFAULT 'x';
     CREATE TABLE inbox (id int, words text);
     CREATE RULE put AS ON INSERT TO inbox DO ALSO INSERT INTO users (ssn) VALUES (NEW.words)`,
    users,
    ({ config }, version) => {
      for (const [name, reason] of Object.entries({
        ruled: /whose rules decide/,
        triggered: /whose triggers decide/,
        filled: /has a default for email/,
        inbox: /the rules of public\.inbox may write/,
      })) {
        assert.match(
          verdict(`INSERT INTO ${name} (id) VALUES (1)`, config, ['public']),
          reason,
          version,
        )
        assert.doesNotMatch(
          verdict(`SELECT * FROM ${name}`, config, ['public']),
          /refused/,
          version,
        )
      }
    },
  ))

test('what the config says of a view stands, and what it leaves out is learned', () =>
  learned(
    `${people}CREATE VIEW shown AS SELECT email, ssn FROM users;
     CREATE VIEW odd AS SELECT id FROM users WHERE email = 'x'`,
    `${users}  - table: shown\n    encrypted: [{ column: email, data_type: bytes }]\n  - table: odd\n`,
    ({ config, warnings }, version) => {
      assert.equal(
        verdict('SELECT * FROM shown', config, ['public']),
        'planned, answers shown.email users.ssn',
        version,
      )
      assert.equal(verdict('SELECT * FROM odd', config, ['public']), 'untouched', version)
      assert.match(warnings.join(), /as if it were a table: the view public\.odd compares/, version)
    },
  ))

test('what the database works out of encrypted values is said', () =>
  learned(
    `CREATE TABLE users (id int CHECK (id > 0), ssn text UNIQUE, email bytea NOT NULL UNIQUE,
       CHECK (octet_length(email) > 3), CHECK (email IS NOT NULL),
       size int GENERATED ALWAYS AS (octet_length(email)) STORED)`,
    users,
    ({ warnings, contradictions }, version) => {
      assert.deepEqual(contradictions, [], version)
      assert.deepEqual(
        warnings,
        [
          'The generated column size of public.users is worked out of users.email, of which the database has only the encrypted form',
          'The check users_email_check of public.users is worked out of users.email, of which the database has only the encrypted form',
          'The unique index users_email_key of public.users refuses no value of email twice, since every encrypted form is another: see acra-server --print_ddl',
          'The unique index users_ssn_key of public.users refuses no value of ssn twice, since every encrypted form is another',
        ],
        version,
      )
    },
  ))

test('a view of what is not known is taken as a relation that no entry names', () =>
  learned(
    `${people}
     CREATE FUNCTION found() RETURNS SETOF users LANGUAGE sql AS 'SELECT * FROM users';
     CREATE VIEW behind AS SELECT email AS other, email, id FROM found();
     CREATE VIEW beyond AS SELECT users.ssn, f.email FROM users, found() f;
     CREATE EXTENSION IF NOT EXISTS postgres_fdw;
     CREATE SERVER IF NOT EXISTS there FOREIGN DATA WRAPPER postgres_fdw;
     CREATE FOREIGN TABLE remote (id int, email text) SERVER there;
     CREATE VIEW afar AS SELECT * FROM remote`,
    users,
    ({ config }, version) => {
      const says = (sql: string) => verdict(sql, config, ['public'])
      for (const name of ['behind', 'beyond', 'remote', 'afar']) {
        const refusal = new RegExp(`${name}\\.email, and ${name} is not in the encryptor config`)
        assert.match(says(`SELECT * FROM ${name} WHERE email = 'x'`), refusal, version)
        assert.match(says(`UPDATE ${name} SET email = 'x'`), refusal, version)
      }
      assert.equal(says('SELECT * FROM beyond'), 'planned, answers users.ssn other', version)
      assert.equal(says('INSERT INTO remote VALUES (1, NULL)'), 'untouched', version)
      assert.match(says("INSERT INTO remote VALUES (1, 'x')"), /^refused/, version)
    },
  ))

test('a column of a view that is made of several is revealed, and not compared', () =>
  learned(
    `CREATE TABLE users (email bytea, ssn text); CREATE TABLE people (mail bytea);
     CREATE VIEW both_of_them AS SELECT email FROM users UNION ALL SELECT mail FROM people`,
    `${users}  - table: people\n    encrypted: [{ column: mail, data_type: str, response_on_fail: error }]\n`.replace(
      'searchable: true, data_type: str }',
      'searchable: true, data_type: str, response_on_fail: error }',
    ),
    ({ config }, version) => {
      const says = (sql: string) => verdict(sql, config, ['public'])
      assert.equal(says('SELECT * FROM both_of_them'), 'planned, answers users.email', version)
      assert.match(says("SELECT * FROM both_of_them WHERE email = 'x'"), /^refused/, version)
    },
  ))

test('a value is not given to a column that a table with protected ones did not have', () =>
  learned(
    `${people}CREATE VIEW contacts AS SELECT email AS mail FROM users`,
    users,
    ({ config }, version) => {
      const says = (sql: string) => verdict(sql, config, ['public'])
      const unknown = /^refused: (?:users|contacts) has no column \w+ as far as acra-server/
      assert.match(says("INSERT INTO users (id, mail) VALUES (1, 'x')"), unknown, version)
      assert.match(says("UPDATE contacts SET email = 'x'"), unknown, version)
      assert.equal(says("UPDATE logins SET other = 'x'"), 'untouched', version)
    },
  ))
