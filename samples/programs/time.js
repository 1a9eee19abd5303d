// Samples its own wall time with Datadog's pprof for node: node time.js FILE
'use strict';
const fs = require('fs');
const pprof = require('@datadog/pprof');

function fib(n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

function makeText() {
    return JSON.stringify([...Array(1000).keys()]);
}

pprof.time.start({ durationMillis: 500, intervalMicros: 5000, lineNumbers: true });
for (const end = Date.now() + 300; Date.now() < end;) {
    fib(18);
    makeText();
}
pprof.encode(pprof.time.stop()).then((bytes) => fs.writeFileSync(process.argv[2], bytes));
