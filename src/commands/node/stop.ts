/** `kv node stop NODE...`: stop a node. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodeStop extends NodeActionCommand {
  static override summary = 'stop a node'
  static override description =
    'The node ends by itself; it stays down until "kv node start", whatever the supervisor sees.'
  static override examples = ['<%= config.bin %> node stop n3']
  protected override readonly action = 'stop'
}
