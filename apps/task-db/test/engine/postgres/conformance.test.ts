import { after } from 'node:test'
import { startPostgres, withEngine } from '@darkroom/testing'
import { engineConformance } from '../../engine.conformance.ts'
import { emptySchema, openPostgresStore } from './postgres-store.ts'

/** Defaults that an administrator may have set for other programs. */
const settings = {
  array_nulls: 'off',
  bytea_output: 'escape',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'iso_8601',
  standard_conforming_strings: 'off',
  TimeZone: 'Asia/Kathmandu',
}

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program, { settings })
  engineConformance('PostgreSQL', async (t, { now }) => {
    const store = await openPostgresStore(await emptySchema(url), { now })
    t.after(() => store.close())
    return store
  })
})
