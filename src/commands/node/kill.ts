/** `kv node kill NODE...`: kill a node as a power cut would. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodeKill extends NodeActionCommand {
  static override summary = 'kill a node as a power cut would'
  static override description =
    'SIGKILL. The supervisor does not start it again: "kv node start" does.'
  static override examples = ['<%= config.bin %> node kill n3']
  protected override readonly action = 'kill'
}
