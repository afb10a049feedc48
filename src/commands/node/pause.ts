/** `kv node pause NODE...`: freeze a node. */
import { NodeActionCommand } from '../../cli/node-action-command.ts'

export default class NodePause extends NodeActionCommand {
  static override summary = 'freeze a node'
  static override description =
    'SIGSTOP: the process is there and answers nothing, as behind a broken network.'
  static override examples = ['<%= config.bin %> node pause n3']
  protected override readonly action = 'pause'
}
