/** For Prisma. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'
import { SdkError } from '../sdk-error.ts'

/** The protected fields by model, as they are called in the client: `{ customer: { email } }`. */
export type EncryptedModels = Readonly<
  Record<string, Readonly<Record<string, EncryptedColumn<unknown>>>>
>

type ValueOf<C> = C extends EncryptedColumn<infer T> ? T | null : never

/** What `$extends` of Prisma takes: reading is typed, writing takes what the schema says. */
export interface EncryptedExtension<M> {
  readonly name: string
  readonly query: {
    readonly $allModels: {
      $allOperations(call: {
        model: string
        args: unknown
        query: (args: never) => Promise<unknown>
      }): Promise<unknown>
    }
  }
  readonly result: {
    readonly [Model in keyof M]: {
      readonly [Field in keyof M[Model]]: {
        readonly needs: { readonly [F in Field]: true }
        compute(row: { readonly [F in Field]: unknown }): ValueOf<M[Model][Field]>
      }
    }
  }
}

/**
 * The extension that encrypts fields of type `Bytes` when they are written and opens them in every result, those of relations included. TypeScript
 * wants bytes where a field is written: `data: { email: column.protect('…') }`; plain values are taken all the same. Bytes that are no envelope and
 * no value of the column are refused (SdkError `NOT_PROTECTED`; in writes nested in those of another model they are Prisma's own to check), and so are plain values in `where`: Prisma cannot compare the beginning of
 * bytes, so keep the search hash in a field of its own (`emailHash Bytes @unique`, written and looked for by `column.searchHash`).
 *
 * @example
 * ```ts
 * import { AcraReader, AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { encryptedExtension } from '@acra-ts/sdk/prisma'
 *
 * const { publicKey, privateKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, {
 *   writer: AcraWriter.forClient(acra, publicKey),
 *   reader: new AcraReader(acra, { privateKeys: [privateKey] }),
 * })
 * // const prisma = new PrismaClient({ adapter }).$extends(encryptedExtension({ customer: { email } }))
 * const extension = encryptedExtension({ customer: { email } })
 * const { customer } = extension.result
 * console.log(customer.email.compute({ email: email.protect('ann@example.com') })) // ann@example.com
 * ```
 */
export function encryptedExtension<
  const M extends Readonly<Record<string, Readonly<Record<string, object>>>>,
>(models: M): EncryptedExtension<M> {
  const columns = models as unknown as EncryptedModels
  return {
    name: 'acra',
    query: {
      $allModels: {
        $allOperations: ({ model, args, query }) => {
          const fields = columns[model.charAt(0).toLowerCase() + model.slice(1)] ?? {}
          return query(protectedArguments(args, fields) as never)
        },
      },
    },
    result: Object.fromEntries(
      Object.entries(columns).map(([model, fields]) => [model, computed(fields)]),
    ) as unknown as EncryptedExtension<M>['result'],
  }
}

type Fields = EncryptedModels[string]

function computed(fields: Fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([field, column]) => [
      field,
      {
        needs: { [field]: true },
        compute: (row: Record<string, unknown>) => column.reveal(row[field]),
      },
    ]),
  )
}

/** `data` of create and update, `create` and `update` of upsert. */
function protectedArguments(args: unknown, fields: Fields): unknown {
  if (typeof args !== 'object' || args === null) return args
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (name === 'where') refuseValues(value, fields)
      const isData = name === 'data' || name === 'create' || name === 'update'
      return [name, isData ? protectedData(value, fields) : value]
    }),
  )
}

function protectedData(data: unknown, fields: Fields): unknown {
  if (Array.isArray(data)) return data.map((row) => protectedData(row, fields))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const column = Object.hasOwn(fields, name) ? fields[name] : undefined
      return [name, column === undefined ? value : protectedValue(value, column)]
    }),
  )
}

function protectedValue(value: unknown, column: EncryptedColumn<unknown>): unknown {
  if (value === undefined || value === null || column.isProtected(value)) return value
  if (value instanceof Uint8Array) {
    throw new SdkError('NOT_PROTECTED', 'bytes for an encrypted field come from its protect()')
  }
  const isSet = typeof value === 'object' && Object.keys(value).join() === 'set'
  if (isSet) return { set: protectedValue((value as { set: unknown }).set, column) }
  return column.protect(value)
}

function refuseValues(where: unknown, fields: Fields): void {
  if (typeof where !== 'object' || where === null) return
  for (const [name, value] of Object.entries(where)) {
    if (['AND', 'OR', 'NOT'].includes(name)) {
      for (const part of Array.isArray(value) ? value : [value]) refuseValues(part, fields)
    } else if (Object.hasOwn(fields, name) && !asksForNull(value)) {
      throw new SdkError('NOT_SEARCHABLE', 'an encrypted field cannot be looked for by its value')
    }
  }
}

function asksForNull(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'object' && Object.entries(value).join() === 'not,'
}
