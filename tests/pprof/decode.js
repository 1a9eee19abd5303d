// npm's pprof-format decodes what prof2any writes: ids that exist, strings in the table, the sums that
// `prof2any -f folded` gives. Exit 77 where the package isn't there: tests/tools/npm.sh fetches it.
'use strict';
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');

let Profile;
try {
    ({ Profile } = require(path.join(process.env.SOURCE, 'build', 'npm', 'pprof-format')));
} catch {
    console.log('skipped: no package pprof-format here, see tests/tools/npm.sh');
    process.exit(77);
}

const samples = path.join(process.env.SAMPLES, 'profiles');
const inputs = [
    'pprof/go-cpu.pb', 'pprof/go-heap.pb.gz', 'pprof/node-time.pb.gz', 'gperftools/cpu-small.prof',
    'folded/perf-small.folded', 'pstats/py3.13-cprofile-m-recursive.prof', 'callgrind/valgrind-small.callgrind',
];

function prof2any(...options) {
    return execFileSync(process.env.PROF2ANY, options, { maxBuffer: 1 << 28 });
}

function ids(rows) {
    const all = new Map(rows.map((row) => [Number(row.id), row]));
    assert.ok(all.size === rows.length && !all.has(0));
    return all;
}

function check(input) {
    const file = path.join(samples, input);
    const profile = Profile.decode(prof2any(file, '-q', '-f', 'pprof', '-O', 'raw', '-o', '-'));
    const strings = profile.stringTable.strings;
    const locations = ids(profile.location);
    const functions = ids(profile.function);
    const types = profile.sampleType.length;
    let sum = 0;
    assert.strictEqual(strings[0], '');
    assert.ok(profile.sample.length > 0);
    for (const sample of profile.sample) {
        assert.strictEqual(sample.value.length, types);
        sum += Number(sample.value[types - 1]);
        for (const id of sample.locationId)
            for (const line of locations.get(Number(id)).line)
                assert.ok(functions.has(Number(line.functionId)));
    }
    for (const f of functions.values())
        assert.ok(strings[Number(f.name)] !== undefined && strings[Number(f.filename)] !== undefined);
    const folded = prof2any(file, '-q', '-f', 'folded').toString().trim().split('\n');
    const expected = folded.reduce((n, line) => n + Number(line.slice(line.lastIndexOf(' '))), 0);
    assert.strictEqual(sum, expected, input);
}

inputs.forEach(check);
