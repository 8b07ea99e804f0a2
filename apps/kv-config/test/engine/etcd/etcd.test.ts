import { withEngine } from '@darkroom/testing'
import { blockingReads } from '../../blocking-reads.ts'
import { engineConformance } from '../../engine.conformance.ts'
import { openEtcdStore, shareEtcd } from './shared-etcd.ts'

withEngine('etcd', program => {
  const etcd = shareEtcd(program)
  engineConformance('etcd', async t => openEtcdStore(t, etcd()), { revisionsAreChanges: false })
  blockingReads('etcd', async t => openEtcdStore(t, etcd()))
})
