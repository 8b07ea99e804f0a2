/*
 * Messages of etcd's JSON gateway (rpc.proto). 64-bit integers are strings, bytes are base64, and fields with their
 * default value (zero, false, empty) are absent.
 */

interface Header {
  revision?: string
}

export interface KeyValue {
  key?: string
  value?: string
  mod_revision?: string
  lease?: string
}

export interface RangeResponse {
  header: Header
  kvs?: KeyValue[]
  more?: boolean
}

export interface TxnResponse {
  header: Header
  succeeded?: boolean
  responses?: { response_range?: RangeResponse }[]
}

export interface LeaseResponse {
  ID?: string
  /** In seconds: granted, or left. */
  TTL?: string
}

export interface WatchResponse {
  result?: {
    header?: Header
    created?: boolean
    canceled?: boolean
    cancel_reason?: string
    compact_revision?: string
    events?: WatchEvent[]
  }
  error?: { message?: string; grpc_code?: number }
}

export interface WatchEvent {
  type?: 'DELETE'
  kv?: KeyValue
}

export interface MemberMessage {
  ID?: string
  name?: string
  peerURLs?: string[]
}

export interface StatusResponse {
  header: Header
  leader?: string
  /** Active alarms, as text. */
  errors?: string[]
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

export function fromBase64(text = ''): Buffer {
  return Buffer.from(text, 'base64')
}
