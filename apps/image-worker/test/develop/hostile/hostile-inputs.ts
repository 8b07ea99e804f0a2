import type { Random } from '../../seeded-random.ts'
import { hostileOddities } from '../mend/hostile-oddities.ts'
import { bombs } from './bombs.ts'
import { flips, randomBehindMagics, spliced, truncations } from './damaged-files.ts'
import { lies } from './lies.ts'
import { polyglots } from './polyglots.ts'
import { refusedKinds } from './refused-kinds.ts'
import { validFiles } from './valid-files.ts'

export interface HostileInput {
  name: string
  bytes: Buffer
  /** The outcome, where it is certain. */
  expected?: 'refused' | 'developed'
}

/** Every kind, in an order that doesn't depend on the outcomes. */
export async function hostileInputs(random: Random): Promise<HostileInput[]> {
  const valid = await validFiles(random)
  return [
    ...refusedKinds(),
    ...bombs(),
    ...lies(random),
    ...polyglots(valid),
    ...[...valid].flatMap(([name, file]) => truncations(name, file, random)),
    ...[...valid].flatMap(([name, file]) => flips(name, file, random)),
    ...[...valid].flatMap(([name, file]) => spliced(name, file, random)),
    ...randomBehindMagics(valid, random),
    ...(await hostileOddities(random)),
  ]
}
