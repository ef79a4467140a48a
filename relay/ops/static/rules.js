// The editor of a hook file: line numbers, colours, marks at what is wrong, and keys. The text itself is a textarea's,
// which stands over what this draws, letter upon letter; without this script it is a plain one.
"use strict";

(() => {
  const form = document.getElementById("draft");
  const box = document.querySelector("[data-editor]");
  const text = document.getElementById("text");
  if (!form || !box || !text) {
    return;
  }

  // What is drawn below the text: one block for each line, whose number stands before it.
  const drawn = document.createElement("div");
  drawn.className = "drawn";
  drawn.setAttribute("aria-hidden", "true");
  box.prepend(drawn);
  box.classList.add("lit");
  form.classList.add("scripted");
  let lines = [];

  // A comment, a key, text in quotes, a hole with its expression; whatever is between them has no colour.
  const piece = /(^\s*#.*|\s#.*$)|(\$\{[^}]*\}?)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(^\s*(?:- )*[^\s:#'"{}[\],&*!|>%@`][^:#]*?:(?=\s|$))/g;
  const names = ["is-comment", "is-hole", "is-quoted", "is-key"];

  function coloured(line) {
    const made = document.createElement("div");
    let from = 0;
    for (const found of line.matchAll(piece)) {
      const name = names[found.slice(1).findIndex((one) => one !== undefined)];
      made.append(line.slice(from, found.index));
      const span = document.createElement("span");
      span.className = name;
      span.textContent = found[0];
      made.append(span);
      from = found.index + found[0].length;
    }
    made.append(line.slice(from));
    return made;
  }

  // Only the lines that have changed are drawn anew.
  function draw() {
    const now = text.value.split("\n");
    let head = 0;
    while (head < now.length && head < lines.length && now[head] === lines[head]) {
      head += 1;
    }
    let tail = 0;
    while (tail < now.length - head && tail < lines.length - head && now.at(-1 - tail) === lines.at(-1 - tail)) {
      tail += 1;
    }
    const old = [...drawn.children].slice(head, lines.length - tail);
    const fresh = now.slice(head, now.length - tail).map(coloured);
    const before = drawn.children[lines.length - tail] || null;
    for (const one of old) {
      one.remove();
    }
    for (const one of fresh) {
      drawn.insertBefore(one, before);
    }
    lines = now;
    box.style.setProperty("--digits", String(String(now.length).length));
  }

  // What is wrong is marked at its line, as the list below the text says it.
  function mark() {
    for (const one of drawn.querySelectorAll("[data-mark]")) {
      delete one.dataset.mark;
    }
    for (const one of document.querySelectorAll("[data-problem]")) {
      const line = drawn.children[Number(one.dataset.problem) - 1];
      if (line && line.dataset.mark !== "bad") {
        line.dataset.mark = one.dataset.kind;
      }
    }
  }

  // Places are counted in characters, which a few signs are two of.
  const units = (line, characters) => [...line].slice(0, characters).join("").length;
  function jump(number, column = 0, length = 0) {
    const at = Math.min(Math.max(number, 1), lines.length);
    const start = lines.slice(0, at - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const from = column && length ? units(lines[at - 1], column - 1) : 0;
    const to = column && length ? units(lines[at - 1], column - 1 + length) : lines[at - 1].length;
    text.focus({ preventScroll: true });
    text.setSelectionRange(start + from, start + to);
    const line = drawn.children[at - 1];
    line.scrollIntoView({ block: "center", inline: "nearest" });
    line.classList.remove("reached");
    void line.offsetWidth; // so that it lights up again
    line.classList.add("reached");
  }

  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-line]");
    if (place) {
      event.preventDefault();
      jump(Number(place.dataset.line), Number(place.dataset.column || 0), Number(place.dataset.length || 0));
    }
  });

  // A name goes in as it is where an expression stands, and in a hole elsewhere.
  function insert(name) {
    const { selectionStart: start, selectionEnd: end, value } = text;
    const before = value.slice(value.lastIndexOf("\n", start - 1) + 1, start);
    const bare = before.lastIndexOf("${") > before.lastIndexOf("}") || /^\s*(- )*when:/.test(before);
    text.focus({ preventScroll: true });
    put(start, end, bare ? name : `\${${name}}`);
  }
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-insert]");
    if (place) {
      insert(place.dataset.insert);
    }
  });

  // Keys. What they put in can be undone as what is typed.
  let leaves = false;
  function put(start, end, what) {
    text.setSelectionRange(start, end);
    if (!document.execCommand(what ? "insertText" : "delete", false, what)) {
      text.setRangeText(what, start, end, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function indent(back) {
    const { selectionStart: start, selectionEnd: end, value } = text;
    const first = value.lastIndexOf("\n", start - 1) + 1;
    if (!back && start === end) {
      put(start, end, " ".repeat(2 - ((start - first) % 2)));
      return;
    }
    const last = end > start && value[end - 1] === "\n" ? end - 1 : end;
    const chosen = value.slice(first, last);
    const made = back ? chosen.replace(/^ {1,2}/gm, "") : chosen.replace(/^(?=.)/gm, "  ");
    if (made === chosen) {
      return;
    }
    const firstLine = (one) => one.split("\n", 1)[0].length;
    put(first, last, made);
    text.setSelectionRange(
      Math.max(first, start + (start === end || start > first ? firstLine(made) - firstLine(chosen) : 0)),
      end + made.length - chosen.length,
    );
  }

  text.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Escape") {
      leaves = true;
    } else if (event.key === "Tab" && plain && !leaves) {
      event.preventDefault();
      indent(event.shiftKey);
    } else if (event.key === "Enter" && plain && !event.shiftKey && !event.isComposing) {
      const before = text.value.slice(text.value.lastIndexOf("\n", text.selectionStart - 1) + 1, text.selectionStart);
      event.preventDefault();
      put(text.selectionStart, text.selectionEnd, `\n${/^ */.exec(before)[0]}`);
    } else if (event.key !== "Shift") {
      leaves = false;
    }
  });
  text.addEventListener("blur", () => {
    leaves = false;
  });

  // Who leaves with a text that is not saved is asked, but for leaving with it.
  const began = text.defaultValue;
  let leaving = false;
  document.addEventListener("click", (event) => {
    leaving = event.target.closest("[data-leave]") !== null;
  });
  window.addEventListener("beforeunload", (event) => {
    if (text.value !== began && !leaving) {
      event.preventDefault();
    }
    leaving = false;
  });

  // Answers may come in another order than they were asked for: only that to what was asked last is shown.
  let latest = null;
  form.addEventListener("htmx:beforeRequest", (event) => {
    latest = event.detail.xhr;
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    event.detail.shouldSwap = event.detail.shouldSwap && event.detail.xhr === latest;
  });

  // What is typed may be tried while the answer to a press is still on its way: it asks for the same.
  form.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[hx-post]");
    const asked = { show: "shown", event: "chosen" }[pressed?.name];
    const kept = asked && form.querySelector(`input[name="${asked}"]`);
    if (kept) {
      kept.value = pressed.value;
    }
  });

  text.addEventListener("input", draw);
  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("htmx:oobAfterSwap", mark);
  for (const one of document.querySelectorAll("[data-without-script]")) {
    one.hidden = true;
  }
  document.getElementById("keys").hidden = false;
  draw();
  mark();
  const wanted = /^#line-(\d+)$/.exec(location.hash);
  if (wanted) {
    jump(Number(wanted[1]));
  }
})();
