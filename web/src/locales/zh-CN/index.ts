import app from './app'
import availability from './availability'
import publicTexts from './public'
import learner from './learner'
import player from './player'
import help from './help'
import bureau from './bureau'
import classroom from './classroom'
import fault from './fault'
import gateway from './gateway'
import legal from './legal'
import making from './making'
import messages from './messages'
import operator from './operator'
import organisations from './organisations'
import provider from './provider'
import staff from './staff'
import unit from './unit'
import errors from './errors'

export default {
  ...app,
  ...availability,
  ...publicTexts,
  ...learner,
  ...player,
  ...help,
  ...bureau,
  ...classroom,
  ...fault,
  ...gateway,
  ...legal,
  ...making,
  ...messages,
  ...operator,
  ...organisations,
  ...provider,
  ...staff,
  ...unit,
  ...errors,
}
