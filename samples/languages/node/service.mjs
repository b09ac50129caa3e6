#!/usr/bin/env node
// service.mjs - serves the calculator, by xmpp.js, to the accounts that SOAP_XMPP_ALLOW names, with commas between
// them. A request that is sent twice runs twice: xmpp.js has no memory of what ran. Ends by SIGTERM.
import { newStream, serve, end, ENVELOPES } from './stream.mjs'

const CALCULATOR = 'urn:soapxmpp:calculator'
const OPERATIONS = { add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b }
const FAULTS = {
  [ENVELOPES[0]]: why => `<faultcode>e:Client</faultcode><faultstring>${why}</faultstring>`,
  [ENVELOPES[1]]: why => '<e:Code><e:Value>e:Sender</e:Value></e:Code>' +
    `<e:Reason><e:Text xml:lang='en'>${why}</e:Text></e:Reason>`
}
const allowed = (process.env.SOAP_XMPP_ALLOW ?? '').split(',').map(rule => rule.trim())

function calculate(request) {
  const name = request?.getName()
  if (!Object.hasOwn(OPERATIONS, name ?? '') || request.getNS() !== CALCULATOR) throw new Error('no such operation')
  const [a, b] = ['a', 'b'].map(number => Number(request.getChildText(number, CALCULATOR) ?? NaN))
  if (Number.isNaN(a) || Number.isNaN(b)) throw new Error('a or b is missing')
  if (name === 'div' && b === 0) throw new Error('division by zero')
  return `<${name}Response xmlns='${CALCULATOR}'><result>${OPERATIONS[name](a, b)}</result></${name}Response>`
}

function answer(caller, envelope) {
  if (!allowed.includes(caller.bare().toString())) return
  const ns = envelope.getNS()
  const wrap = content => `<e:Envelope xmlns:e='${ns}'><e:Body>${content}</e:Body></e:Envelope>`
  try {
    return { envelope: wrap(calculate(envelope.getChildElements().find(child => child.is('Body', ns))
      ?.getChildElements()[0])), isFault: false }
  } catch ({ message }) {
    return { envelope: wrap(`<e:Fault>${FAULTS[ns](message)}</e:Fault>`), isFault: true }
  }
}

const stream = newStream()
serve(stream, answer)
await stream.start()
console.log(`online as ${stream.jid}`)
process.on('SIGTERM', () => end(stream))
