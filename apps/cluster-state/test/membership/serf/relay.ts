import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'

/*
 * node relay.ts <socket>=<host>:<port> …
 *
 Runs on a host of the test's network, which the test itself can't reach. Relays each connection to one of these Unix
 sockets to its address. Prints "relaying" when it is ready.
 */
const relays = process.argv.slice(2).map(async argument => {
  const [path = '', host = '', port] = argument.split(/[=:]/)
  const server = createServer(here => {
    const there = connect({ host, port: Number(port), noDelay: true })
    // When one connection breaks, the other is closed too, so the client notices.
    pipeline(here, there, here, () => undefined)
  })
  await new Promise<void>(resolve => server.listen(path, resolve))
})
await Promise.all(relays)
process.stdout.write('relaying\n')
