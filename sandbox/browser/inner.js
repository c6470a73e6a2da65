// @ts-check
// What every page in a frame shares: it hears wishes of the shop's page, tells it news and dresses.

const HOST = decodeURIComponent(window.location.hash.slice(1));
const LENGTHS = /^(?:borderRadius|fontSizeBase|spacingUnit)$/;

/** @typedef {(details: any) => any} Wish */

/** @param {object} message */
export function tell(message) {
  window.parent.postMessage(message, HOST);
}

/**
 * Return the field with that id.
 * @param {string} id
 */
export function input(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id));
}

/**
 * Show what is wrong with a field, or that nothing is.
 * @param {HTMLElement} field
 * @param {string} message
 */
export function showFault(field, message) {
  const place = /** @type {HTMLElement} */ (document.getElementById(`${field.id}-fault`));
  if (place.textContent !== message) place.textContent = message;
  if (message) {
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', place.id);
  } else {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}

/** @param {{theme?: string, variables?: Record<string, string>}} wish */
function dress({theme = 'stripe', variables = {}}) {
  const root = document.documentElement;
  root.dataset.theme = theme;
  for (const name of [...root.style]) root.style.removeProperty(name);
  for (const [name, value] of Object.entries(variables)) {
    // A field below 16 px makes phones zoom into the page.
    const safe = name === 'fontSizeBase' ? `max(16px, ${value})` : value;
    const known = !LENGTHS.test(name) || CSS.supports('width', value);
    if (known) root.style.setProperty(`--${name}`, safe);
  }
}

/**
 * Fulfil the wishes of the shop's page; the value of a wish goes back to who asked.
 * @param {Record<string, Wish>} wishes
 */
export function serve(wishes) {
  /** @type {Record<string, Wish>} */
  const known = {
    dress,
    blur: () => /** @type {HTMLElement} */ (document.activeElement)?.blur(),
    ...wishes,
  };
  window.addEventListener('message', async (event) => {
    if (event.source !== window.parent || event.origin !== HOST) return;
    const {wish, id, ...details} = event.data;
    if (!Object.hasOwn(known, wish)) return;
    const value = await known[wish](details);
    if (wish === 'start') tell({event: 'started'});
    if (typeof id === 'number') tell({reply: id, value});
  });
  document.addEventListener('keydown', ({key, target}) => {
    if (key === 'Enter' && target instanceof HTMLInputElement) tell({event: 'enter'});
    if (key === 'Escape') tell({event: 'escape'});
  });
  document.addEventListener('focusin', (event) => {
    if (event.relatedTarget === null) tell({event: 'focus'});
  });
  document.addEventListener('focusout', (event) => {
    if (event.relatedTarget === null) tell({event: 'blur'});
  });
  document.addEventListener('submit', (event) => event.preventDefault());
  const main = /** @type {HTMLElement} */ (document.querySelector('main'));
  new ResizeObserver(() => {
    tell({event: 'height', height: Math.ceil(main.getBoundingClientRect().height)});
  }).observe(main);
  tell({event: 'loaded'});
}

/**
 * Ask the stand-in; a lost connection is an error like any other.
 * @param {string} path
 * @param {RequestInit} request
 */
export async function ask(path, request) {
  try {
    const response = await fetch(path, request);
    const answer = await response.json();
    return response.ok ? {answer} : {error: answer.error};
  } catch {
    const message =
      'We are experiencing issues connecting to our payments provider. ' +
      'Please check your internet connection and try again.';
    return {error: {type: 'api_connection_error', message}};
  }
}
