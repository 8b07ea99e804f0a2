export { freePort } from './free-port.ts'
export { type ScriptProcess, startScript } from './script-process.ts'
export { temporaryFolder } from './temporary-folder.ts'
export { until } from './until.ts'
