import type { Condition, KvEntry } from './engine.ts'

/** Whether a write under this condition may replace the current value, if there is any. */
export function holds(condition: Condition, current: Pick<KvEntry, 'revision'> | undefined): boolean {
  switch (condition.kind) {
    case 'always':
      return true
    case 'absent':
      return current === undefined
    case 'present':
      return current !== undefined
    case 'revision':
      return current?.revision === condition.revision
    case 'all':
      return condition.of.every(part => holds(part, current))
    case 'any':
      return condition.of.some(part => holds(part, current))
    case 'not':
      return !holds(condition.of, current)
  }
}
