// @ts-check
// Counts a visit: once a day for each browser, by a random key that leads to nobody.
{
  const KEPT_AS = "visit";
  const today = new Date().toISOString().slice(0, 10);

  /**
   * Return today's key of this browser and whether it is new; null where nothing can be kept.
   * @param {() => Storage} open
   */
  function visitIn(open) {
    try {
      const storage = open();
      const [day, known] = (storage.getItem(KEPT_AS) ?? "").split(" ");
      if (day === today && known) return {key: known, isNew: false};
      const key = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) =>
        part.toString(36),
      ).join("");
      storage.setItem(KEPT_AS, `${today} ${key}`);
      return {key, isNew: true};
    } catch {
      return null;
    }
  }

  /** Return the campaign of the address, else the site that led here; "" when it is our own. */
  function source() {
    const asked = new URLSearchParams(location.search);
    const campaign = [asked.get("utm_source"), asked.get("utm_campaign")].filter(Boolean).join("/");
    // Whoever pays comes back from his bank: that is no source.
    if (campaign || /^\/(checkout|orders)\//.test(location.pathname)) return campaign;
    const host = document.referrer ? new URL(document.referrer).host : "";
    return host === location.host ? "" : host;
  }

  const visit = visitIn(() => localStorage) ?? visitIn(() => sessionStorage);
  const from = source();
  if (visit !== null && (visit.isNew || from)) {
    navigator.sendBeacon("/visit/", new URLSearchParams({key: visit.key, source: from}));
  }
}
