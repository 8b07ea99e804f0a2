export { type Migrations, openDatabase } from './database.ts'
export { GroupCommit } from './group-commit.ts'
