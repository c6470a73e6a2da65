// @ts-check
export {};

import {ask, input, serve, showFault, tell} from './inner.js';
import {chosen, openSaved, saving} from './saved.js';

/** @typedef {{name: string, fault: (digits: string) => Fault | null, format: (typed: Typed) => string}} Rule */
/** @typedef {{code: string, message: string}} Fault */
/** @typedef {{digits: string, raw: string, deleting: boolean}} Typed */

/**
 * @param {string} code
 * @param {string} message
 * @returns {Fault}
 */
const fault = (code, message) => ({code, message});

/** @type {Record<string, Rule>} */
const RULES = {
  number: {name: 'number', fault: numberFault, format: ({digits}) => grouped(digits)},
  expiry: {name: 'expiry', fault: expiryFault, format: expiry},
  cvc: {name: 'cvc', fault: cvcFault, format: ({digits}) => digits.slice(0, cvcLength())},
};
const fields = Object.keys(RULES).map(input);
const save = input('save');
/** Fields whose fault is shown; only these are looked at again while typing. */
const complaining = new Set();

/** @param {string} text */
function digitsOf(text) {
  return text.replace(/\D/g, '');
}

/** @param {string} digits */
function isAmex(digits) {
  return /^3[47]/.test(digits);
}

function cvcLength() {
  return isAmex(digitsOf(input('number').value)) ? 4 : 3;
}

/** @param {string} digits */
function grouped(digits) {
  if (isAmex(digits)) {
    const parts = [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10, 15)];
    return parts.filter(Boolean).join(' ');
  }
  return (digits.slice(0, 16).match(/.{1,4}/g) ?? []).join(' ');
}

/** @param {Typed} typed */
function expiry({digits, raw, deleting}) {
  const whole = raw.match(/^\s*(\d{1,2})\s*\/\s*(?:20)?(\d{2})\s*$/);
  let known = whole ? whole[1].padStart(2, '0') + whole[2] : digits;
  if (!deleting && (/^[2-9]/.test(known) || /^\d\s*\/$/.test(raw.trim()))) known = `0${known}`;
  known = known.length === 6 ? known.slice(0, 2) + known.slice(4) : known.slice(0, 4);
  const goesOn = known.length > 2 || (known.length === 2 && !deleting);
  return goesOn ? `${known.slice(0, 2)} / ${known.slice(2)}` : known;
}

/** @param {string} digits */
function numberFault(digits) {
  if (digits.length < (isAmex(digits) ? 15 : 16)) {
    return fault('incomplete_number', 'Your card number is incomplete.');
  }
  return passesLuhn(digits) ? null : fault('invalid_number', 'Your card number is invalid.');
}

/** @param {string} digits */
function passesLuhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** @param {string} digits */
function expiryFault(digits) {
  const month = Number(digits.slice(0, 2));
  if (digits.length < 4) {
    return fault('incomplete_expiry', "Your card's expiration date is incomplete.");
  }
  if (month < 1 || month > 12) {
    return fault('invalid_expiry_month', "Your card's expiration date is invalid.");
  }
  const now = new Date();
  const months = (2000 + Number(digits.slice(2)) - now.getFullYear()) * 12 + month - 1;
  return months < now.getMonth()
    ? fault('invalid_expiry_year_past', "Your card's expiration date is in the past.")
    : null;
}

/** @param {string} digits */
function cvcFault(digits) {
  return digits.length < cvcLength()
    ? fault('incomplete_cvc', "Your card's security code is incomplete.")
    : null;
}

/** @param {HTMLInputElement} field */
function faultOf(field) {
  return RULES[field.id].fault(digitsOf(field.value));
}

/** @param {HTMLInputElement} field */
function complain(field) {
  const found = faultOf(field);
  showFault(field, found ? found.message : '');
  if (found) complaining.add(field);
  else complaining.delete(field);
}

/** Write the field anew and keep the caret behind the digit that was typed last. */
/** @param {HTMLInputElement} field @param {boolean} deleting */
function reformat(field, deleting) {
  const raw = field.value;
  const caret = field.selectionStart ?? raw.length;
  const atEnd = caret === raw.length;
  const before = digitsOf(raw.slice(0, caret)).length;
  const formatted = RULES[field.id].format({digits: digitsOf(raw), raw, deleting});
  if (formatted === raw) return;
  field.value = formatted;
  let place = formatted.length;
  if (!atEnd) {
    place = 0;
    for (let seen = 0; seen < before && place < formatted.length; place += 1) {
      if (/\d/.test(formatted[place])) seen += 1;
    }
  }
  if (document.activeElement === field) field.setSelectionRange(place, place);
}

function tellChange() {
  const card = chosen();
  tell({
    event: 'change',
    collapsed: false,
    empty: !card && fields.every((field) => field.value === ''),
    complete: card !== null || fields.every((field) => faultOf(field) === null),
    value: card ? {type: 'card', payment_method: card} : {type: 'card'},
  });
}

for (const field of fields) {
  field.addEventListener('input', (event) => {
    const kind = event instanceof InputEvent ? event.inputType : '';
    reformat(field, kind.startsWith('delete'));
    if (complaining.has(field)) complain(field);
    tellChange();
  });
  field.addEventListener('blur', () => {
    if (field.value) complain(field);
  });
}

/** Show every fault, go to the first, and return it as Stripe names it. */
function check() {
  if (chosen()) return {complete: true};
  fields.forEach(complain);
  const bad = fields.find((field) => complaining.has(field));
  if (!bad) return {complete: true};
  bad.focus();
  return {complete: false, error: {type: 'validation_error', ...faultOf(bad)}};
}

/**
 * Turn the card into a payment method; the number goes from here to the API and nowhere else.
 * @param {{form: Record<string, string>}} wish
 */
async function make({form}) {
  const card = chosen();
  if (card) return {id: card.id, saved: true};
  const [month, year] = input('expiry').value.split(' / ');
  const body = new URLSearchParams({
    ...form,
    ...(save.checked ? {allow_redisplay: 'always'} : {}),
    'card[number]': digitsOf(input('number').value),
    'card[exp_month]': String(Number(month)),
    'card[exp_year]': `20${year}`,
    'card[cvc]': input('cvc').value,
  });
  const {answer, error} = await ask('/v1/payment_methods', {method: 'POST', body});
  if (error) return {error};
  return {id: answer.id, paymentMethod: answer, usage: save.checked ? saving() : null};
}

function clear() {
  for (const field of fields) {
    field.value = '';
    complaining.delete(field);
    showFault(field, '');
  }
  tellChange();
}

/** @param {{options: {readOnly?: boolean}}} wish */
function readOnly({options}) {
  for (const field of fields) field.readOnly = options.readOnly === true;
}

/** @param {{key: string, session?: string, setup: boolean, options: object}} wish */
async function start({key, session, setup, options}) {
  readOnly({options});
  if (session) await openSaved({key, session, setup, changed: tellChange});
}

serve({start, options: readOnly, focus: () => fields[0].focus(), clear, check, make});
