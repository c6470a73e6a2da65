// @ts-check
// What the pages cannot say to htmx: what came of a request that failed, and that nothing is taken
// away while it is pressed.
{
  /**
   * @typedef {{elt: Element, triggeringEvent?: Event}} Request
   * @typedef {{xhr: XMLHttpRequest, target: Element, requestConfig: Request}} Asked
   * @typedef {Asked & {successful?: boolean}} Detail
   */

  /**
   * Listen to an event of htmx's.
   * @param {string} name
   * @param {(detail: Detail, event: Event) => void} listener
   */
  const on = (name, listener) =>
    document.addEventListener(name, (event) =>
      listener(/** @type {CustomEvent<Detail>} */ (event).detail, event),
    );

  /**
   * Tell whether the page asked by itself.
   * @param {Detail} detail
   */
  const isPoll = ({requestConfig}) => requestConfig.triggeringEvent === undefined;

  // --- Failures -------------------------------------------------------------------------------
  const notice = document.createElement("p");
  notice.className = "notice notice-error";

  /** @type {WeakSet<Element>} */
  const refused = new WeakSet();

  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    on(failure, (detail) => {
      const messages = document.getElementById("messages");
      // A session that is over, or a form from before a sign-in in another tab.
      const isOutdated = [403, 404].includes(detail.xhr.status);
      if (isPoll(detail)) {
        // What failed otherwise is asked for again soon.
        if (!isOutdated) return;
        refused.add(detail.requestConfig.elt);
      }
      notice.textContent = messages?.dataset[isOutdated ? "outdated" : "failed"] ?? "";
      messages?.replaceChildren(notice);
    });
  }

  on("htmx:beforeRequest", ({requestConfig}, event) => {
    if (refused.has(requestConfig.elt)) event.preventDefault();
  });

  on("htmx:afterRequest", (detail) => {
    if (detail.successful && !isPoll(detail)) notice.remove();
  });

  // --- Presses --------------------------------------------------------------------------------
  // Leaving a field sends what was typed, so the answer may come between the press of a button and
  // its release. Were the button replaced then, there would be no click.
  /** @type {Element | null} */
  let pressed = null;
  /** @type {Detail | null} */
  let held = null;
  let goesToCheckout = false;

  document.addEventListener("pointerdown", ({target}) => {
    pressed = target instanceof Element ? target.closest("a, button, summary") : null;
  });
  for (const end of ["pointerup", "pointercancel", "contextmenu"]) {
    document.addEventListener(end, () => {
      pressed = null;
      // The click comes first.
      setTimeout(() => held?.xhr.dispatchEvent(new ProgressEvent("load")));
    });
  }

  on("htmx:beforeOnLoad", (detail, event) => {
    held = null;
    if (pressed === null || !detail.target.contains(pressed)) return;
    held = detail;
    event.preventDefault();
  });

  // The click sent something newer, whose answer has it all.
  on("htmx:beforeRequest", ({target}) => {
    if (held?.target === target) held = null;
  });

  // Checkout waits for what was typed, which may be refused.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("#checkout-link");
    if (!link || !(held || document.querySelector("#cart .htmx-request"))) return;
    event.preventDefault();
    goesToCheckout = true;
  });
  on("htmx:afterRequest", ({xhr}) => {
    if (goesToCheckout && xhr.status === 200) document.getElementById("checkout-link")?.click();
    goesToCheckout = false;
  });
}
