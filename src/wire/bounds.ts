/** What a connection may ask of us. Each has a test that goes one past it. */

/** The longest frame, without its four bytes of length. */
export const frameBytesMax = 16 * 1024 * 1024
/** All that a connection may send before its proof: preamble, lengths and frames together. */
export const unprovedBytesMax = 1024
/** A connection without proof is closed after this. */
export const proofMs = 2000
/** From the first byte of a frame to its last: this, and a millisecond for each 1,000 bytes. */
export const frameMs = 5000
/** Arrays within arrays in one frame. */
export const depthMax = 8
/** Items in one frame, arrays counted too. */
export const itemsMax = 65_536
/** Requests in flight on one connection, and their bytes; told in the welcome, kept by the node. */
export const inFlightMax = 1024
export const inFlightBytesMax = 32 * 1024 * 1024
/** Proved connections of a node: of clients, and on top those that are kept for operators. */
export const connectionsMax = 1024
export const operatorsMax = 16
/** Connections without proof; the oldest goes. */
export const unprovedMax = 64
/** What a node has open beside sockets: the store, locks, logs, the loop's own; and a reserve. */
const ownFilesMax = 128
/** Files and sockets that a node may come to have open: a connection each way to each member. */
export function openFilesNeeded(members: number): number {
  return connectionsMax + operatorsMax + unprovedMax + 2 * members + ownFilesMax
}
/** Keys in one page. */
export const pageKeysMax = 1000
/** Versions of one key in a reply; merges from peers have no bound but the frame. */
export const counterMax = 2 ** 48 - 1
