import { publication } from './publication.mjs'

publication('sqlite')
