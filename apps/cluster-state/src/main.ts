import { runService } from '@darkroom/service-kit'
import { Config, start } from './start.ts'

await runService(process, 'cluster-state', Config, start)
