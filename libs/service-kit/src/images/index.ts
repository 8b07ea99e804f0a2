export { deleteBytes, deleteImage } from './delete-image.ts'
export { findTask } from './find-task.ts'
export { readBlob, relayBlob, requireFinished } from './relay-blob.ts'
