import { createRequire } from 'node:module'
import type * as Undici from 'undici'

/*
 * The parts of undici that services use. undici's index also loads its caches, mocks and WebSockets, which take a tenth of a
 * second of CPU time and several MB in each process and each thread.
 */
const require = createRequire(import.meta.url)
const prototype = require('undici/lib/dispatcher/dispatcher.js').prototype as Undici.Dispatcher
// As the index does: this gives every dispatcher its method request().
Object.assign(prototype, require('undici/lib/api/index.js'))

export const Agent = require('undici/lib/dispatcher/agent.js') as typeof Undici.Agent
export const Client = require('undici/lib/dispatcher/client.js') as typeof Undici.Client
export const buildConnector = require('undici/lib/core/connect.js') as typeof Undici.buildConnector
export const errors = require('undici/lib/core/errors.js') as typeof Undici.errors
export type { buildConnector as Connector, Dispatcher } from 'undici'
