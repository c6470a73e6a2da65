// @ts-check
// A wallet for tests: one button, and a sheet on which the shopper says yes or no.
import {ask, input, serve, tell} from './inner.js';

const ADDRESS = {
  line1: '1 Main Street',
  line2: null,
  city: 'Springfield',
  state: 'IL',
  postal_code: '62701',
  country: 'US',
};
const NAME = 'Ada Lovelace';
const EMAIL = 'ada@example.com';
const button = input('button');
const sheet = /** @type {HTMLElement} */ (document.getElementById('sheet'));
const rates = /** @type {HTMLSelectElement} */ (document.getElementById('rate'));
/** @type {{[option: string]: any}} */
let wanted = {};

/** @param {number} amount @param {string} currency */
function money(amount, currency) {
  const format = new Intl.NumberFormat('en', {style: 'currency', currency});
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** @param {{sheet: {[option: string]: any}, amount: number, currency: string}} wish */
function open({sheet: options, amount, currency}) {
  const opened = sheet.hidden;
  wanted = options;
  const total = /** @type {HTMLElement} */ (document.getElementById('total'));
  total.textContent = money(amount, currency);
  const chosen = rates.value;
  const shown = (options.shippingRates ?? []).map((/** @type {any} */ rate) => {
    const label = `${rate.displayName}, ${money(rate.amount, currency)}`;
    return new Option(label, rate.id, false, rate.id === chosen);
  });
  rates.replaceChildren(...shown);
  /** @type {HTMLElement} */ (document.getElementById('rate-row')).hidden = shown.length === 0;
  sheet.hidden = false;
  button.hidden = true;
  if (!opened) return;
  input('yes').focus();
  if (options.shippingAddressRequired) {
    const {city, state, postal_code, country} = ADDRESS;
    tell({event: 'shippingaddresschange', name: NAME, address: {city, state, postal_code, country}});
  }
}

function close() {
  sheet.hidden = true;
  button.hidden = false;
}

function rate() {
  return wanted.shippingRates?.find((/** @type {any} */ each) => each.id === rates.value);
}

/** Make the payment method; the number goes from here to the API and nowhere else. */
/** @param {{form: Record<string, string>}} wish */
async function make({form}) {
  const body = new URLSearchParams({
    ...form,
    'card[number]': /** @type {HTMLSelectElement} */ (document.getElementById('card')).value,
    'card[exp_month]': '12',
    'card[exp_year]': String(new Date().getFullYear() + 1),
  });
  const {answer, error} = await ask('/v1/payment_methods', {method: 'POST', body});
  return error ? {error} : {id: answer.id, paymentMethod: answer};
}

button.addEventListener('click', () => tell({event: 'click'}));
rates.addEventListener('change', () => tell({event: 'shippingratechange', shippingRate: rate()}));
input('no').addEventListener('click', () => {
  close();
  tell({event: 'cancel'});
});
input('yes').addEventListener('click', () => {
  const {emailRequired, shippingAddressRequired} = wanted;
  tell({
    event: 'confirm',
    billingDetails: {name: NAME, ...(emailRequired ? {email: EMAIL} : {}), address: ADDRESS},
    ...(shippingAddressRequired
      ? {shippingAddress: {name: NAME, address: ADDRESS}, shippingRate: rate()}
      : {}),
  });
});
serve({start: () => undefined, open, close, focus: () => button.focus(), check: () => ({complete: true}), make});
