#!/usr/bin/env node
// `npm start`: a first look at this machine; with arguments, the program itself.
const { program, shell } = require('./load.js');

const argv = process.argv.slice(2);
(argv.length > 0 ? program().main(argv, shell()) : program().firstLook(shell())).then((status) => {
  process.exitCode = status;
});
