/**
 * A value as it is stored in etcd. It is nearly always the plain value, and its revision is the revision that etcd
 * reports. But etcd can change the lease of a key only by writing the key again, with a new revision. If the value must
 * keep its revision, the revision is appended:
 *
 *     value | revision, 8 bytes, big endian | mark, 16 bytes
 *
 * A plain value that ends with the mark always has revision 0 appended, which means the revision that etcd reports.
 */
const mark = Buffer.from('c6a1f03b5e924d7e8b20d94f6b7a1c55', 'hex')
const revisionBytes = 8

export function toStored(value: Uint8Array, keptRevision = 0): Uint8Array {
  if (keptRevision === 0 && !endsWithMark(value)) return value
  const revision = Buffer.alloc(revisionBytes)
  revision.writeBigUInt64BE(BigInt(keptRevision))
  return Buffer.concat([value, revision, mark])
}

export function fromStored(stored: Uint8Array): { value: Uint8Array; keptRevision?: number } {
  const valueLength = stored.length - revisionBytes - mark.length
  if (valueLength < 0 || !endsWithMark(stored)) return { value: stored }
  const revision = Number(Buffer.from(stored.subarray(valueLength)).readBigUInt64BE())
  return { value: stored.subarray(0, valueLength), ...(revision > 0 && { keptRevision: revision }) }
}

function endsWithMark(bytes: Uint8Array): boolean {
  return bytes.length >= mark.length && mark.equals(bytes.subarray(-mark.length))
}
