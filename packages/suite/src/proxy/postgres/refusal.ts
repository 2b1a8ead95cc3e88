import { AcraError, BufferSink } from '../../foundation/index.ts'
import type { ProtectedColumn, Refusal } from '../../sql/index.ts'
import {
  encodeErrorResponse,
  encodeParse,
  encodeQuery,
  Frontend,
  MessageWriter,
} from '../../wire/postgres/index.ts'

/*
 * How a statement is refused (docs/decisions/0004): the database gets a text in its place that it rejects itself, and the
 * client gets our error in the place of the database's. So transaction state, pipelines and the recovery to Sync stay the database's own.
 */

/** A syntax error at its second word, with no byte of the client's in it. */
const REFUSED_TEXT = Buffer.from('statement refused by acra-server')
/** No statement has this name: a Bind to it fails with 26000. */
const REFUSED_NAME = 'statement refused by acra-server'
/** No function has this OID. */
const REFUSED_FUNCTION = 0

const refusedQuery = message((sink) => encodeQuery(REFUSED_TEXT, sink))
const refusedBind = message((sink) => {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.bind)
  writer.latin1('')
  writer.latin1(REFUSED_NAME)
  writer.int16(0)
  writer.int16(0)
  writer.int16(0)
  writer.endFrame()
})
const refusedFunction = message((sink) => {
  const writer = new MessageWriter(sink)
  writer.beginFrame(Frontend.functionCall)
  writer.int32(REFUSED_FUNCTION)
  writer.int16(0)
  writer.int16(0)
  writer.int16(0)
  writer.endFrame()
})
const refusedParse = message((sink) => encodeParse('', REFUSED_TEXT, [], sink))
const refusedParseOfName = message((sink) => encodeParse(REFUSED_NAME, REFUSED_TEXT, [], sink))

/**
 * What the database gets in the place of a refused message. A Parse that fails has forgotten the unnamed statement before, if it was for that one:
 * so one name stands for all others.
 */
export const inPlaceOf = {
  query: refusedQuery,
  parse: refusedParse,
  parseOfName: refusedParseOfName,
  bind: refusedBind,
  function: refusedFunction,
} as const

/** What the client gets in the place of the database's error. */
export function refusalResponse({ sqlState, message: text, hint, complaint }: Refusal): Buffer {
  const place = complaint?.position ?? null
  const more = {
    ...(complaint === undefined ? {} : { words: Buffer.from(complaint.message, 'latin1') }),
    ...(place === null ? {} : { position: place + 1 }),
  }
  return message((sink) =>
    encodeErrorResponse({ severity: 'ERROR', sqlState, message: text, hint, ...more }, sink),
  )
}

/** The same refusal with the place of its complaint as the client counts it: in characters of its encoding. */
export function inCharacters(
  refusal: Refusal,
  text: Buffer,
  encoding: { charactersIn(text: Buffer): number | null },
): Refusal {
  const { complaint } = refusal
  if (complaint === undefined || complaint.position === null) return refusal
  const position = encoding.charactersIn(text.subarray(0, complaint.position))
  return { ...refusal, complaint: { ...complaint, position } }
}

/** A message turns out to be one that must not be forwarded while its values are being protected. */
export class RefusedError extends AcraError {
  readonly refusal: Refusal

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super('statement-refused', refusal.message, options)
    this.refusal = refusal
  }
}

