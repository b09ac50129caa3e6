#!/usr/bin/env node
// client.mjs ENDPOINT add|sub|mul|div A B - the calculator's client, by xmpp.js.
import { newStream, ask, end } from './stream.mjs'

const CALCULATOR = 'urn:soapxmpp:calculator'
const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const [endpoint, operation, a, b] = process.argv.slice(2)

function texts(element, name) {
  const found = element.getChildElements().flatMap(child => texts(child, name))
  return element.getName() === name ? [element.text(), ...found] : found
}

const stream = newStream()
try {
  await stream.start()
  const request = `<e:Envelope xmlns:e='${SOAP}'><e:Body><${operation} xmlns='${CALCULATOR}'>` +
    `<a>${Number(a)}</a><b>${Number(b)}</b></${operation}></e:Body></e:Envelope>`
  const { envelope, isFault } = await ask(stream, endpoint.replace(/^xmpp:/, ''), request)
  if (isFault) throw new Error(`fault: ${texts(envelope, 'Text')[0]}`)
  console.log(texts(envelope, 'result')[0])
} catch (failure) {
  console.error(failure.message)
  process.exitCode = 1
}
await end(stream)
