/**
 * A story: a fixed script in the simulator's world, told line by line (Dynamo's examples, and
 * what design §4 claims or does not claim, each shown happening). What a line says was looked at
 * on the disks and in the replies; a sentence that is not true ends the story.
 */
import { Stage } from './stage.ts'
import type { StorySettings } from './story-world.ts'

export type Story<Facts = unknown> = {
  readonly name: string
  readonly summary: string
  readonly settings?: StorySettings
  /** Plays it, and returns what was found, for tests. */
  readonly tell: (stage: Stage) => Facts
}

export type Told<Facts> = { readonly lines: readonly string[]; readonly facts: Facts }

export function tellStory<Facts>(story: Story<Facts>): Told<Facts> {
  const stage = new Stage(story.settings ?? {})
  const facts = story.tell(stage)
  return { lines: [`${story.name}: ${story.summary}`, '', ...stage.lines], facts }
}
