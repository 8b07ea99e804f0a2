import { colourOperations } from './colour-operations.ts'
import { defineOperation } from './define-operation.ts'
import { fileOperations } from './file-operations.ts'
import { geometryOperations } from './geometry-operations.ts'
import { channelOrders } from './operation-arguments.ts'
import { optional } from './operation-text.ts'
import { type Static, type TObject, Type } from './typebox/typebox.js'

/*
 * All operations: a summary for users, the arguments in JSON, and the parser of `name:text`. The worker implements
 * each one in a file of the same name, and doesn't compile without it.
 */

export const operationTable = {
  'swap-channels': defineOperation({
    summary:
      'Reorders the colour channels: the named channels of the original become red, green and blue, in this order',
    form: 'swap-channels[:order]',
    example: 'swap-channels:bgr',
    properties: { order: Type.Enum(channelOrders, { default: 'bgr' }) },
    parse: text => optional('order', text),
  }),
  ...geometryOperations,
  ...colourOperations,
  ...fileOperations,
}

export type OperationName = keyof typeof operationTable
export type OperationNamed<Name extends OperationName> = { name: Name } & Static<
  TObject<(typeof operationTable)[Name]['properties']>
>
export type Operation = { [Name in OperationName]: OperationNamed<Name> }[OperationName]
