// @ts-check
// Says how long the items of an unpaid order are held, and offers more time before that ends.

const WARN_MS = 120_000;

let timer = 0;
let before = 0;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/**
 * @param {number} until by the server's clock
 * @param {number} ahead by how much that is ahead of this one
 * @param {Record<string, string>} texts
 * @param {() => Promise<void>} askForMore shows the new end when it has one
 */
export function show(until, ahead, texts, askForMore) {
  clearTimeout(timer);
  const left = until - Date.now() - ahead;
  const ends = left > 0 && left <= WARN_MS;
  const text = ends ? texts.holdEnds : left > 0 ? texts.held : texts.holdOver;
  const time = new Date(until).toLocaleTimeString([], {hour: 'numeric', minute: '2-digit'});
  byId('hold-text').textContent = (before === until ? texts.holdLongest : text).replace('{time}', time);
  byId('hold').hidden = false;
  const longer = byId('hold-longer');
  longer.hidden = !ends;
  longer.onclick = async () => {
    before = until;
    await askForMore();
    before = 0;
  };
  const again = () => show(until, ahead, texts, askForMore);
  if (left > 0) timer = setTimeout(again, ends ? left : left - WARN_MS);
}