/** Refusals that do not come from the analysis of a statement. */
export const refusals = {
  backslash: {
    sqlState: '0A000',
    message: "backslash before a quote, in a string that cannot be written as E'...'",
    hint: "Write the string as '...' or E'...', or send it as a parameter.",
    column: null,
  },
  messageTooLong: {
    sqlState: '54000',
    message: 'message is too long for acra-server to look into',
    hint: 'Send the value in smaller parts, or raise --max_held_message.',
    column: null,
  },
  rowTooLong: {
    sqlState: '54000',
    message: 'row with a protected column is too long for acra-server to decrypt',
    hint: 'Select fewer columns, or raise --max_held_message.',
    column: null,
  },
  tooManyStatements: {
    sqlState: '54000',
    message: 'connection has too many prepared statements',
    hint: 'Close prepared statements that are not needed any more.',
    column: null,
  },
  unknownStatement: {
    sqlState: '26000',
    message: 'prepared statement does not exist',
    hint: 'Prepare it on this connection, by the protocol or by PREPARE.',
    column: null,
  },
  nameBeyondAscii: {
    sqlState: '0A000',
    message:
      'the name of a prepared statement or portal has characters beyond ASCII, which depend on client_encoding',
    hint: 'Use letters, digits and signs of ASCII in the names of the protocol.',
    column: null,
  },
  copyFields: {
    sqlState: '22P04',
    message: 'a row of COPY has not as many fields as there are columns',
    hint: 'Write every row with the columns of the statement.',
    column: null,
  },
  copyParameters: {
    sqlState: '08P01',
    message: 'COPY has no parameters',
    hint: 'Send the rows as data of the COPY.',
    column: null,
  },
  parameterCount: {
    sqlState: '08P01',
    message: 'the number of parameters, or of their types, is not that of the statement',
    hint: 'Give as many values as the statement has parameters.',
    column: null,
  },
  copyRow: {
    sqlState: '22P04',
    message: 'a row of COPY cannot be read in the format of the statement, or is too long',
    hint: 'Check the format of the data, and end its lines alike.',
    column: null,
  },
  settingName: {
    sqlState: '0A000',
    message:
      'a parameter of set_config names search_path or a role, by which names in statements are read',
    hint: 'Write the name of the setting into the statement, or use SET.',
    column: null,
  },
  otherPath: {
    sqlState: '0A000',
    message:
      'prepared statement names a table without its schema, and was prepared under another search_path',
    hint: 'Prepare it again, or write the table with its schema.',
    column: null,
  },
  otherSchema: {
    sqlState: '0A000',
    message: 'prepared statement was prepared before the schema of the database changed',
    hint: 'Prepare it again, by PREPARE under another name.',
    column: null,
  },
  functionCall: {
    sqlState: '0A000',
    message:
      'function call by the fast-path protocol, of another function than those of large objects',
    hint: 'Call the function by SQL: SELECT function(...).',
    column: null,
  },
} as const satisfies Record<string, Refusal>

/** A parameter is declared with a type whose values are not the column's plain bytes. */
export function wrongParameterType(column: ProtectedColumn, parameter: number): Refusal {
  return {
    sqlState: '42804',
    message: `parameter $${parameter} for ${nameOf(column)} has a declared type that cannot be protected`,
    hint: 'Leave the type of the parameter to the server, or declare it as text or bytea.',
    column,
  }
}

/** A literal whose bytes cannot be told, such as one with a broken escape. */
export function unreadableLiteral(column: ProtectedColumn): Refusal {
  return {
    sqlState: '22P02',
    message: `literal for ${nameOf(column)} cannot be read`,
    hint: "Write the value as an ordinary '...' string, or send it as a parameter.",
    column,
  }
}

/** A value is made by a function that has another answer in another database, or an error. */
export function notComputed(column: ProtectedColumn): Refusal {
  return {
    sqlState: '0A000',
    message: `value for ${nameOf(column)} is computed in a way that depends on the database, or is an error: lower and upper of letters beyond ASCII, for one`,
    hint: 'Compute the value in the application, and write it as a plain literal or as a parameter.',
    column,
  }
}

/** A value is none of its column's type. */
export function wrongValue(column: ProtectedColumn, reason: string, sqlState: string): Refusal {
  return {
    sqlState,
    message: `value for ${nameOf(column)} cannot be stored: ${reason}`,
    hint: 'Give a value of the type that the encryptor config has for the column.',
    column,
  }
}

/** A value cannot be revealed, and its column says `response_on_fail: error`. The text is the original's. */
export function encodingError(column: ProtectedColumn): Refusal {
  return {
    sqlState: '42000',
    message: `encoding error in column "${column.column}"`,
    hint: null,
    column,
  }
}

/** A value is compared in a place where one form of it can be written, and it has one for each search key. */
export function ambiguousSearch(column: ProtectedColumn): Refusal {
  return {
    sqlState: '0A000',
    message: `${nameOf(column)} has values under several search keys, and is compared in a way that allows for one`,
    hint: 'Compare by =, <>, IN or = ANY, or encrypt the column anew with the newest key.',
    column,
  }
}

/** An array of values for a column that is not of one dimension. */
export function unreadableArray(column: ProtectedColumn): Refusal {
  return {
    sqlState: '22P02',
    message: `array of values for ${nameOf(column)} cannot be read`,
    hint: 'Write an array of one dimension, without bounds.',
    column,
  }
}

/** The value is there but its keys are not, or it is an envelope that cannot be re-encrypted. */
export function unprotectable(column: ProtectedColumn, reason: string): Refusal {
  return {
    sqlState: '58000',
    message: `value for ${nameOf(column)} cannot be protected: ${reason}`,
    hint: 'See the log of acra-server; acra-keymaker makes the keys of a client id.',
    column,
  }
}

function nameOf({ table, column }: ProtectedColumn): string {
  return `${table}.${column}`
}

function message(write: (sink: BufferSink) => void): Buffer {
  const sink = new BufferSink()
  write(sink)
  return Buffer.from(sink.take())
}
