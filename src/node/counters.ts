/** What this process counted since its start; `kv node status` and the bench read it. */
export type Counters = {
  /** Turns of the loop that ended with a `turn` input. */
  turns: number
  /** Puts (deletes too) and gets of clients. */
  puts: number
  gets: number
  /** Copies to keep and reads to answer, of other members. */
  copies: number
  reads: number
  /** Transactions and the rows in them: rows / commits is the size of a group. */
  commits: number
  rows: number
  /** Requests refused because a bound was reached. */
  busy: number
  /** Of these, requests of members. */
  membersRefused: number
  /** Connections that were closed so that others find room. */
  closedForRoom: number
  malformed: number
  refusedHellos: number
  /** Requests to members, and replies, that could not leave: too large, behind, no connection. */
  droppedSends: number
  droppedReplies: number
  /** Requests that nobody answered in time. */
  expired: number
}

export function noCounters(): Counters {
  return {
    turns: 0,
    puts: 0,
    gets: 0,
    copies: 0,
    reads: 0,
    commits: 0,
    rows: 0,
    busy: 0,
    membersRefused: 0,
    closedForRoom: 0,
    malformed: 0,
    refusedHellos: 0,
    droppedSends: 0,
    droppedReplies: 0,
    expired: 0,
  }
}
