#!/usr/bin/env node
const { program, shell } = require('./load.js');

program()
  .main(process.argv.slice(2), shell())
  .then((status) => {
    process.exitCode = status;
  });
