import { startedByNpm } from '@darkroom/service-kit'

// Loaded before Nx (`npm run dev`). On SIGTERM, Nx ends its services, and kills them after this time; Nx's own default
// is shorter than DRAIN_MS.
process.env.NX_PROCESS_KILL_GRACE_PERIOD ??= '45000'
// In a terminal, Nx would read the keyboard in raw mode and pass it to one of the services: Ctrl-C would end only that
// service.
process.env.NX_NATIVE_COMMAND_RUNNER ??= 'false'
// Nx doesn't notice that npm has ended.
startedByNpm(process)?.onceGone(() => process.kill(process.pid, 'SIGTERM'))
// When the terminal is closed, Nx's output fails, and Nx must continue until its services have ended.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
