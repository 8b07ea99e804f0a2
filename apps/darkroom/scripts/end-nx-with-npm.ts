import { startedByNpm } from '@darkroom/service-kit'

// Loaded before Nx (`npm run dev`). On SIGTERM, Nx has its services end, and kills those that take longer than this; its
// own default is shorter than DRAIN_MS.
process.env.NX_PROCESS_KILL_GRACE_PERIOD ??= '45000'
// In a terminal, Nx would read the keyboard in raw mode and pass it to one of the services: Ctrl-C would end that
// service alone.
process.env.NX_NATIVE_COMMAND_RUNNER ??= 'false'
// Nx doesn't notice that npm has ended.
startedByNpm(process)?.onceGone(() => process.kill(process.pid, 'SIGTERM'))
// When the terminal is closed, what Nx writes fails, and Nx must live on until its services have ended.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
