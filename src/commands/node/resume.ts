/** `kv node resume NODE...`: let a paused node go on. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodeResume extends NodeActionCommand {
  static override summary = 'let a paused node go on'
  static override examples = ['<%= config.bin %> node resume n3']
  protected override readonly action = 'resume'
}
