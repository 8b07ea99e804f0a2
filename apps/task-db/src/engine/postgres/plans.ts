import type { ClientBase } from 'pg'
import type { Statement } from './statement.ts'

/** How long PostgreSQL may use a plan. Meanwhile a table can't grow so much that the plan becomes slow. */
export const plansLastMs = 1000

interface Plans {
  areKept: boolean
  /** When the connection last had no plans, in the time of `performance.now()`. */
  discardedAt: number
}

const plansOf = new WeakMap<ClientBase, Plans>()

/**
 * Sends what a connection needs before a statement, or before the transaction that begins with the statement. Not within a
 * transaction: a rollback would undo it.
 *
 * In a measurement, planning took 40 % of PostgreSQL's CPU time, so plans are kept. But PostgreSQL would keep them for too
 * long: with a plan from the time when the table was almost empty, each statement would read the whole table.
 */
export function choosePlans(
  client: ClientBase,
  { keepsPlan = false }: Statement,
  now = performance.now(),
): Promise<unknown>[] {
  const known = plansOf.get(client)
  const mode =
    known?.areKept === keepsPlan
      ? []
      : [`SET plan_cache_mode = ${keepsPlan ? 'force_generic_plan' : 'force_custom_plan'}`]
  const areOld = keepsPlan && known !== undefined && now - known.discardedAt >= plansLastMs
  const commands = [...mode, ...(areOld ? ['DISCARD PLANS'] : [])]
  if (commands.length === 0) return []
  plansOf.set(client, { areKept: keepsPlan, discardedAt: areOld ? now : (known?.discardedAt ?? now) })
  return [client.query(commands.join('; '))]
}
