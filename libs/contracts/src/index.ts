export { type BatchedCall, type BatchedResponse, defineBatch, maxBatchedCalls } from './batch.ts'
export { brokenRule, patternInWords, valueInWords } from './broken-rule.ts'
export * from './callback.ts'
export * from './client.ts'
export * from './cluster-state.ts'
export * from './cluster-state-entries.ts'
export * from './cluster-state-messages.ts'
export { imageEvents } from './events.ts'
export * from './frontend.ts'
export * from './grants.ts'
export { ImageRequest, ImageStatus } from './image-documents.ts'
export * from './image-master.ts'
export { GivenInstant } from './instant.ts'
export * from './keys.ts'
export * from './kv-config.ts'
export * from './links.ts'
export { openApiOf, type ServedRoute } from './openapi.ts'
export {
  type ChannelOrder,
  channelOrders,
  isStrategy,
  type OutputFormat,
  outputFormats,
  type Place,
  places,
  type Strategy,
} from './operation-arguments.ts'
export * from './operation-table.ts'
export { aliasesOf, InvalidOperations } from './operation-text.ts'
export * from './operations.ts'
export * from './optional-types.ts'
export * from './owner.ts'
export * from './presets.ts'
export * from './problem.ts'
export * from './problem-types.ts'
export * from './resumable.ts'
export * from './route.ts'
export * from './service.ts'
export * from './session.ts'
export * from './shared-state.ts'
export * from './stats.ts'
export * from './storage.ts'
export * from './task.ts'
export * from './task-db.ts'
export { UploadOptions } from './upload-options.ts'
export * from './urgency.ts'
export * from './variants.ts'
export * from './webhooks.ts'
export * from './work.ts'
