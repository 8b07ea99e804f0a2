/** A channel to the other tabs. Firefox refuses it if it is set to store no data of sites: then no tab gets a message. */
export function tabChannel(name: string): BroadcastChannel {
  try {
    return new BroadcastChannel(name)
  } catch {
    const { port1 } = new MessageChannel()
    port1.close()
    return port1 as unknown as BroadcastChannel // the page uses only what both have
  }
}
