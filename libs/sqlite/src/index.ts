export { type Migrations, openDatabase } from './database.ts'
export { GroupCommit } from './group-commit.ts'
export { FileInUse, FolderInUse, lockFile, lockFolder } from './locks.ts'
export { UnusableFile } from './unusable-file.ts'
