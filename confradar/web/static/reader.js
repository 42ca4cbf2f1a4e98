// For readers: countdowns that go on, the zone of this browser, and conferences that are starred here.
// Without this script every page is as complete; times and lists come from the server.
"use strict";
(() => {
  const page = document.documentElement;
  const begin = Date.parse(page.dataset.now);
  const now = () => begin + performance.now();

  function span(milliseconds) {
    const minutes = Math.round(milliseconds / 60000);
    for (const [name, size, least] of [["day", 1440, 2880], ["hour", 60, 60]]) {
      const count = Math.floor(minutes / size);
      if (minutes >= least) return `${count} ${name}${count === 1 ? "" : "s"}`;
    }
    return `${minutes} min`;
  }

  function count() {
    for (const place of document.querySelectorAll("[data-until]")) {
      const left = Date.parse(place.dataset.until) - now();
      const [value, note] = place.children;
      if (left > 0) value.textContent = span(left);
      else [value.textContent, note.textContent] = ["over", "reload to see"];
    }
  }

  function link(place, address, words) {
    const made = document.createElement("a");
    made.href = address;
    made.textContent = words;
    place.replaceChildren(made);
  }

  function offerZone() {
    const place = document.getElementById("here");
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const address = new URL(location.href);
    if (!place || !zone || address.searchParams.has("zone") || zone === "UTC" || zone === "Etc/UTC") return;
    address.searchParams.set("zone", zone);
    link(place, address.pathname + address.search, `show times in ${zone.split("/").pop().replaceAll("_", " ")}`);
  }

  const starred = () => {
    try {
      const kept = JSON.parse(localStorage.getItem("starred") || "[]");
      return Array.isArray(kept) ? kept.filter((slug) => typeof slug === "string").slice(0, 100) : [];
    } catch {
      return [];
    }
  };

  function showStarred() {
    const kept = starred();
    for (const button of document.querySelectorAll("button.star")) {
      const on = kept.includes(button.dataset.slug);
      button.setAttribute("aria-pressed", String(on));
      button.textContent = on ? "★ starred" : "☆ star";
    }
    const place = document.getElementById("starred");
    if (!place) return;
    place.replaceChildren();
    const query = new URLSearchParams(kept.map((slug) => ["conference", slug]));
    const zone = new URL(location.href).searchParams.get("zone");
    if (zone) query.append("zone", zone);
    if (kept.length) link(place, `/?${query}`, `starred (${kept.length})`);
  }

  function star(event) {
    const slug = event.target.dataset.slug;
    const kept = starred();
    localStorage.setItem("starred", JSON.stringify(kept.includes(slug) ? kept.filter((one) => one !== slug) : [...kept, slug].sort()));
    showStarred();
  }

  for (const named of document.querySelectorAll("[data-slug]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "star plain";
    button.dataset.slug = named.dataset.slug;
    button.setAttribute("aria-label", `Star ${named.dataset.slug}`);
    button.addEventListener("click", star);
    named.after(" ", button);
  }
  showStarred();
  offerZone();
  if (begin) {
    count();
    setInterval(count, 30000);
  }
})();
