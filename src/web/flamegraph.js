// What a flame graph does when it is looked at: zoom, search, details, keys, the view in its
// address. The picture is complete without it. Positions are whole numbers of UNITS, as the file
// has them.
(function () {
    "use strict";

    const UNITS = 1e6;
    const PAD = 3;
    const LIFT = 26; // how high the controls are
    const THIN = 2; // pixels: boxes below it have no border
    const GAP = 18; // between chips of the legend
    const DOT = " \u00b7 ";

    // What ends a component and what starts one; the end of a file's name is none.
    const COMPONENT = new RegExp("^[^]+?"
        + "(?:\\.(?!(?:go|js|py|rb|so)(?:$|[.:]))|[/\\\\\\x60 !]|:(?!:))"
        + "(?=[A-Za-z_~$\\u0080-\\u{10FFFF}])", "u");

    // ---- labels: the telling end of a name, by the rules of src/base/label.c ----

    function columnsOf(c) {
        return c >= 0x1100 && c !== 0xFFFD && !(c >= 0x2000 && c < 0x2E80) ? 2 : 1;
    }

    function columns(text) {
        let n = 0;
        for (const c of text)
            n += columnsOf(c.codePointAt(0));
        return n;
    }

    function placeTail(place) {
        const parts = place.split(/[/\\]/);
        const base = parts.pop();
        return parts.length && /^__(init|main)__\.py/.test(base) ? parts.pop() + "/" + base : base;
    }

    const OPERATOR = new RegExp("operator(?:\\(\\)|\\[\\]|<=>|->\\*|<<=|>>=|->|\\+\\+|--|<<|>>"
        + "|[<>=!+*/%^&|-]=|&&|\\|\\||[<>=+*/%^&|~!,-])", "y");

    function operatorAt(name, i) {
        OPERATOR.lastIndex = i;
        return i && !": ".includes(name[i - 1]) ? "" : OPERATOR.exec(name)?.[0] || "";
    }

    function nativePlain(name) {
        let depth = 0, types = 0, plain = "";
        for (let i = 0; i < name.length; i++) {
            const c = name[i], sign = depth ? "" : operatorAt(name, i);
            if (sign) {
                plain += sign;
                i += sign.length - 1;
            } else if (depth && name.startsWith("->", i)) {
                i++; // a function's type: no bracket
            } else if (c === "<" && i === types) {
                types++;
            } else if (types && !depth && name.startsWith(" as ", i)) {
                types--;
                depth = 1;
            } else if (types && !depth && c === ">") {
                types--;
            } else if ("<([".includes(c)) {
                depth++;
            } else if (">)]".includes(c)) {
                depth = Math.max(0, depth - 1);
            } else if (!depth) {
                plain += c;
            }
        }
        plain = plain.replace(/:{3,}/g, "::").replace(/ const$/, "").replace(/ +$/, "");
        return plain.replace(/::$/, "") || name;
    }

    function plainName(full) {
        const name = full.replace(/([^])'\d+$/, "$1").replace(/([^])::h[0-9a-f]{16}$/, "$1");
        const method = /^<[^']*'([^']*)'( of )'([^']*)'/.exec(name);
        if (name.startsWith("<built-in ") && name.endsWith(">"))
            return name.slice(name.lastIndexOf(" ") + 1, -1);
        if (method)
            return method[3] + "." + method[1];
        if (name.includes("::") || name.endsWith(")"))
            return nativePlain(name);
        const copy = /[^]\.(?:part|isra|constprop|lto_priv)\.\d/.exec(name);
        return (copy ? name.slice(0, copy.index + 1) : name).replaceAll(".<locals>", "");
    }

    // Without its first component; "" where there is but one, as in "(garbage collector)".
    function dropComponent(name) {
        const cut = !/^[([][^)\]]*[)\]]$/.test(name) && COMPONENT.exec(name);
        return cut ? name.slice(cut[0].length) : "";
    }

    function cutShort(name, room) {
        let kept = "", used = 1, taken = 0;
        for (const c of name) {
            used += columnsOf(c.codePointAt(0));
            if (used > room)
                break;
            kept += c;
            taken++;
        }
        return taken < 3 ? "" : kept + "\u2026";
    }

    function label(name, place, room) {
        const tail = placeTail(place), body = tail && name === "<module>";
        if (room < 2)
            return "";
        if (tail && columns(name) + columns(tail) + 3 <= room)
            return name + " (" + tail + ")";
        if (columns(name) <= room && !body)
            return name;
        let short = plainName(body ? tail.replace(/(.):\d+$/, "$1") : name);
        while (columns(short) > room) {
            const rest = dropComponent(short);
            if (!rest)
                return cutShort(short, room);
            short = rest;
        }
        return short;
    }

    // ---- figures, by the rules of src/base/human.c ----

    function threeDigits(value) {
        const size = Math.abs(value);
        return String(Number(value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)));
    }

    function seconds(value) {
        if (value >= 3600)
            return Math.floor(value / 3600) + " h " + Math.floor(value % 3600 / 60) + " min";
        if (value >= 599.5)
            return Math.floor(value / 60) + " min " + Math.floor(value % 60) + " s";
        for (const [size, unit] of [[1, "s"], [1e-3, "ms"], [1e-6, "\u00b5s"]])
            if (value >= 0.9995 * size)
                return threeDigits(value / size) + " " + unit;
        return threeDigits(value * 1e9) + " ns";
    }

    function bytes(value) {
        const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        while (value >= 999.5 && units.length > 1) {
            value /= 1024;
            units.shift();
        }
        return threeDigits(value) + " " + units[0];
    }

    const plurals = ["samples", "allocations", "objects", "contentions", "hits"];

    function human(value, unit, word) {
        if (unit === "seconds")
            return seconds(value);
        if (unit === "bytes")
            return bytes(value);
        const whole = Number.isInteger(value) || value >= 100;
        const digits = String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
        const text = value >= 1e15 ? value.toPrecision(3) : whole ? digits : threeDigits(value);
        const one = text === "1" && plurals.includes(word);
        return word ? text + " " + (one ? word.slice(0, -1) : word) : text;
    }

    function share(part, whole) {
        const percent = whole > 0 ? Math.min(100, part / whole * 100) : 0;
        return percent > 0 && percent < 0.005 ? "<0.01 %" : threeDigits(percent) + " %";
    }

    // ---- the view ----

    // How much of [from, to) is covered by boxes, each place once.
    function covered(boxes, from, to) {
        let sum = 0, end = from;
        for (const box of [...boxes].sort((a, b) => a.start - b.start)) {
            const start = Math.max(box.start, end), stop = Math.min(box.end, to);
            if (stop > start) {
                sum += stop - start;
                end = stop;
            }
        }
        return sum;
    }

    // "#zoom=LEVEL.PLACE&find=PATTERN&case=no", in which every part may be missing.
    function readState(hash) {
        const state = { level: 0, place: 0, find: "", ignoreCase: false };
        for (const part of hash.replace(/^#/, "").split("&")) {
            const [key, value] = [part.split("=")[0], part.slice(part.indexOf("=") + 1)];
            const zoom = key === "zoom" && /^(\d{1,9})\.(\d{1,9})$/.exec(value);
            if (zoom)
                [state.level, state.place] = [Number(zoom[1]), Number(zoom[2])];
            if (key === "find") {
                try {
                    state.find = decodeURIComponent(value);
                } catch (error) {
                    state.find = "";
                }
            }
            if (key === "case")
                state.ignoreCase = value === "no";
        }
        return state;
    }

    function writeState(state) {
        const parts = [];
        if (state.level)
            parts.push("zoom=" + state.level + "." + state.place);
        if (state.find)
            parts.push("find=" + encodeURIComponent(state.find));
        if (state.find && state.ignoreCase)
            parts.push("case=no");
        return parts.length ? "#" + parts.join("&") : "";
    }

    // A pattern that doesn't compile gives null.
    function compile(find, ignoreCase) {
        try {
            return new RegExp(find, ignoreCase ? "iu" : "u");
        } catch (error) {
            return null;
        }
    }

    // Gives each box of LEVELS its parent: the box below that holds its start.
    function adopt(levels) {
        levels.forEach((level, depth) => {
            let below = 0;
            for (const box of level) {
                while (depth && levels[depth - 1][below].end <= box.start)
                    below++;
                box.parent = depth ? levels[depth - 1][below] : null;
            }
        });
    }

    // Where BOX is drawn while VIEW fills the width, in UNITS; null where it isn't.
    function span(box, view) {
        const wide = view.end - view.start;
        if (box.level < view.level)
            return box.start <= view.start && box.end >= view.end ? [0, UNITS] : null;
        if (box.start < view.start || box.end > view.end)
            return null;
        return [(box.start - view.start) / wide * UNITS, (box.end - box.start) / wide * UNITS];
    }

    // How many of LEVELS are shown in VIEW: up to the last on which boxes cover a CROP of it.
    function levelsShown(levels, view, crop) {
        let shown = view.level + 1;
        for (let i = shown; i < levels.length; i++) {
            let sum = 0;
            for (const box of levels[i])
                if (box.start >= view.start && box.end <= view.end)
                    sum += box.end - box.start;
            if (sum < crop * (view.end - view.start))
                break;
            shown = i + 1;
        }
        return shown;
    }

    // Breaks TEXT into at most COUNT lines of ROOM characters.
    function wrap(text, room, count) {
        const lines = [];
        let rest = [...text];
        while (rest.length > room && lines.length < count - 1)
            lines.push(rest.splice(0, room).join(""));
        const cut = rest.length > room ? rest.slice(0, room - 1).concat("\u2026") : rest;
        return lines.concat(cut.join(""));
    }

    // FACT in parts of ROOM columns: whole, or broken behind commas, or at other blanks.
    function partsOf(fact, room) {
        const cut = (text, at, mark) =>
            columns(text) > room ? text.replace(at, mark).split("\n") : [text];
        return cut(fact, /, /g, ",\n").flatMap(part => cut(part, / (?!%)/g, "\n"));
    }

    // Puts FACTS on lines of ROOM columns, as many as fit on each.
    function fill(facts, room) {
        const lines = [];
        const add = (part, joint) => {
            const longer = lines.length ? lines[lines.length - 1] + joint + part : part;
            if (lines.length && columns(longer) <= room)
                lines[lines.length - 1] = longer;
            else
                lines.push(part);
        };
        for (const fact of facts)
            partsOf(fact, room).forEach((part, i) => add(part, i ? " " : DOT));
        return lines;
    }

    // ---- the document ----

    const SVG = "http://www.w3.org/2000/svg";

    function make(name, attributes, parent, text) {
        const element = document.createElementNS(SVG, name);
        for (const key of Object.keys(attributes))
            element.setAttribute(key, attributes[key]);
        if (text !== undefined)
            element.textContent = text;
        if (parent)
            parent.appendChild(element);
        return element;
    }

    function readBox(element, level, index) {
        const rect = element.querySelector("rect"), title = element.querySelector("title");
        const lines = title.textContent.split("\n"), values = lines.pop();
        const start = Math.round(parseFloat(rect.getAttribute("x")) * UNITS / 100) || 0;
        const wide = Math.round(parseFloat(rect.getAttribute("width")) * UNITS / 100);
        title.remove();
        return {
            element, rect, text: element.querySelector("text"), level, index,
            start, end: start + wide, parent: null,
            sign: element.classList.contains("new") ? "+ "
                : element.classList.contains("gone") ? "- " : "",
            name: lines[0], place: lines[1] || "", values: values.split("; "),
            room: -1, hit: false, shown: null,
        };
    }

    function spell(box) {
        return box.place ? box.name + " (" + box.place + ")" : box.name;
    }

    function readLevels(graph) {
        const levels = [...graph.querySelectorAll(":scope > g")].map((row, level) =>
            [...row.children].map((element, index) => readBox(element, level, index)));
        adopt(levels);
        for (const box of levels.flat()) {
            box.element.setAttribute("role", "treeitem");
            box.element.setAttribute("tabindex", "-1");
            box.element.setAttribute("aria-level", box.level + 1);
            box.element.setAttribute("aria-label", [spell(box), ...box.values].join(", "));
        }
        return levels;
    }

    function start(root) {
        const graph = root.querySelector(".graph"), data = root.dataset, levels = readLevels(graph);
        const boxes = levels.flat(), whole = boxes[0], of = new Map(boxes.map(b => [b.element, b]));
        const fluid = data.fluid === "1", height = Number(data.row), up = data.grow === "up";
        const rows = [...graph.querySelectorAll(":scope > g")];
        const facts = root.querySelector(".facts"), legend = root.querySelector(".legend");
        const notes = root.querySelector(".notes"), header = Number(graph.getAttribute("y"));
        const told = [...facts.children].map(line => line.textContent).join(DOT).split(DOT);
        const footer = Number(root.getAttribute("height")) - Number(graph.getAttribute("height"))
            - header;
        const factLines = facts.children.length;
        const factsY = Number(facts.firstElementChild.getAttribute("y"));
        let top = header;
        let view = whole, current = whole, find = "", ignoreCase = false;
        let wide = 0, column = 7, shown = 0;

        graph.setAttribute("role", "tree");
        graph.setAttribute("tabindex", "-1");
        graph.setAttribute("aria-label", root.querySelector("title").textContent);
        root.removeAttribute("role");
        whole.element.setAttribute("tabindex", "0");

        // -- drawing --

        function measure() {
            const probe = make("text", { x: 0, y: -99 }, graph);
            const samples = ["iiiiiiiiii", "MMMMMMMMMM", "get_item_by_name.0123456789"];
            const lengths = samples.map(text => {
                probe.textContent = text;
                return probe.getComputedTextLength() / text.length;
            });
            probe.remove();
            column = Math.abs(lengths[0] - lengths[1]) < 0.1 ? lengths[1] : lengths[2] * 1.15;
        }

        function fit(box, x, w) {
            const room = Math.floor((w - 2 * PAD) / column);
            if (room !== box.room) {
                const short = label(box.name, box.place, room - box.sign.length);
                const text = short && box.sign + short;
                if (!box.text && text)
                    box.text = make("text", { y: Number(data.baseline) }, box.element);
                if (box.text)
                    box.text.textContent = text;
                box.room = room;
            }
            if (box.text)
                box.text.setAttribute("x", (x + PAD).toFixed(1));
        }

        function stand() {
            const high = shown * height;
            rows.forEach((row, level) => row.setAttribute("transform",
                "translate(0," + (up ? high - (level + 1) * height : level * height) + ")"));
            graph.setAttribute("height", high);
            root.setAttribute("height", top + high + footer);
            notes.setAttribute("transform", "translate(0," + (top + high) + ")");
            if (!fluid)
                root.setAttribute("viewBox", "0 0 " + data.width + " " + (top + high + footer));
        }

        function draw() {
            shown = levelsShown(levels, view, Number(data.crop) / 100);
            stand();
            for (const box of boxes) {
                const at = box.level < shown ? span(box, view) : null;
                box.shown = at;
                box.element.style.display = at ? "" : "none";
                if (!at)
                    continue;
                box.rect.setAttribute("x", at[0] / UNITS * 100 + "%");
                box.rect.setAttribute("width", at[1] / UNITS * 100 + "%");
                box.element.classList.toggle("below", box.level < view.level);
                box.element.classList.toggle("thin", at[1] / UNITS * wide < THIN);
                fit(box, at[0] / UNITS * wide, at[1] / UNITS * wide);
            }
        }

        // Chips keep the distances they have in the file and go on further lines where the width
        // asks for it. Gives how many lines more they take than in the file.
        function arrangeChips(outer, down, step) {
            const edges = [...legend.children].map(chip => chip.getBBox());
            let x = edges.length ? edges[0].x : 0, more = 0;
            edges.forEach((edge, i) => {
                const last = edges[i - 1], broken = last && edge.x <= last.x;
                if (last)
                    x += broken ? last.width + GAP : edge.x - last.x;
                if (broken)
                    more--;
                if (last && x + edge.width > outer - 10) {
                    x = edges[0].x;
                    more++;
                }
                legend.children[i].setAttribute("transform",
                    "translate(" + (x - edge.x) + "," + (down + more * step) + ")");
            });
            return more;
        }

        // The title goes below the controls where both have no room side by side, and the texts
        // between it and the facts with it.
        function arrangeTitle(outer) {
            const title = root.querySelector(":scope > .title"), edge = title.getBBox();
            const lift = edge.x + edge.width > outer - controls.wide ? LIFT : 0;
            for (const text of root.querySelectorAll(":scope > text"))
                text.setAttribute("transform", "translate(0," + lift + ")");
            return lift;
        }

        // Facts and legend take as many lines as the width asks for; all below them moves.
        function arrange(outer) {
            const step = Number(data.font) + 5;
            const lines = fill(told, Math.max(8, Math.floor((outer - 20) / column)));
            const lift = arrangeTitle(outer), down = lift + (lines.length - factLines) * step;
            facts.textContent = "";
            lines.forEach((line, i) =>
                make("text", { class: "soft", x: 10, y: lift + factsY + i * step }, facts,
                    line));
            top = header + down + arrangeChips(outer, down, step) * step;
            graph.setAttribute("y", top);
        }

        function resize() {
            const outer = fluid ? root.getBoundingClientRect().width : Number(data.width);
            wide = Math.max(1, outer - 20);
            graph.setAttribute("width", wide);
            controls.place(outer);
            arrange(outer);
            draw();
        }

        // -- search --

        function search() {
            const pattern = find ? compile(find, ignoreCase) : null;
            for (const box of boxes) {
                box.hit = Boolean(pattern) && box !== whole && pattern.test(spell(box));
                box.element.classList.toggle("hit", box.hit);
            }
            graph.classList.toggle("finding", Boolean(pattern));
            const bad = Boolean(find) && !pattern;
            controls.report(bad ? "not a regular expression" : pattern ? matched() : "");
            controls.show(find, ignoreCase, bad);
        }

        function matched() {
            const hits = boxes.filter(box => box.hit && box.level >= view.level);
            const sum = covered(hits, view.start, view.end);
            const value = Number((sum / UNITS * Number(data.whole)).toPrecision(6));
            const figure = human(value, data.unit, data.word);
            const matching = share(sum, view.end - view.start);
            return matching + (data.compared ? " of the width matched" : " matched, " + figure);
        }

        // -- state --

        function save(push) {
            const state = { level: view.level, place: view.index, find, ignoreCase };
            const url = location.pathname + location.search + writeState(state);
            try {
                if (push)
                    history.pushState(null, "", url);
                else
                    history.replaceState(null, "", url);
            } catch (error) {
                // A document without an address of its own keeps its view to itself.
            }
        }

        function restore() {
            const state = readState(location.hash), level = levels[state.level];
            view = level && level[state.place] || whole;
            find = state.find;
            ignoreCase = state.ignoreCase;
            draw();
            search();
        }

        function zoom(box) {
            if (box === view)
                return;
            view = box;
            draw();
            search();
            save(true);
        }

        function seek(text, ignore) {
            find = text;
            ignoreCase = ignore;
            search();
            save(false);
        }

        // -- details --

        const tip = make("g", { class: "tip", display: "none" }, root);
        const tipBack = make("rect", { rx: 4 }, tip), tipText = make("text", {}, tip);

        function visible() {
            const matrix = root.getScreenCTM().inverse();
            const corner = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
            return [corner(0, 0), corner(innerWidth, innerHeight)];
        }

        function describe(box) {
            const room = Math.max(20, Math.min(96, Math.floor((wide - 40) / column)));
            const lines = wrap(box.name, room, 4).concat(box.place ? wrap(box.place, room, 3) : []);
            lines.push(...box.values);
            if (view !== whole && box.level > view.level)
                lines.push(share(box.end - box.start, view.end - view.start)
                    + (data.compared ? " of the width" : " of the view"));
            if (box.element.hasAttribute("href"))
                lines.push("Ctrl-click or o: open the source");
            return lines;
        }

        function tell(box, x, y) {
            const step = Number(data.font) * 1.4, lines = describe(box);
            tipText.textContent = "";
            lines.forEach((line, i) => make("tspan", { x: 8, y: step * (i + 1) }, tipText, line));
            tip.setAttribute("display", "inline");
            const size = tipText.getBBox(), w = size.width + 16, h = step * (lines.length + 0.6);
            const [least, most] = visible();
            const left = Math.max(least.x, Math.min(x + 12, most.x - w - 4));
            const top = y + 18 + h > most.y ? Math.max(least.y, y - h - 8) : y + 18;
            tipBack.setAttribute("width", w);
            tipBack.setAttribute("height", h);
            tip.setAttribute("transform", "translate(" + left + "," + top + ")");
        }

        function hush() {
            tip.setAttribute("display", "none");
        }

        function boxOf(event) {
            const element = event.target.closest && event.target.closest("[role=treeitem]");
            return element && of.get(element);
        }

        // -- keys --

        function focus(box) {
            current.element.setAttribute("tabindex", "-1");
            current = box;
            box.element.setAttribute("tabindex", "0");
            box.element.focus();
        }

        function beside(box, step) {
            const level = levels[box.level];
            for (let i = box.index + step; level[i]; i += step)
                if (level[i].shown)
                    return level[i];
            return null;
        }

        function above(box) {
            const children = (levels[box.level + 1] || []).filter(b => b.parent === box && b.shown);
            return children.reduce((a, b) => !a || b.end - b.start > a.end - a.start ? b : a, null);
        }

        function escape() {
            if (find)
                seek("", ignoreCase);
            else
                zoom(whole);
            hush();
        }

        function move(key) {
            const box = current.shown ? current : view;
            const out = key === (up ? "ArrowUp" : "ArrowDown"), into = key === "ArrowLeft" ? -1 : 1;
            if (key === "Home")
                return whole;
            if (key === "ArrowLeft" || key === "ArrowRight")
                return beside(box, into);
            return out ? above(box) : box.parent;
        }

        function openSource(box) {
            if (box.element.hasAttribute("href"))
                window.open(box.element.getAttribute("href"), "_blank", "noopener");
        }

        function press(event) {
            const typing = event.target === controls.input;
            if ((event.ctrlKey || event.metaKey) && event.key === "f" && !typing) {
                controls.input.focus();
                controls.input.select();
            } else if ((event.ctrlKey || event.metaKey) && event.key === "i") {
                seek(find, !ignoreCase);
            } else if (event.ctrlKey || event.metaKey || event.altKey) {
                return;
            } else if (event.key === "Escape") {
                escape();
                if (typing)
                    focus(current.shown ? current : view);
            } else if (typing) {
                if (event.key !== "Enter")
                    return;
                focus(boxes.find(box => box.hit && box.shown) || view);
            } else if (controls.press(event)) {
                // Done by the button that has the focus.
            } else if (/^(Arrow(Up|Down|Left|Right)|Home)$/.test(event.key)) {
                focus(move(event.key) || current);
            } else if (event.key === "Enter" || event.key === " ") {
                zoom(current);
            } else if (event.key === "o") {
                openSource(current);
            } else if (event.key === "/") {
                controls.input.focus();
            } else {
                return;
            }
            event.preventDefault();
        }

        // -- the field and the buttons at the top right --

        function makeInput(group) {
            const field = make("foreignObject", { width: 180, height: 24, y: 4 }, group);
            const input = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
            input.type = "text";
            input.placeholder = "Search (Ctrl-F)";
            input.setAttribute("aria-label", "Search, a regular expression");
            input.style.fontSize = data.font + "px";
            input.addEventListener("input", () => seek(input.value, ignoreCase));
            field.appendChild(input);
            return { field, input };
        }

        function makeButton(group, text, title, act) {
            const g = make("g", { class: "button", role: "button", tabindex: 0 }, group);
            const w = text.length * column + 14;
            make("title", {}, g, title);
            make("rect", { width: w, height: 22, y: 4, rx: 4 }, g);
            make("text", { x: w / 2, y: 19, "text-anchor": "middle" }, g, text);
            g.setAttribute("aria-label", title);
            g.addEventListener("click", act);
            return { g, w };
        }

        // From the right: buttons, field, what was found, which may lie over the title.
        function makeControls() {
            const group = make("g", { class: "controls" }, root);
            const back = make("rect", { class: "back", height: LIFT }, group);
            const status = make("text", { y: 19, "text-anchor": "end", role: "status" }, group);
            const { field, input } = makeInput(group);
            const ignore = makeButton(group, "aA", "Ignore case (Ctrl-I)",
                () => seek(find, !ignoreCase));
            const reset = makeButton(group, "Reset zoom", "Show the whole again (Escape)",
                () => zoom(whole));
            let outer = 0;

            function layout() {
                let x = outer - 10;
                for (const [button, on] of [[reset, view !== whole], [ignore, true]]) {
                    button.g.style.display = on ? "" : "none";
                    x -= on ? button.w : 0;
                    button.g.setAttribute("transform", "translate(" + x + ",0)");
                    x -= on ? 6 : 0;
                }
                x -= 180;
                field.setAttribute("x", x);
                status.setAttribute("x", x - 8);
                x -= status.textContent ? status.getComputedTextLength() + 16 : 0;
                back.setAttribute("x", x);
                back.setAttribute("width", outer - x);
            }

            function place(width) {
                outer = width;
                layout();
            }

            function report(text) {
                status.textContent = text;
            }

            function show(text, ignoring, bad) {
                if (input.value !== text)
                    input.value = text;
                input.classList.toggle("bad", bad);
                ignore.g.setAttribute("aria-pressed", String(ignoring));
                layout();
            }

            function press(event) {
                const button = [reset.g, ignore.g].find(g => g === event.target);
                if (!button || (event.key !== "Enter" && event.key !== " "))
                    return false;
                button.dispatchEvent(new Event("click"));
                return true;
            }
            const wide = 10 + reset.w + 6 + ignore.w + 6 + 180 + 8;
            return { input, place, report, show, press, wide };
        }

        // -- all of it --

        if (fluid) {
            root.removeAttribute("viewBox");
            root.setAttribute("width", "100%");
        }
        measure();
        const controls = makeControls();
        resize();
        restore();

        graph.addEventListener("click", event => {
            const box = boxOf(event);
            if (!box || event.ctrlKey || event.metaKey || event.shiftKey)
                return;
            event.preventDefault();
            zoom(box);
            focus(box);
            hush();
        });
        graph.addEventListener("mousemove", event => {
            const box = boxOf(event), matrix = root.getScreenCTM().inverse();
            const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
            if (box)
                tell(box, at.x, at.y);
            else
                hush();
        });
        graph.addEventListener("mouseleave", hush);
        graph.addEventListener("focusin", event => {
            const box = boxOf(event);
            if (!box || !box.shown)
                return;
            const row = up ? shown - 1 - box.level : box.level;
            const x = 10 + Math.max(0, box.shown[0] / UNITS * wide);
            tell(box, x, top + (row + 1) * height - 14);
        });
        graph.addEventListener("focusout", hush);
        root.ownerDocument.addEventListener("keydown", press);
        window.addEventListener("popstate", restore);
        window.addEventListener("hashchange", restore);
        window.addEventListener("resize", resize);
    }

    if (typeof module === "object" && module.exports) {
        module.exports = {
            label, columns, human, share, covered, readState, writeState, compile, adopt, span,
            levelsShown, wrap, fill,
        };
    } else {
        const script = document.currentScript;
        start(script && script.ownerSVGElement || document.documentElement);
    }
})();
