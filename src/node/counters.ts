/** What this process counted since its start; `kv node status` and the bench read it. */
export type Counters = {
  turns: number
  puts: number
  gets: number
  copies: number
  reads: number
  commits: number
  rows: number
  busy: number
  malformed: number
  refusedHellos: number
  droppedSends: number
  droppedReplies: number
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
    malformed: 0,
    refusedHellos: 0,
    droppedSends: 0,
    droppedReplies: 0,
    expired: 0,
  }
}
