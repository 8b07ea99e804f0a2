import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'

/*
 * node relay.ts <socket>=<host>:<port> …
 *
 * Runs on a host of a test's network, which the test itself is not on: whoever connects to one of these sockets in the
 * file system is connected with that address. Says "relaying" when it does.
 */
const relays = process.argv.slice(2).map(async argument => {
  const [path = '', host = '', port] = argument.split(/[=:]/)
  const server = createServer(here => {
    const there = connect({ host, port: Number(port), noDelay: true })
    // An end that breaks ends the other; whoever asked sees that.
    pipeline(here, there, here, () => undefined)
  })
  await new Promise<void>(resolve => server.listen(path, resolve))
})
await Promise.all(relays)
process.stdout.write('relaying\n')
