import { createLogger } from '../../src/log/logger.ts'

createLogger('storage', 'info').info('it is well')
