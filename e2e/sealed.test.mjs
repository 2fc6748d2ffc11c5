// Segments from a cache on another host (nginx, as a CDN): sealed there, opened here by keys that come from the program. The
// cache goes away while a learner studies, and nothing is lost.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { axe, credited, DESKTOP, login, open, PHONE, start, until } from './harness.mjs'

let env, cache
const freePort = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })

/** nginx that keeps what the program answers under /media/sealed/, and writes down what it had and what it fetched. */
function nginx(port, origin) {
  const dir = mkdtempSync(join(tmpdir(), 'xueshi-cache-'))
  writeFileSync(join(dir, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr crit;
events { worker_connections 256; }
http { client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  log_format said '$upstream_cache_status $uri'; access_log ${dir}/log said;
  proxy_cache_path ${dir}/kept levels=1:2 keys_zone=sealed:1m;
  server { listen 127.0.0.1:${port}; location /media/sealed/ { proxy_pass ${origin}; proxy_cache sealed; proxy_cache_lock on; proxy_set_header Host city; } } }`)
  const p = spawn('/usr/sbin/nginx', ['-c', join(dir, 'nginx.conf'), '-e', 'stderr'], { stdio: 'inherit' })
  const gone = new Promise(r => p.once('exit', r))
  return { log: () => readFileSync(join(dir, 'log'), 'utf8').trim().split('\n'), stop: async () => { p.kill('SIGTERM'); await gone }, clear: () => rmSync(dir, { recursive: true, force: true }) }
}

before(async () => {
  const port = await freePort()
  env = await start('sqlite', ['--cdn', `http://127.0.0.1:${port}`])
  env.cdn = `http://127.0.0.1:${port}`
  cache = nginx(port, env.base)
  await until(() => fetch(env.cdn + '/').then(() => true, () => false))
})
after(async () => { await cache?.stop(); cache?.clear(); await env?.stop() })

/** Plays a lesson until that much is credited; gives what the page asked for. */
async function study(page, lesson, ms) {
  const asked = []
  page.on('response', r => { if (/\/media\//.test(r.url())) asked.push(`${r.status()} ${r.url()}`) })
  await page.goto(`${env.base}/learn/${lesson}`)
  await page.getByRole('button', { name: /^播放，从/ }).click()
  await until(async () => await credited(page) >= ms, 60_000)
  return asked
}

test('two learners study from the cache, which fetches each segment once', { timeout: 180_000 }, async () => {
  const first = await open(env, DESKTOP)
  await login(env, first.page, env.people[0])
  const asked = await study(first.page, 'l0101', 20_000)
  const segments = asked.filter(a => a.endsWith('.m4s'))
  assert.ok(segments.length >= 4 && segments.every(a => a.startsWith(`200 ${env.cdn}/media/sealed/`)), segments.join('\n'))
  assert.ok(asked.some(a => a.startsWith(`200 ${env.base}`) && a.endsWith('/0.key')), 'the key comes from the program')
  assert.deepEqual(await axe(first.page), [])
  assert.deepEqual(first.problems, [])
  await first.context.close()

  const second = await open(env, PHONE)
  await login(env, second.page, env.people[1])
  let refused = 0 // a key beyond the release window is refused like a segment, and asked for again
  await second.page.route('**/0.key', r => (refused++ < 2 ? r.fulfill({ status: 425, contentType: 'application/problem+json', body: '{}' }) : r.continue()))
  await study(second.page, 'l0101', 10_000)
  assert.equal(refused, 3)
  assert.deepEqual(second.problems, [])
  await second.context.close()
  await until(() => cache.log().filter(l => l.startsWith('HIT') && l.endsWith('.m4s')).length >= 3)
  const fetched = cache.log().filter(l => l.startsWith('MISS'))
  assert.equal(new Set(fetched).size, fetched.length, 'each file is fetched from the program once')
})

test('a phone that loses its network does not leave the cache', { timeout: 120_000 }, async () => {
  const { page, context } = await open(env, PHONE)
  await login(env, page, env.people[4]) // the lease of the others' closed pages may not have run out
  await page.goto(`${env.base}/courses/c04`)
  await page.getByRole('button', { name: '报名学习' }).click()
  await page.waitForURL(/\/learn\/l0401/)
  let missed = 0
  page.on('requestfailed', r => { if (r.url().startsWith(env.cdn)) missed++ })
  const asked = await study(page, 'l0401', 5_000)
  const away = r => r.abort('internetdisconnected') // nothing comes through, and the phone does not know yet
  await context.route('**/*', away)
  await until(() => missed >= 3, 60_000)
  await context.unroute('**/*', away)
  asked.length = 0
  await until(() => asked.filter(a => a.startsWith(`200 ${env.cdn}`) && a.endsWith('.m4s')).length >= 2, 60_000)
  assert.deepEqual(asked.filter(a => a.includes(`${env.base}/media/sealed/`)), [], 'the program sends no segment')
  await context.close()
})

test('the cache goes away; the program sends the segments, and the time counts on', { timeout: 180_000 }, async () => {
  const { page, context, problems } = await open(env, DESKTOP)
  await login(env, page, env.people[0])
  const asked = await study(page, 'l0102', 10_000)
  await cache.stop()
  asked.length = 0
  // The buffer holds 40 s: what does not come from the cache then comes from here.
  await until(() => asked.some(a => a.startsWith(`200 ${env.base}/media/sealed/`)), 90_000)
  const had = await credited(page)
  await until(async () => await credited(page) >= had + 10_000, 60_000)
  assert.deepEqual(problems.filter(p => !/ERR_CONNECTION_REFUSED/.test(p)), [])
  await context.close()
})
