/** Runs plays with the code as it is and with a known-bad version each, in a process that has those. */
import { toldWithKnownBad } from './known-bad-process.ts'

type Test = {
  readonly same: (found: unknown, wanted: unknown, message: string) => boolean
}
/** The play, its known-bad version, how it ends, and how it ends then. */
export type Play<Name extends string> = readonly [Name, number, string, string]

/** `where`: the modules of `test/helpers` that export the plays, or an object `scenarios` of them. */
export async function endsOtherwise(
  t: Test,
  where: readonly string[],
  plays: readonly Play<string>[],
): Promise<void> {
  const code = `
    const modules = await Promise.all(${JSON.stringify(where)}.map(name =>
      import('./build/test/helpers/' + name + '.js'),
    ))
    const scenarios = Object.assign({}, ...modules.map(one => one.scenarios ?? one))
    const ends = ${JSON.stringify(plays)}.map(([name, bad]) =>
      [[], [bad]].map(switches => {
        chooseMutants(switches)
        return scenarios[name]()
      }),
    )
    tell(ends)
  `
  const ends = await toldWithKnownBad<readonly (readonly string[])[]>(code)
  for (const [i, [name, bad, well, badly]] of plays.entries()) {
    t.same(ends[i], [well, badly], `${name}, known-bad ${bad}`)
  }
}
