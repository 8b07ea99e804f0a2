export { type Migrations, openDatabase } from './database.ts'
export { GroupCommit } from './group-commit.ts'
export { FolderInUse, lockFolder } from './lock-folder.ts'
