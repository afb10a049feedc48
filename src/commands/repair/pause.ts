/** `kv repair pause`. */
import { ExchangeSwitchCommand } from '../../cli/exchange-switch-command.ts'

export default class RepairPause extends ExchangeSwitchCommand {
  static override summary = 'stop the continuous comparing of nodes'
  static override description =
    'The node begins no comparison until kv repair resume, or until it is started again; one that ' +
    'is under way goes on to its end. It still answers the comparisons of others, and reads, ' +
    'hints and kv repair mend as ever.'
  static override examples = ['<%= config.bin %> repair pause --node n2']
  protected readonly pause = true
}
