/**
 * What the same costs elsewhere, as issue 6 gives it: computed from those systems' sources, not
 * run. Bytes until both sides know which entries differ, a million keys.
 */
export type Row = {
  readonly differing: number
  /** To find the differences; undefined: none is set. */
  readonly bytesMax: number | undefined
  readonly anchors: string
}

export const rows: readonly Row[] = [
  {
    differing: 0,
    bytesMax: 64,
    anchors: 'Riak 140 B a partition, TicTac 16.5 KB, Cassandra 1.5 to 49 MB',
  },
  { differing: 1, bytesMax: 600, anchors: 'Riak 53 KB' },
  {
    differing: 10,
    bytesMax: undefined,
    anchors: 'Riak 238 KB, TicTac 88 KB, Scylla 5 MB',
  },
  {
    differing: 1000,
    bytesMax: 48_000,
    anchors: 'Riak 13 MB, TicTac 2.5 MB, Scylla 8 MB; information bound 7 KB',
  },
  {
    differing: 100_000,
    bytesMax: 2_800_000,
    anchors: 'Riak 45 MB, TicTac 237 MB, Scylla 8 MB; information bound 610 KB',
  },
]
