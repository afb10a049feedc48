/** `kv node start NODE...`: start a node. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodeStart extends NodeActionCommand {
  static override summary = 'start a node'
  static override description =
    'Starts a node that was stopped or killed, or gave up after crashes; resumes a paused one.'
  static override examples = ['<%= config.bin %> node start n3']
  protected override readonly action = 'start'
}
