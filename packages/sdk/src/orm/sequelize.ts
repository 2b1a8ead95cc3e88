/** For Sequelize. Nothing of it is imported: what is here has the form that it takes. */
import type { EncryptedColumn } from '../encrypted-column.ts'

/** What is used of Sequelize's `DataTypes`. */
export interface SequelizeTypes {
  readonly ABSTRACT: unknown
}

interface Instance {
  getDataValue(name: string): unknown
  setDataValue(name: string, value: unknown): void
}

/** An attribute of a model: its type, and how it is set and read. */
export interface EncryptedAttribute {
  type: string
  get(this: Instance): unknown
  set(this: Instance, value: unknown): void
}

/**
 * The attribute `name` of a model, `bytea` in the database. Its type encrypts every value on its way into a statement, by whichever method, and
 * instances show what was read in the clear. A search by value finds nothing, as each encryption
 * of a value is another one: compare `fn('substr', col('email'), 1, 33)` with the column's search hash.
 *
 * @example
 * ```ts
 * import { AcraWriter, acra, EncryptedColumn } from '@acra-ts/sdk/node'
 * import { encryptedAttribute } from '@acra-ts/sdk/sequelize'
 *
 * const { publicKey } = acra.generateKeyPair()
 * const email = EncryptedColumn.text(acra, { writer: AcraWriter.forClient(acra, publicKey) })
 * class ABSTRACT {} // of DataTypes in 'sequelize'
 * // sequelize.define('customer', { email: { ...encryptedAttribute(DataTypes, 'email', email), allowNull: false } })
 * console.log(typeof encryptedAttribute({ ABSTRACT }, 'email', email).get) // function
 * ```
 */
export function encryptedAttribute<T>(
  types: SequelizeTypes,
  name: string,
  column: EncryptedColumn<T>,
): EncryptedAttribute {
  const stored = (value: unknown) => {
    const bytes = column.isProtected(value) ? value : column.protect(plainOf(value) as T)
    return Buffer.from(bytes) // Sequelize writes Buffers, and no other arrays of bytes.
  }
  const Abstract = types.ABSTRACT as new () => object
  // Not a class that extends it: its constructor always makes an instance of its own.
  const type: object = Object.assign(new Abstract(), {
    key: 'ENCRYPTED',
    toSql: () => 'BYTEA',
    _stringify: stored,
    _bindParam: (value: unknown, options: { bindParam(value: unknown): unknown }) =>
      options.bindParam(stored(value)),
  })
  return {
    // Sequelize takes an instance of a type as well, which its declarations call a string.
    type: type as unknown as string,
    get() {
      const held = this.getDataValue(name)
      return held instanceof Plain ? held.value : column.reveal(held)
    },
    set(value) {
      const isNull = value === null || value === undefined
      this.setDataValue(name, isNull ? value : new Plain(value))
    },
  }
}

/** What the application has set, to be told from what was read. */
class Plain {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }

  /** What validators of Sequelize look at. */
  toString(): string {
    return String(this.value)
  }
}

function plainOf(value: unknown): unknown {
  return value instanceof Plain ? value.value : value
}
