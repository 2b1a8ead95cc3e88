import type { ParserLimits } from '../../sql/postgres/index.ts'
import type { ServerOptions } from './options.ts'

/** How much planning a statement may take. */
export function planningLimits(options: ServerOptions): Partial<ParserLimits> {
  return {
    textSizeMax: options.statement_size_max,
    nodesMax: options.statement_nodes_max,
    columnsMax: options.statement_columns_max,
    stepsMax: options.statement_steps_max,
  }
}
