// Follows a list of events: renews what is shown in place, and holds new ones until a person wants to see them.
"use strict";

(() => {
  const rows = document.getElementById("rows");
  const bar = document.querySelector("[data-tail]");
  const chosen = document.querySelector("[data-chosen]");
  const every = 2000;
  const most = 200;
  const beside = 100;

  // Choosing rows: how many there are stands beside the buttons, which do nothing without any.
  const all = document.querySelector("[data-all]");
  const boxes = () => [...rows.querySelectorAll('input[name="id"]')];
  const said = (element, number) =>
    number === 1 ? element.dataset.one : element.dataset.many.replace("%", number.toLocaleString(document.documentElement.lang));
  function tellChosen() {
    const number = boxes().filter((one) => one.checked).length;
    if (chosen) {
      chosen.textContent = number ? said(chosen, number) : chosen.dataset.none;
    }
    for (const button of document.querySelectorAll("[data-acts]")) {
      button.disabled = number === 0;
    }
    if (all) {
      all.checked = number > 0 && number === boxes().length;
      all.indeterminate = number > 0 && !all.checked;
    }
  }
  if (rows && chosen) {
    rows.addEventListener("change", tellChosen);
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const one of boxes()) {
        one.checked = all.checked;
      }
      tellChosen();
    });
    tellChosen();
  }
  if (!rows || !bar) {
    return;
  }

  const follow = bar.querySelector("[data-follow]");
  const pause = bar.querySelector("[data-pause]");
  const waiting = bar.querySelector("[data-waiting]");
  const how = bar.querySelector("[data-how]");
  const table = rows.closest("table");
  let held = [];
  let missed = false;
  let pointed = false;
  let unseen = [];

  const on = (button) => button.getAttribute("aria-pressed") === "true";
  const known = () => new Map([...rows.querySelectorAll("tr[data-id]")].map((row) => [row.dataset.id, row]));
  // Rows must not move under a pointer, a selection or the keyboard, nor while somebody reads further down.
  const busy = () =>
    pointed || rows.contains(document.activeElement) || boxes().some((one) => one.checked) ||
    table.getBoundingClientRect().top < 0;

  function renew(row, fresh) {
    if (row.dataset.state === fresh.dataset.state) {
      return;
    }
    const box = row.querySelector('input[name="id"]');
    const checked = box && box.checked;
    row.dataset.state = fresh.dataset.state;
    row.replaceChildren(...fresh.childNodes);
    if (checked) {
      row.querySelector('input[name="id"]').checked = true;
    }
  }

  function show() {
    rows.querySelector("[data-empty]")?.remove();
    if (missed) {
      rows.prepend(document.getElementById("gap").content.cloneNode(true));
    }
    rows.prepend(...held);
    for (const row of held) {
      row.classList.add("new");
    }
    held = [];
    missed = false;
    for (const row of [...rows.children].slice(most)) {
      if (!row.querySelector("input:checked")) {
        row.remove();
      }
    }
    tellChosen();
  }

  function tell() {
    if (held.length && on(follow) && !on(pause) && !busy()) {
      show();
    }
    waiting.hidden = held.length === 0;
    waiting.textContent = held.length ? said(waiting.parentElement, held.length) : "";
    pause.hidden = !on(follow);
    const words = on(pause) ? bar.dataset.paused : busy() ? bar.dataset.over : bar.dataset.live;
    how.textContent = on(follow) ? words : "";
  }

  function take(text) {
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    const shown = known();
    const waits = new Map(held.map((row) => [row.dataset.id, row]));
    const newest = [...fresh.content.querySelectorAll("[data-newest] > tr")];
    const last = newest.findLastIndex((row) => shown.has(row.dataset.id) || waits.has(row.dataset.id));
    const seen = new Set(newest.map((row) => row.dataset.id));
    const come = [];
    newest.forEach((row, place) => {
      const old = shown.get(row.dataset.id) || waits.get(row.dataset.id);
      if (old) {
        renew(old, row);
      } else if (place < last || last < 0) {
        come.push(row);
      }
    });
    missed = missed || (last < 0 && shown.size + waits.size > 0 && come.length > 0);
    held = [...come, ...held].slice(0, most);
    for (const row of fresh.content.querySelectorAll("[data-also] > tr")) {
      if (shown.has(row.dataset.id)) {
        renew(shown.get(row.dataset.id), row);
      }
    }
    const rest = [...shown.keys()].filter((id) => !seen.has(id) && !unseen.includes(id));
    unseen = (rest.length ? rest : [...shown.keys()].filter((id) => !seen.has(id))).slice(0, beside);
  }

  async function look() {
    const note = document.getElementById("unrenewed");
    try {
      const address = new URL(bar.dataset.tail, location.href);
      if (unseen.length) {
        address.searchParams.set("also", unseen.join(","));
      }
      const answer = await fetch(address, { headers: { "HX-Request": "true" } });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (!answer.ok) {
        throw new Error(answer.statusText);
      }
      take(await answer.text());
      note.hidden = true;
    } catch {
      note.hidden = false;
    }
  }

  async function turn() {
    if (!document.hidden) {
      await look();
      tell();
    }
    setTimeout(turn, every);
  }

  for (const button of [follow, pause]) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!on(button)));
      if (button === follow) {
        pause.setAttribute("aria-pressed", "false");
      }
      tell();
    });
  }
  waiting.addEventListener("click", () => {
    show();
    tell();
  });
  table.addEventListener("pointerenter", (event) => {
    pointed = event.pointerType !== "touch";
    tell();
  });
  table.addEventListener("pointerleave", () => {
    pointed = false;
    tell();
  });
  bar.hidden = false;
  setTimeout(turn, every);
})();
