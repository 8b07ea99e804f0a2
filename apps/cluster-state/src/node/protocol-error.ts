/** A peer sent an invalid message. Nothing is changed; the message of the error explains what is wrong. */
export class ProtocolError extends Error {}
