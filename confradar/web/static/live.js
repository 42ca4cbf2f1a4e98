// Refreshes the parts of a page that are marked `data-live="seconds"`, by asking for the page itself again.
// Without this script the page is as complete, and is refreshed by reloading it.
"use strict";
(() => {
  const parts = () => document.querySelectorAll("[data-live]");
  const seconds = () => Math.min(...[...parts()].map((part) => Number(part.dataset.live)));

  async function refresh() {
    try {
      if (!document.hidden) {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          for (const part of parts()) {
            const fresh = page.getElementById(part.id);
            if (!fresh) part.removeAttribute("data-live");
            else if (fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceWith(fresh);
          }
        }
      }
    } catch (error) {
      // The server is away, or the session is over: tried again in a while.
    }
    if (parts().length) setTimeout(refresh, seconds() * 1000);
  }

  if (parts().length) setTimeout(refresh, seconds() * 1000);
})();
