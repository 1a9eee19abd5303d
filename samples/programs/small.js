// Recursion, a closure, a method, a sort with a callback: in Node, or in a page.
"use strict";

function fib(n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

function parse(text) {
    return JSON.parse(text).items.map(item => item.name.toUpperCase());
}

class Store {
    constructor() {
        this.count = new Map();
    }

    add(names) {
        for (const name of names)
            this.count.set(name, (this.count.get(name) || 0) + 1);
        return [...this.count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    }
}

function oneRound(store, text) {
    return store.add(parse(text)).length + fib(18);
}

function main(rounds) {
    const items = Array.from({ length: 900 }, (_, i) => ({ name: "item " + i * 7919 % 900 }));
    const text = JSON.stringify({ items }), store = new Store();
    let sum = 0;
    for (let i = 0; i < rounds; i++)
        sum += oneRound(store, text);
    return sum;
}

console.log(main(globalThis.rounds || 40));
