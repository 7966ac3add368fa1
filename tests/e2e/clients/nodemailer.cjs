// Nodemailer, unmodified: sends the mail on the input as it is, and prints what became of it.
const { readFileSync } = require("node:fs");
const { createTransport } = require("nodemailer");

const { transport, envelope } = JSON.parse(process.argv[2]);

createTransport(transport)
  .sendMail({ envelope, raw: readFileSync(0) })
  .then(({ accepted, rejected }) => console.log(JSON.stringify({ accepted, rejected })));
