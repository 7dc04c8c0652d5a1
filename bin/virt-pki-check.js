#!/usr/bin/env node
const { program, shell } = require('./load.js');

program()
  .main(process.argv.slice(2), shell())
  .then((status) => {
    process.exitCode = status;
    // All is written. The system's resolver cannot be stopped: a name server that does not answer would keep us here.
    setTimeout(() => process.exit(), 500).unref();
  });
