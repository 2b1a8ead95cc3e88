/** Runs the shell blocks of a guide that are marked as tested, one after the other in one shell, as a reader would. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, startPostgres } from '../tools/postgres.ts'
import { root } from '../tools/repository.ts'
import { createSandbox } from '../tools/sandbox.ts'

/** A block, and what its mark says of it. */
interface Block {
  readonly mark: 'tested' | 'starts acra-server' | 'fails'
  readonly script: string
}

function blocksOf(path: string): Block[] {
  const text = readFileSync(join(root, path), 'utf8')
  const marked = /^<!-- tested(?:: (starts acra-server|fails))? -->\n```sh\n([\s\S]*?)^```$/gm
  return [...text.matchAll(marked)].map(([, mark = 'tested', script = '']) => ({
    mark: mark as Block['mark'],
    script,
  }))
}

/** One script of all blocks: what each prints comes between lines that begin with `@@`, with its exit code behind it. */
function scriptOf(blocks: readonly Block[]): string {
  const parts = blocks.map(({ mark, script }, index) => {
    const wait =
      'until (: </dev/tcp/127.0.0.1/$ACRA_PORT) 2>/dev/null; do kill -0 $! || exit 1; sleep 0.05; done\n'
    return `echo "@@ ${index}"\n${script}code=$?\n${mark === 'starts acra-server' ? wait : ''}echo "@@ = $code"\n`
  })
  return `trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\nexec 2>&1\n${parts.join('')}`
}

/**
 * Runs the marked blocks of a guide against a database of its own, in a folder that is empty but for what `prepare` puts there; checks
 * their exit codes and gives what they printed.
 */
