import type { OperationKind } from './operation-kind.ts'

export const format: OperationKind<'format'> = {
  changes: 'output',
  choose: (output, { type, quality }) => ({ ...output, format: type, quality }),
}
