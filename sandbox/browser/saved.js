// @ts-check
// The cards that a customer has saved, when the shop's customer session lets them be shown.
import {ask, tell} from './inner.js';

/** @typedef {{id: string, brand: string, last4: string, exp_month: number, exp_year: number, billing_details: object}} Card */
/** @typedef {{key: string, session: string, setup: boolean, changed: () => void}} Opening */

const BRANDS = /** @type {Record<string, string>} */ ({
  amex: 'American Express',
  mastercard: 'Mastercard',
  visa: 'Visa',
});
const place = /** @type {HTMLFieldSetElement} */ (document.getElementById('saved'));
const fields = /** @type {HTMLElement} */ (document.getElementById('fields'));
/** @type {Card[]} */
let cards = [];
/** @type {string | null} */
let usage = null;

/** Return the saved card that is chosen, as Stripe shows it in a change event; null for a new one. */
export function chosen() {
  const radio = /** @type {HTMLInputElement | null} */ (place.querySelector(':checked'));
  const card = cards.find(({id}) => id === radio?.value);
  return card ? {id: card.id, billing_details: card.billing_details} : null;
}

/** Return what a card that is saved now will be used for. */
export function saving() {
  return usage;
}

/**
 * Show the saved cards of a customer session; with none, the fields stay as they are.
 * @param {Opening} opening
 */
export async function openSaved(opening) {
  const query = new URLSearchParams(secrets(opening));
  const {answer, error} = await ask(`/frames/saved_cards?${query}`, {});
  if (error) {
    tell({event: 'loaderror', error});
    return;
  }
  const {features} = answer;
  cards = answer.cards;
  usage = features.payment_method_save_usage;
  const saves = features.payment_method_save === 'enabled' && !opening.setup;
  /** @type {HTMLElement} */ (document.getElementById('save-row')).hidden = !saves;
  show(opening, features.payment_method_remove === 'enabled');
  place.addEventListener('change', () => {
    fields.hidden = chosen() !== null;
    opening.changed();
  });
}

/** @param {Opening} opening @param {boolean} removable */
function show(opening, removable) {
  place.hidden = cards.length === 0;
  const rows = cards.map((card) => {
    const [row, label] = choice(card.id, labelOf(card));
    if (removable) row.append(removal(opening, card, label));
    return row;
  });
  const [another] = choice('', 'New card');
  place.replaceChildren(legend(), ...rows, another);
  const first = /** @type {HTMLInputElement} */ (place.querySelector('input'));
  first.checked = true;
  fields.hidden = cards.length > 0;
}

function legend() {
  const text = document.createElement('legend');
  text.textContent = 'Card';
  return text;
}

/** @param {Card} card */
function labelOf({brand, last4, exp_month, exp_year}) {
  const month = String(exp_month).padStart(2, '0');
  return `${BRANDS[brand] ?? 'Card'} ending in ${last4}, expires ${month}/${exp_year}`;
}

/**
 * @param {string} value
 * @param {string} text
 * @returns {[HTMLElement, string]}
 */
function choice(value, text) {
  const row = document.createElement('div');
  const label = document.createElement('label');
  const radio = document.createElement('input');
  row.className = 'choice';
  Object.assign(radio, {type: 'radio', name: 'card', value});
  label.append(radio, text);
  row.append(label);
  return [row, text];
}

/** @param {Opening} opening @param {Card} card @param {string} label */
function removal(opening, card, label) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Remove';
  button.setAttribute('aria-label', `Remove ${label}`);
  button.addEventListener('click', async () => {
    const body = new URLSearchParams(secrets(opening));
    const address = `/frames/saved_cards/${card.id}/remove`;
    const {error} = await ask(address, {method: 'POST', body});
    if (!error) {
      cards = cards.filter(({id}) => id !== card.id);
      show(opening, true);
      opening.changed();
    }
    const details = {payment_method: {id: card.id}, success: !error};
    tell({event: 'savedpaymentmethodremove', ...details, error: error?.message});
  });
  return button;
}

/** @param {Opening} opening */
function secrets({key, session}) {
  return {key, customer_session_client_secret: session};
}
