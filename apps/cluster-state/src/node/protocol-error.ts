/** A peer sent what no node of this kind sends. Nothing is changed; the error says what was wrong. */
export class ProtocolError extends Error {}
