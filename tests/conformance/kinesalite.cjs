// Puts windfarm where the public test-suite of kinesalite expects kinesalite.
//
// The suite requires its server as `..`, lets it listen on a port and sends requests there. Loaded into
// mocha before the suite, this answers that `require` with a stand-in that starts the windfarm binary
// named by WINDFARM and forwards every connection to it, byte for byte. Nothing of the suite is changed.
'use strict'

const { spawn } = require('node:child_process')
const http = require('node:http')
const Module = require('node:module')
const net = require('node:net')
const readline = require('node:readline')

/** Starts the emulator on a free port; calls back with the process and that port. */
function start(done) {
  const windfarm = spawn(process.env.WINDFARM, ['up', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  windfarm.once('error', done)
  const lines = readline.createInterface({ input: windfarm.stdout })
  lines.on('line', (line) => {
    const endpoint = /AWS_ENDPOINT_URL=(\S+)/.exec(line)
    if (endpoint) done(null, windfarm, Number(new URL(endpoint[1]).port))
  })
}

/** The stand-in: what the suite calls `listen` and `close` on. */
function server() {
  let windfarm
  const forward = net.createServer((client) => {
    const upstream = net.connect(forward.target, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  return {
    listen(port, done) {
      start((error, child, target) => {
        if (error) return done(error)
        windfarm = child
        process.once('exit', () => child.kill())
        forward.target = target
        forward.listen(port, '127.0.0.1', done)
      })
    },
    close(done) {
      forward.close()
      windfarm.once('exit', () => done())
      windfarm.kill('SIGTERM')
    },
  }
}

/** Signs as for AWS, where the host's name says that the service is Kinesis. */
function signer(aws4) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return { ...aws4, sign: (options, given) => aws4.sign(Object.assign(options, { service: 'kinesis' }), given || credentials) }
}

/** The test that runs. A test that failed leaves requests behind: their answers are nobody's. */
let running
const { request } = http
http.request = function (options, answered) {
  const owner = running
  return request.call(this, options, (response) => {
    const { on } = response
    response.on = (event, listener) => on.call(response, event, (...what) => owner === running && listener(...what))
    answered(response)
  })
}

const load = Module._load
Module._load = function (request, parent, ...rest) {
  const fromSuite = parent && /[\\/]test[\\/][^\\/]+\.js$/.test(parent.filename)
  if (fromSuite && request === '..') {
    if (/helpers\.js$/.test(parent.filename)) {
      global.beforeEach(function () {
        running = this.currentTest
      })
    }
    return server
  }
  const loaded = load.call(this, request, parent, ...rest)
  return fromSuite && request === 'aws4' ? signer(loaded) : loaded
}
