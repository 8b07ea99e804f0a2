import type { Random } from '../../seeded-random.ts'
import { hostileOddities } from '../mend/hostile-oddities.ts'
import { bombs } from './bombs.ts'
import { flips, randomBehindMagics, spliced, truncations } from './damaged-files.ts'
import type { HostileInput } from './hostile-input.ts'
import { lies } from './lies.ts'
import { polyglots } from './polyglots.ts'
import { refusedKinds } from './refused-kinds.ts'
import { validFiles } from './valid-files.ts'

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
