export {
  Darkroom,
  type DarkroomOptions,
  type Developed,
  type DevelopOptions,
  ImageFile,
  type ListQuery,
  type PresetOptions,
  type RetryFilters,
} from './darkroom.ts'
export { DarkroomError, ImageFailed } from './darkroom-error.ts'
export type { ImageFacts, ImageStatus, Operation, Operations, Preset, Progress, Source } from './types.ts'
export { InvalidWebhook, verifyWebhook, type Webhook } from './webhooks.ts'
