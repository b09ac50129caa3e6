// stream.mjs - an XMPP stream by xmpp.js that carries SOAP envelopes in IQ stanzas (XEP-0072).
//
// Settings are those of the soapxmpp library: SOAP_XMPP_JID, _PASSWORD, _HOST, _PORT; the CA's file is Node's own
// NODE_EXTRA_CA_CERTS. The server has to show a certificate of its domain, and nothing is said without TLS.
import { client, jid, xml } from '@xmpp/client'

export const ENVELOPES = ['http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope']
const DISCO = 'http://jabber.org/protocol/disco#info'

export class Refused extends Error {}

function parse(text) {
  const parser = new xml.Parser()
  let root
  parser.on('start', element => { root = element })
  parser.on('element', child => root.children.push(child))
  parser.on('error', failure => { throw failure })
  parser.write(text)
  return root
}

const findEnvelope = stanza => stanza?.getChildElements().find(child => ENVELOPES.some(ns => child.is('Envelope', ns)))

// Servers send an error with the request in it. So an error is a fault only if there is one in the envelope.
const holdsFault = envelope => envelope?.getChild('Body', envelope.getNS())?.getChild('Fault', envelope.getNS())

// To be started once it serves.
export function newStream() {
  const { SOAP_XMPP_JID, SOAP_XMPP_PASSWORD: password, SOAP_XMPP_HOST: host, SOAP_XMPP_PORT: port = 5222 } = process.env
  const { local: username, domain, resource } = jid(SOAP_XMPP_JID)
  const logIn = async (authenticate, mechanisms, fast, entity) => {
    if (!entity.isSecure()) throw new Error('the server offers no TLS')
    await authenticate({ username, password }, mechanisms[0])
  }
  const stream = client({ service: host && `xmpp://${host}:${port}`, domain, resource, credentials: logIn })
  stream.on('error', failure => console.error(`stream: ${failure.message}`))
  return stream
}

// Ends the process. A server may reset a connection whose end it was told, which xmpp.js would open again.
export async function end(stream) {
  stream.reconnect.stop()
  await stream.stop()
  process.exit()
}

// The answer's envelope, and whether it came as an error. It is sent once: if the connection breaks meanwhile, or no
// answer comes in time, nobody knows whether it ran.
export async function ask(stream, to, envelope, timeoutMs = 60000) {
  let reply
  try {
    reply = await stream.iqCaller.request(xml('iq', { type: 'set', to }, parse(envelope)), timeoutMs)
  } catch (failure) {
    if (!failure.element) throw failure
    reply = failure.element.parent
    if (!holdsFault(findEnvelope(reply))) throw new Refused(failure.condition)
  }
  if (reply.attrs.from !== to) throw new Refused(`${reply.attrs.from} answered in the place of ${to}`)
  const found = findEnvelope(reply)
  if (!found) throw new Refused('an answer without an envelope')
  return { envelope: found, isFault: reply.attrs.type === 'error' }
}

// answer(caller, envelope) gives { envelope: text, isFault }, or nothing: the caller may not.
export function serve(stream, answer) {
  const take = async ({ element, from }) => {
    const given = await answer(from, element)
    if (!given) return xml('error', { type: 'auth' }, xml('forbidden', 'urn:ietf:params:xml:ns:xmpp-stanzas'))
    const envelope = parse(given.envelope)
    if (!given.isFault) return envelope
    // Into an error xmpp.js puts the element that was asked for. So that has to become the fault.
    const { name, attrs, children } = envelope
    Object.assign(element, { name, attrs, children })
    for (const child of children) if (child instanceof xml.Element) child.parent = element
    return xml('error', { type: 'cancel' }, xml('undefined-condition', 'urn:ietf:params:xml:ns:xmpp-stanzas'))
  }
  for (const ns of ENVELOPES) stream.iqCallee.set(ns, 'Envelope', take)
  stream.iqCallee.get(DISCO, 'query', () => xml('query', DISCO,
    xml('identity', { category: 'automation', type: 'soap' }),
    xml('feature', { var: DISCO }), xml('feature', { var: 'http://jabber.org/protocol/soap' })))
}
