import { engines } from './harness.mjs'
import { publication } from './publication.mjs'

for (const engine of engines.filter(e => e !== 'sqlite')) publication(engine)
