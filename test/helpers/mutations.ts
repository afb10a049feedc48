/** Damaged frames, for tests and benches: the same ones for the same seed. */

/** Small, fast, seeded; only for tests. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Yields `count` copies of the frames, each with one to three bits of damage of some kind. */
export function* mutations(
  frames: readonly Uint8Array[],
  count: number,
  seed: number,
): Generator<Uint8Array> {
  const random = randomOf(seed)
  for (let i = 0; i < count; i++) {
    let bytes: Uint8Array = (frames[i % frames.length] ?? new Uint8Array(1)).slice()
    for (let damage = random(3); damage >= 0; damage--) bytes = mutated(bytes, random)
    yield bytes
  }
}

function mutated(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(random(256))
  const at = random(bytes.length)
  switch (random(6)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return Uint8Array.of(...bytes.subarray(0, at), random(256), ...bytes.subarray(at))
    case 2:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1))
    case 3:
      bytes[at] = heads[random(heads.length)] ?? 0
      return bytes
    case 4:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return bytes
    default:
      bytes[at] = random(256)
      return bytes
  }
}

/** First bytes that change the shape of what follows. */
const heads = [
  0x80, 0x90, 0x9f, 0xa5, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xcb, 0xcf, 0xd3, 0xd4, 0xdd, 0xdf,
]
