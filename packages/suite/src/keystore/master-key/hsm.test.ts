import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createMasterKey, openMasterKey } from './master-key.ts'
import { nameOf } from './pkcs11.ts'
import { settingsWith } from './testing/settings.ts'
import { makeSoftToken, withoutSoftHsm } from './testing/soft-hsm.ts'

const ref = { purpose: 'storage', owner: 'someid' } as const
const secret = Buffer.from('a secret of some size')
const reason = withoutSoftHsm()

describe('a hardware security module', { skip: reason ?? false }, () => {
  const root = mkdtempSync(join(tmpdir(), 'acra-hsm-'))
  after(() => rmSync(root, { recursive: true }))
  const token = makeSoftToken(root)
  const pinFile = join(root, 'pin')
  writeFileSync(pinFile, `${token.pin}\n`)
  const options = {
    keystore_encryption_type: 'hsm_master_key',
    hsm_library: token.library,
    hsm_token_label: token.label,
    hsm_pin_file: pinFile,
  } as const

  test('a token without a master key is refused with what to do', async () => {
    await assert.rejects(openMasterKey(settingsWith(options)), {
      code: 'master-key-source-invalid',
      message:
        'the token has no key "acra_master_key": make it with acra-keymaker --keystore_encryption_type=hsm_master_key --generate_hsm_master_key',
    })
  })

  test('a master key is made inside, once, and cannot be read out', async () => {
    const settings = settingsWith(options, { version: 'v2' })
    assert.equal(await createMasterKey(settings), null)
    await assert.rejects(createMasterKey(settings), {
      code: 'master-key-source-invalid',
      message: 'the token has a key "acra_master_key" already; it is not replaced',
    })
    const values = readValues(token.library, token.pin)
    assert.deepEqual(values, ['CKR_ATTRIBUTE_SENSITIVE', 'CKR_ATTRIBUTE_SENSITIVE'])
  })

  test('what is wrapped opens under the same context only, in another session too', async () => {
    const wrapper = await openMasterKey(settingsWith(options))
    const wrapped = Buffer.from(await wrapper.wrap(secret, ref, 'someid'))
    assert.equal(wrapped.length, 4 + 12 + secret.length + 16)
    assert.equal(wrapped.subarray(0, 4).toString(), 'AHW1')
    const other = await openMasterKey(settingsWith(options))
    for (const one of [wrapper, other]) {
      assert.deepEqual(await one.unwrap(wrapped, ref, 'someid'), secret)
      assert.equal(await one.unwrap(wrapped, ref, 'otherid'), null)
    }
    other.wipe()
    assert.deepEqual(await wrapper.unwrap(wrapped, ref, 'someid'), secret)
    wrapper.wipe()
    await assert.rejects(
      async () => wrapper.unwrap(wrapped, ref, 'someid'),
      /a wiped master key was used/,
    )
  })

  test('every changed bit and every cut of a wrapped key is told', async () => {
    const wrapper = await openMasterKey(settingsWith(options))
    const wrapped = Buffer.from(await wrapper.wrap(secret, ref, 'someid'))
    for (let at = 0; at < wrapped.length; at++) {
      const damaged = Buffer.from(wrapped)
      damaged[at]! ^= 1
      assert.equal(await wrapper.unwrap(damaged, ref, 'someid'), null, `byte ${at}`)
      assert.equal(await wrapper.unwrap(wrapped.subarray(0, at), ref, 'someid'), null, `cut ${at}`)
    }
    wrapper.wipe()
  })

  test('many keys at the same time come out right', async () => {
    const wrapper = await openMasterKey(settingsWith(options))
    const secrets = Array.from({ length: 50 }, (_, at) => Buffer.alloc(32, at))
    const wrapped = await Promise.all(secrets.map((one) => wrapper.wrap(one, ref, 'someid')))
    assert.equal(new Set(wrapped.map((one) => Buffer.from(one).toString('hex'))).size, 50)
    const opened = await Promise.all(wrapped.map((one) => wrapper.unwrap(one, ref, 'someid')))
    assert.deepEqual(opened, secrets)
    wrapper.wipe()
  })

  test('rings are signed inside, the same bytes in the same way', async () => {
    const wrapper = await openMasterKey(settingsWith(options, { version: 'v2' }))
    const signature = Buffer.from(await wrapper.sign!(secret))
    assert.equal(signature.length, 32)
    assert.deepEqual(Buffer.from(await wrapper.sign!(secret)), signature)
    assert.notDeepEqual(Buffer.from(await wrapper.sign!(Buffer.from('other'))), signature)
    assert.notDeepEqual(createHmac('sha256', Buffer.alloc(32)).update(secret).digest(), signature)
    wrapper.wipe()
    const ofVersion1 = await openMasterKey(settingsWith(options))
    assert.equal(ofVersion1.sign, null)
    ofVersion1.wipe()
  })

  test('a wrong PIN, a missing PIN, a missing token and a missing library are told apart', async () => {
    const wrongPin = join(root, 'wrong-pin')
    writeFileSync(wrongPin, 'not-the-pin')
    const withPin = (path: string) => settingsWith({ ...options, hsm_pin_file: path })
    await assert.rejects(openMasterKey(withPin(wrongPin)), {
      code: 'master-key-refused',
      message: /CKR_PIN_INCORRECT/,
    })
    const cases = [
      [{ hsm_library: '' }, 'master-key-source-invalid', /^hsm_library is empty/],
      [{ hsm_library: '/no/such.so' }, 'master-key-source-invalid', /cannot be loaded: \/no\/such/],
      [{ hsm_token_label: 'x' }, 'master-key-unavailable', /has not a token labelled "x"$/],
      [{ hsm_token_label: '', hsm_slot: 7 }, 'master-key-unavailable', /not a token in slot 7$/],
      [{ hsm_token_label: '' }, 'master-key-source-invalid', /^set hsm_token_label or hsm_slot/],
      [{ hsm_pin_file: '' }, 'master-key-source-invalid', /set hsm_pin_file or ACRA_HSM_PIN$/],
      [{ hsm_pin_file: '/no/pin' }, 'master-key-source-invalid', /cannot be read: \/no\/pin$/],
      [{ hsm_key_label: 'other' }, 'master-key-source-invalid', /^the token has no key "other"/],
    ] as const
    for (const [changes, code, message] of cases)
      await assert.rejects(openMasterKey(settingsWith({ ...options, ...changes })), {
        code,
        message,
      })
  })

  test('the PIN may come by the environment, and the slot by its number', async () => {
    const environment = { ACRA_HSM_PIN: token.pin }
    const byVariable = settingsWith({ ...options, hsm_pin_file: '' }, { environment })
    const wrapper = await openMasterKey(byVariable)
    await wrapper.probe!()
    wrapper.wipe()
  })

  test('the files of the token do not hold what was wrapped', () => {
    const files = readdirSync(join(root, 'tokens'), { recursive: true, encoding: 'utf8' })
    for (const name of files.filter((one) => one.endsWith('.object')))
      assert.ok(!readFileSync(join(root, 'tokens', name)).includes(secret))
  })
})

/** What the token answers to a reader who is logged in and asks for the bytes of its keys. */
function readValues(library: string, pin: string): string[] {
  const pkcs11js = createRequire(import.meta.url)('pkcs11js')
  const pkcs11 = new pkcs11js.PKCS11()
  pkcs11.load(library)
  const [slot] = pkcs11.C_GetSlotList(true)
  const session = pkcs11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION)
  pkcs11.C_Login(session, pkcs11js.CKU_USER, pin)
  pkcs11.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY }])
  const keys: Buffer[] = pkcs11.C_FindObjects(session, 10)
  pkcs11.C_FindObjectsFinal(session)
  const answers = keys.map((key) => {
    try {
      pkcs11.C_GetAttributeValue(session, key, [{ type: pkcs11js.CKA_VALUE }])
      return 'its value'
    } catch (error) {
      return nameOf(error)
    }
  })
  pkcs11.C_CloseSession(session)
  return answers
}
