import { after } from 'node:test'
import { startPostgres, withEngine } from '@darkroom/testing'
import { engineConformance } from '../../engine.conformance.ts'
import { emptySchema, openPostgresStore } from './postgres-store.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)
  engineConformance('PostgreSQL', async (t, { now }) => {
    const store = await openPostgresStore(await emptySchema(url), { now })
    t.after(() => store.close())
    return store
  })
})
