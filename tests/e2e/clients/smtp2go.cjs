// SMTP2GO's own client for Node, unmodified: a call as JSON in each line of the input, its answer in a line of the output.
const { createInterface } = require("node:readline");
const { ApiClient, MailService, Service } = require("smtp2go-nodejs");

const [url, key] = process.argv.slice(2);
const client = new ApiClient(key);
client.apiUrl = url;

function service({ mail, endpoint, fields, method }) {
  if (mail) {
    return mail.reduce((built, [step, ...given]) => built[step](...given), new MailService());
  }
  return new Service(endpoint, new Map(Object.entries(fields)), method);
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const answer = await client.consume(service(JSON.parse(line)));
  // Of a call that failed the client hands out axios's answer, and otherwise its body.
  const { status, data } = answer.config ? answer : { status: 200, data: answer };
  console.log(JSON.stringify({ status, body: data }));
});
