// A headless Chromium, driven over the DevTools protocol through a pipe: messages are JSON, each
// ended by a NUL.
"use strict";
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs"), os = require("node:os"), path = require("node:path");

function find() {
    const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];
    return names.find(name => name && spawnSync(name, ["--version"]).status === 0);
}

class Browser {
    constructor(program) {
        this.home = fs.mkdtempSync(path.join(os.tmpdir(), "p2a-chromium-"));
        const options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", "--user-data-dir=" + this.home, "--remote-debugging-pipe"];
        this.process = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
        this.next = 1;
        this.waiting = new Map();
        this.listeners = [];
        let rest = "";
        this.process.stdio[4].on("data", bytes => {
            const messages = (rest + bytes.toString("utf8")).split("\0");
            rest = messages.pop();
            messages.forEach(message => this.take(JSON.parse(message)));
        });
        this.process.on("exit", () => {
            for (const { reject } of this.waiting.values())
                reject(new Error("chromium ended"));
        });
    }

    take(message) {
        const call = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (call && message.error)
            call.reject(new Error(call.method + ": " + message.error.message));
        else if (call)
            call.resolve(message.result);
        else
            this.listeners.forEach(listener => listener(message));
    }

    send(method, params = {}, sessionId = undefined) {
        const id = this.next++;
        this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
        return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject, method }));
    }

    async page() {
        const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
        const attach = { targetId, flatten: true };
        const { sessionId } = await this.send("Target.attachToTarget", attach);
        const page = new Page(this, sessionId);
        this.listeners.push(message => message.sessionId === sessionId && page.take(message));
        await page.send("Page.enable");
        await page.send("Runtime.enable");
        await page.size(1200, 800);
        return page;
    }

    async close() {
        const ended = new Promise(resolve => this.process.on("exit", resolve));
        await this.send("Browser.close");
        await ended;
        fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    }
}

const KEYS = { Tab: 9, Enter: 13, Escape: 27, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39,
    ArrowDown: 40 };

class Page {
    constructor(browser, sessionId) {
        this.browser = browser;
        this.sessionId = sessionId;
        this.troubles = []; // dialogs, exceptions and requests: a picture causes none
        this.loaded = () => {};
    }

    take({ method, params }) {
        if (method === "Page.loadEventFired")
            this.loaded();
        if (method === "Runtime.exceptionThrown")
            this.troubles.push("exception: " + JSON.stringify(params.exceptionDetails));
        if (method === "Page.javascriptDialogOpening") {
            this.troubles.push("dialog: " + params.message);
            this.send("Page.handleJavaScriptDialog", { accept: false });
        }
    }

    send(method, params) {
        return this.browser.send(method, params, this.sessionId);
    }

    size(width, height) {
        return this.send("Emulation.setDeviceMetricsOverride",
            { width, height, deviceScaleFactor: 1, mobile: false });
    }

    // The event may come together with the answer, so it is waited for before the question.
    async go(url) {
        const there = new Promise(resolve => { this.loaded = resolve; });
        await this.send("Page.navigate", { url });
        await there;
    }

    async open(url) {
        await this.go("about:blank");
        await this.go(url);
    }

    async run(expression) {
        const { result, exceptionDetails } = await this.send("Runtime.evaluate",
            { expression, returnByValue: true, awaitPromise: true });
        if (exceptionDetails)
            throw new Error(exceptionDetails.exception.description);
        return result.value;
    }

    // Calls FUNCTION in the page with ARGUMENTS that JSON can carry.
    call(fn, ...args) {
        return this.run("(" + fn + ")(..." + JSON.stringify(args) + ")");
    }

    async point(x, y) {
        await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
    }

    async click(x, y, modifiers = 0) {
        await this.point(x, y);
        for (const type of ["mousePressed", "mouseReleased"])
            await this.send("Input.dispatchMouseEvent",
                { type, x, y, button: "left", clickCount: 1, modifiers });
    }

    async press(key, modifiers = 0) {
        const code = KEYS[key] || key.toUpperCase().charCodeAt(0);
        const text = key === "Enter" ? "\r" : KEYS[key] || modifiers ? undefined : key;
        const event = { key, windowsVirtualKeyCode: code, modifiers, text };
        await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...event });
        await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    }

    async type(text) {
        for (const key of text)
            await this.press(key);
    }

    scheme(value) {
        return this.send("Emulation.setEmulatedMedia",
            { features: [{ name: "prefers-color-scheme", value }] });
    }

    scripts(on) {
        return this.send("Emulation.setScriptExecutionDisabled", { value: !on });
    }

    async shot(file) {
        const { data } = await this.send("Page.captureScreenshot", { format: "png" });
        fs.writeFileSync(file, Buffer.from(data, "base64"));
    }
}

module.exports = { find, Browser, CTRL: 2 };
