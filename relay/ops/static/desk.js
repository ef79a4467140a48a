// The few things that a page can't do without a script. Every page works without it; with it, it is nicer.
"use strict";

(() => {
  const root = document.documentElement;
  const year = 31536000;

  function keep(name, value) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/ops; Max-Age=${year}; SameSite=Lax${secure}`;
  }

  function kept(name) {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    return found ? found.slice(name.length + 1) : "";
  }

  // Times are written by the server, in the zone that this tells it; the next page has them right.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (/^[A-Za-z0-9_+\-/]+$/.test(zone) && kept("relay_zone") !== zone) {
    keep("relay_zone", zone);
  }

  // Light or dark: what was chosen here stands above what the system says.
  function dark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(dark()));
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      button.setAttribute("aria-pressed", String(dark()));
      keep("relay_theme", root.dataset.theme);
    });
  }

  // "/" goes to the search, as everywhere.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const search = document.getElementById("search");
    if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  // <button data-dialog="id"> opens a dialog; a button with the value "cancel" closes it.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      document.getElementById(opener.dataset.dialog)?.showModal();
    }
    const closer = event.target.closest('dialog button[value="cancel"]');
    if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
    }
  });

  // What renews itself says so when it can't any more.
  function renewed(well) {
    const note = document.getElementById("unrenewed");
    if (note) {
      note.hidden = well;
    }
  }
  document.addEventListener("htmx:afterRequest", (event) => renewed(event.detail.successful === true));
  document.addEventListener("htmx:sendError", () => renewed(false));
})();
