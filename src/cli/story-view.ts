/** What `kv sim --stories` and `kv sim --story` print. */
import { stories } from '../sim/stories/all.ts'
import { tellStory } from '../sim/stories/story.ts'
import { CliError } from './cli-error.ts'
import { nearest } from './nearest.ts'
import { alignedLines } from './render.ts'

/** A story as it is listed. */
type Listed = { readonly name: string; readonly summary: string }

export function listedStories(): readonly Listed[] {
  return stories.map(({ name, summary }) => ({ name, summary }))
}

export function listLines(listed: readonly Listed[]): readonly string[] {
  return alignedLines(listed.map(({ name, summary }) => [name, summary]))
}

/** A story that does not go as it says ends as a broken promise does. */
export function toldStory(name: string): Listed & { readonly lines: readonly string[] } {
  const story = stories.find(one => one.name === name)
  if (story === undefined) {
    const near = nearest(
      name,
      stories.map(one => one.name),
    )
    const next = near === undefined ? 'kv sim --stories' : `kv sim --story ${near}`
    throw new CliError('USAGE', `there is no story ${name}`, [next])
  }
  const { summary } = story
  try {
    return { name, summary, lines: tellStory(story).lines }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CliError('CHECK_FAILED', `the story ${name} did not go as it says: ${why}`)
  }
}
