import { syncBuiltinESMExports } from 'node:module'
import v8 from 'node:v8'
import { collectGarbage } from '../../src/memory/collect-garbage.ts'
import { collectLessOften } from '../../src/memory/collect-less-often.ts'

/**
 * Prints V8's mark of compiled code, which depends on V8's flags: before the first collection, and at each change of a
 * flag.
 */
collectLessOften()
const marks = [v8.cachedDataVersionTag()]
const { setFlagsFromString } = v8
v8.setFlagsFromString = flags => {
  setFlagsFromString(flags)
  marks.push(v8.cachedDataVersionTag())
}
syncBuiltinESMExports()
collectGarbage({ type: 'minor' })
process.stdout.write(JSON.stringify(marks))