async function run(
  path: string,
  check: (output: string, folder: string) => Promise<void>,
  prepare: (folder: string) => Promise<NodeJS.ProcessEnv> = async () => ({}),
) {
  const blocks = blocksOf(path)
  assert.ok(blocks.length >= 3)
  const sandbox = createSandbox('guide')
  const database = await startPostgres()
  try {
    const script = join(sandbox.folder, 'steps.sh')
    await writeFile(script, scriptOf(blocks))
    const shell = sandbox.spawn('bash', [script], 'TERM', {
      env: {
        PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
        HOME: sandbox.folder,
        PGHOST: database.host,
        PGPORT: String(database.port),
        PGUSER: database.user,
        PGPASSWORD: database.password,
        PGDATABASE: database.database,
        ACRA_PORT: String(await freePort()),
        METRICS_PORT: String(await freePort()),
        ...(await prepare(sandbox.folder)),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    shell.stdout?.on('data', (chunk) => {
      output += chunk
    })
    await once(shell, 'close')

    const printed = output.split(/^@@ \d+\n/m).slice(1)
    assert.equal(printed.length, blocks.length, output)
    for (const [index, { mark, script }] of blocks.entries()) {
      const failed = !printed[index]?.includes('@@ = 0')
      assert.equal(failed, mark === 'fails', `${script}\n${printed[index]}`)
    }
    await check(output, sandbox.folder)
  } finally {
    await sandbox.remove()
    await database.stop()
  }
}

test('the steps of "Getting started" work as they stand', async () => {
  await run('docs/guide/getting-started.md', async (output, folder) => {
    assert.match(output, /1 \| Kiel \| hypertension/)
    assert.match(output, /1 \| Kiel \| \\x252525/)
    assert.match(output, /ERROR: .*diagnosis[\s\S]*HINT: /)
    assert.doesNotMatch(output, /asthma/)
    assert.equal((await readFile(join(folder, 'master.key'))).length, 32)
  })
})

test('the commands of "Operations" work as they stand', async () => {
  await run('docs/guide/operations.md', async (output) => {
    assert.match(output, /1 \| all well/)
    assert.match(output, /all well \| over TLS/)
    assert.match(output, /all well \| over TLS/)
    assert.match(output, /^acraserver_connections_total\{connection_type="db"\} [1-9]/m)
    assert.match(output, /^acra_encryptions_total\{status="success",type="acrablock"\} 1$/m)
    assert.match(output, /^acra_decryptions_total\{status="success",type="acrablock"\} 2$/m)
  })
})

test('the commands of "Learning the schema from the database" work as they stand', async () => {
  await run('docs/guide/schema-introspection.md', async (output) => {
    assert.match(output, /1 \| Ann {2}\| asthma/)
    assert.match(output, /1 \| Ann {2}\| \\x252525/)
  })
})

/** A port for each further program of a guide. */
const morePorts = async () => ({
  CONNECTOR_PORT: String(await freePort()),
  TRANSLATOR_PORT: String(await freePort()),
})

test('the commands of "AcraConnector" work as they stand', async () => {
  const check = async (output: string) => assert.match(output, /through the connector/)
  await run('docs/guide/connector.md', check, morePorts)
})

test('the commands of "AcraTranslator" work as they stand', async () => {
  const check = async (output: string) => assert.match(output, /{"data":"YSBzZWNyZXQ="}/)
  await run('docs/guide/translator.md', check, morePorts)
})

/** What each program of a guide that is marked as tested prints. */
function printedBy(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  const programs = [...text.matchAll(/^<!-- tested -->\n```js\n([\s\S]*?)^```$/gm)]
  return programs.map(([, program = '']) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    }).trim(),
  )
}

test('the commands and the program of "Why a statement is refused" work as they stand', async () => {
  await run('docs/guide/explain.md', async (output) => {
    const text = readFileSync(join(root, 'docs/guide/explain.md'), 'utf8')
    for (const [, block = ''] of text.matchAll(/^```text\n([\s\S]*?)^```$/gm))
      for (const part of block.split('\n\n')) assert.ok(output.includes(part), part)
    assert.match(output, /"class": "rewritten"/)
    assert.match(
      output,
      /QUERY PROTECTION[\s\S]*literal at 1:42: users\.email, stored as search hash/,
    )
    assert.match(output, /INSERT 0 1/)
    assert.doesNotMatch(output, /ann@example/)
  })
  const [printed = ''] = printedBy('docs/guide/explain.md')
  assert.match(
    printed,
    /^refused\nSelect the column[^\n]*\nclass: rewritten[\s\S]*\n-- users\.email: AcraBlock\n/,
  )
})

test('the programs of "The SDK" work as they stand', () => {
  const printed = printedBy('docs/guide/sdk.md')
  assert.deepEqual(printed, [
    '197',
    'by the writer\nby the symmetric key',
    "true true\n{\n  kind: 'acrastruct',\n  contained: false,\n  hashed: false,\n  envelopeSize: 197,\n  plaintextSize: 8\n}",
    '0',
    '237 null\nann@example.com',
    'TRANSLATOR_UNREACHABLE',
    'TRANSLATOR_UNREACHABLE',
  ])
})

test('the commands of "Zones and poison records" work as they stand', async () => {
  await run('docs/guide/zones-and-poison-records.md', async (output, folder) => {
    assert.match(output, /^{"id":"D{8}[A-Za-z]{16}","public_key":"/m)
    assert.match(output, /Recognized poison record" client_id=someid code=587 envelope=acrastruct/)
    assert.match(await readFile(join(folder, 'answer'), 'utf8'), /7 \| \\x252525/)
  })
})

test('the commands of "Where the master key is" work as they stand', async (t) => {
  const suite = join(root, 'packages/suite/dist')
  const standIn = (name: string) => import(join(suite, `keystore/master-key/testing/${name}.js`))
  const { withoutSoftHsm } = await standIn('soft-hsm')
  if (withoutSoftHsm() !== null) return t.skip(withoutSoftHsm())
  const { createAuthority } = await import(join(suite, 'net/tls/testing/index.js'))
  const services: { close(): void }[] = []
  const prepare = async (folder: string) => {
    const authority = createAuthority(folder, 'ca')
    await writeFile(join(folder, 'ca.pem'), authority.cert)
    const vault = await (await standIn('vault')).VaultStandIn.start(authority)
    const masterKey = Buffer.alloc(32, 5).toString('base64')
    vault.content.secrets['secret/acra'] = { acra_master_key: masterKey }
    const kms = await (await standIn('kms')).KmsStandIn.start(authority)
    await writeFile(join(folder, 'aws.json'), kms.credentials, { mode: 0o600 })
    services.push(vault.service, kms.service)
    return { VAULT_ADDR: vault.service.url, VAULT_TOKEN: 'hvs.a-token' }
  }
  try {
    await run(
      'docs/guide/master-keys.md',
      async (output, folder) => {
        const made = output.match(/Generated storage symmetric key for clientID/g)
        assert.equal(made?.length, 5)
        assert.match(output, /the token has a key .*acra_master_key.* already; it is not replaced/)
        for (const keys of ['env', 'hsm', 'vault', 'kms', 'per-client'])
          assert.ok(
            (await readFile(join(folder, `keys-${keys}`, 'someid_storage_sym'))).length > 60,
          )
      },
      prepare,
    )
  } finally {
    for (const service of services) service.close()
  }
})

test('the commands of "Keys" work as they stand', async () => {
  await run('docs/guide/keys.md', async (output, folder) => {
    assert.match(output, /^1 +\| zone storage key +\| D{8}\w{16} \| zone\/D{8}\w{16}\/storage$/m)
    assert.match(
      output,
      /^2 +\| client storage symmetric key \| someid .* client\/someid\/symmetric$/m,
    )
    assert.match(output, /Every key opens under the new master key, and none under the old one/)
    assert.match(output, /^renamed: .*other_hmac: this is a key of someid under another name/m)
    assert.match(output, /Recovered the public half of client\/someid\/storage/)
    assert.match(output, /Migration complete/)
    assert.equal((await readFile(join(folder, 'writer.pub'))).length, 45)
  })
})
