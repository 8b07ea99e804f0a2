export {
  Darkroom,
  type DarkroomOptions,
  type Developed,
  type DevelopOptions,
  type GrantOptions,
  ImageFile,
  type ListQuery,
  type PresetOptions,
  type RetryFilters,
} from './darkroom.ts'
export { DarkroomError, ImageFailed } from './darkroom-error.ts'
export type {
  Grant,
  ImageFacts,
  ImageStatus,
  Operation,
  Operations,
  Preset,
  Progress,
  SignedLinks,
  Source,
  StoredSource,
} from './types.ts'
export { InvalidWebhook, verifyWebhook, type Webhook } from './webhooks.ts'
