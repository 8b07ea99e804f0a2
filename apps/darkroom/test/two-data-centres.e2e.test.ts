import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  commandLine,
  makeNetwork,
  type NetworkHost,
  networkNamespacesAreMissing,
  startProgram,
  startSerf,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'

const token = 'the-token-of-both-data-centres'

/** As in docs/growing.md: each data centre runs all of Darkroom, and the nodes of cluster-state find each other by Serf. */
withEngine('serf', serf => {
  test('two data centres pause the intake together, and separately while they can’t reach each other', {
    skip: networkNamespacesAreMissing(),
  }, async t => {
    const { hosts, partition, heal } = makeNetwork(t, 2)
    const [north, south] = hosts as [NetworkHost, NetworkHost]
    const run = async (
      { within, address }: NetworkHost,
      args: string[],
      env: Record<string, string> = {},
    ) => {
      const command = [...within, process.execPath, commandLine, ...args] as const
      const program = startProgram(t, command as unknown as [string, ...string[]], {
        HOST: address,
        CLUSTER_TOKEN: token,
        ...env,
      })
      const { code } = await program.ended
      return { code, stdout: program.stdout, stderr: program.stderr }
    }
    const shown = async (host: NetworkHost) => (await run(host, ['intake', 'show'])).stdout

    for (const [host, dataCentre] of [
      [north, 'north'],
      [south, 'south'],
    ] as const) {
      await startSerf(t, serf, {
        ...{ name: dataCentre, rpc: '127.0.0.1:7373', gossip: `${host.address}:7946`, within: host.within },
        join: [`${north.address}:7946`],
        settings: { reconnect_interval: '1s' },
      })
      const program = startProgram(t, [...host.within, process.execPath, commandLine, 'start'], {
        ...{ HOST: host.address, CLUSTER_TOKEN: token, AUTH: 'open', MIN_FREE_BYTES: '0' },
        ...{ DATA_DIR: temporaryFolder(t), DATA_CENTRE: dataCentre, MEMBERSHIP_URL: 'serf://127.0.0.1:7373' },
      })
      await until(`${dataCentre} is ready`, () => program.stdout.includes('Darkroom is ready'))
    }

    assert.equal((await run(north, ['intake', 'pause'])).stdout, 'paused\n')
    await until('the other data centre has the new value', async () => (await shown(south)) === 'paused\n')

    partition([0], [1])
    assert.equal((await run(south, ['intake', 'open'])).stdout, 'open\n')
    assert.equal(await shown(north), 'paused\n')

    // kv-config may be in the other data centre, so the local node is addressed directly.
    const away = { KV_URL: `http://${north.address}:8082` }
    const lost = await run(south, ['intake', 'pause'], away)
    assert.deepEqual([lost.code, lost.stdout], [1, ''])
    assert.match(lost.stderr, /kv-config does not answer.*--url http/)
    const node = `http://${south.address}:8085`
    assert.equal((await run(south, ['intake', 'pause', '--url', node], away)).stdout, 'paused\n')
    assert.equal((await run(south, ['intake', 'open', '--url', node], away)).stdout, 'open\n')
    const nobody = await run(south, ['intake', 'show', '--url', `http://${south.address}:9`], away)
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /no node of cluster-state answers at http.*:9: connect ECONNREFUSED/)

    heal()
    await until('all nodes have the newer write', async () => (await shown(north)) === 'open\n')
  })
})
