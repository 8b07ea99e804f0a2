export { checkReads } from './check-reads.ts'
export { deleteBytes, deleteImage } from './delete-image.ts'
export { findTask } from './find-task.ts'
export { readBlob, relayBlob, requireFinished, requireResult } from './relay-blob.ts'
