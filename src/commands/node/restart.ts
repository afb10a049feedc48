/** `kv node restart NODE...`: stop a node and start it again. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodeRestart extends NodeActionCommand {
  static override summary = 'stop a node and start it again'
  static override examples = ['<%= config.bin %> node restart n3']
  protected override readonly action = 'restart'
}
