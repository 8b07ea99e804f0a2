import { TaskDbQueue } from '../../src/queue/task-db.ts'
import { queueConformance } from './queue.conformance.ts'

await queueConformance(
  'the task DB',
  (_t, { clients }, { leaseMs }) => new TaskDbQueue({ taskDb: clients.taskDb, leaseMs }),
)
