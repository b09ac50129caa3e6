// client.mjs URL 11|12 - the calculator by Node's soap package, which knows its URL alone.
import soap from 'soap'

const [url, version] = process.argv.slice(2)
const client = await soap.createClientAsync(url + '?wsdl', {forceSoap12Headers: version === '12'})
const port = client.calculator[version === '12' ? 'calculatorSoap12' : 'calculatorSoap']
const call = (operation, a, b) => new Promise((resolve, reject) =>
    port[operation]({a, b}, (error, answer) => error ? reject(error) : resolve(answer.result)))
try {
    console.log('add ' + await call('add', 1, 2))
    console.log('mul ' + await call('mul', 3, 4))
    await call('div', 1, 0)
} catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault
    console.log('fault ' + (fault ? fault.faultstring ?? fault.Reason.Text.$value ?? fault.Reason.Text : error.message))
}
