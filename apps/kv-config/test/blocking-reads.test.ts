import { blockingReads } from './blocking-reads.ts'
import { openStore } from './build-test-app.ts'

blockingReads('SQLite', async t => openStore(t))
