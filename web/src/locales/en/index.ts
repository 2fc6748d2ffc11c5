import app from './app'
import publicTexts from './public'
import learner from './learner'
import player from './player'
import help from './help'
import operator from './operator'
import unit from './unit'
import errors from './errors'

export default { ...app, ...publicTexts, ...learner, ...player, ...help, ...operator, ...unit, ...errors }
