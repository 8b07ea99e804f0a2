import type { OperationKind } from './operation-kind.ts'

export const format: OperationKind<'format'> = {
  changes: 'output',
  choose: (output, { type, quality }) =>
    type === 'auto'
      ? { ...output, isChosen: true, quality }
      : { ...output, isChosen: false, format: type, quality },
}
