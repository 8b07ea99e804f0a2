import { renewNodeId } from '@darkroom/cluster-state/new-node-id'
import { UnusableFile } from '@darkroom/sqlite'
import { ExpectedFailure } from '../expected-failure.ts'
import { refuseArguments, refuseOtherOptions } from '../usage-error.ts'

/** Gives a copied data folder its own node id in cluster-state. */
export async function newNodeIdCommand(
  process: NodeJS.Process,
  surplus: string[],
  options: object,
): Promise<number> {
  refuseArguments('new-node-id', surplus)
  refuseOtherOptions('new-node-id', options)
  try {
    const { path, id } = await renewNodeId(process.env)
    process.stdout.write(`${path} now belongs to node ${id}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    throw new ExpectedFailure(
      `${error.message}; set DATA_DIR to the folder of the copy, and stop the processes that use it`,
      {
        cause: error,
      },
    )
  }
}
