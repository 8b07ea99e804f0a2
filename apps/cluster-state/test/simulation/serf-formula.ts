/** Serf's defaults within a data centre (memberlist's DefaultLANConfig). */
const gossipMs = 200
const fanout = 3
/** The share at which Serf's own plot considers all nodes informed. */
const allInformed = 0.9999

/**
 * Milliseconds until all nodes have a message, as Serf's documentation computes it (website, "Convergence Simulator"):
 * after r rounds, the share x(r) = 1 / (1 + (N + 1) e^(-0.5 * fanout * (1 - loss) * (1 - fail) * r)) has it; here no node
 * fails. The formula assumes that every node sends forever; Serf's nodes stop after 4 ceil(log10(N + 1)) messages.
 */
export function serfFormulaMs(nodes: number, loss: number): number {
  const known = (round: number) => 1 / (1 + (nodes + 1) * Math.exp(-0.5 * fanout * (1 - loss) * round))
  let round = 0
  while (known(round) < allInformed) round++
  return round * gossipMs
}
