// @ts-check
export {};

/** @typedef {{name: string, fault: (digits: string) => Fault | null, format: (typed: Typed) => string}} Rule */
/** @typedef {{code: string, message: string}} Fault */
/** @typedef {{digits: string, raw: string, deleting: boolean}} Typed */

const HOST = decodeURIComponent(window.location.hash.slice(1));

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
const main = /** @type {HTMLElement} */ (document.querySelector('main'));
/** Fields whose fault is shown; only these are looked at again while typing. */
const complaining = new Set();

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id));
}

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
  const place = /** @type {HTMLElement} */ (document.getElementById(`${field.id}-fault`));
  const message = found ? found.message : '';
  if (place.textContent !== message) place.textContent = message;
  if (found) {
    complaining.add(field);
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', place.id);
  } else {
    complaining.delete(field);
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
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
  const faults = fields.map(faultOf);
  tell({
    event: 'change',
    empty: fields.every((field) => field.value === ''),
    complete: faults.every((each) => each === null),
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
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') tell({event: 'enter'});
    if (event.key === 'Escape') tell({event: 'escape'});
  });
}
document.addEventListener('focusin', (event) => {
  if (event.relatedTarget === null) tell({event: 'focus'});
});
document.addEventListener('focusout', (event) => {
  if (event.relatedTarget === null) tell({event: 'blur'});
});
/** @type {HTMLFormElement} */ (document.getElementById('card')).addEventListener(
  'submit',
  (event) => event.preventDefault()
);

/** @param {object} message */
function tell(message) {
  window.parent.postMessage(message, HOST);
}

/** Show every fault, go to the first, and return it as Stripe names it. */
function check() {
  fields.forEach(complain);
  const bad = fields.find((field) => complaining.has(field));
  if (!bad) return {complete: true};
  bad.focus();
  return {complete: false, error: {type: 'validation_error', ...faultOf(bad)}};
}

/**
 * Turn the card into a payment method; the number goes from here to the API and nowhere else.
 * @param {Record<string, string>} form
 */
async function make(form) {
  const [month, year] = input('expiry').value.split(' / ');
  const body = new URLSearchParams({
    ...form,
    'card[number]': digitsOf(input('number').value),
    'card[exp_month]': String(Number(month)),
    'card[exp_year]': `20${year}`,
    'card[cvc]': input('cvc').value,
  });
  try {
    const response = await fetch('/v1/payment_methods', {method: 'POST', body});
    const answer = await response.json();
    return response.ok ? {id: answer.id} : {error: answer.error};
  } catch {
    const message =
      'We are experiencing issues connecting to our payments provider. ' +
      'Please check your internet connection and try again.';
    return {error: {type: 'api_connection_error', message}};
  }
}

const LENGTHS = /^(?:borderRadius|fontSizeBase|spacingUnit)$/;

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

function clear() {
  for (const field of fields) {
    field.value = '';
    complaining.add(field);
    const place = /** @type {HTMLElement} */ (document.getElementById(`${field.id}-fault`));
    place.textContent = '';
    complaining.delete(field);
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
  tellChange();
}

/** @param {boolean} on */
function readOnly(on) {
  for (const field of fields) field.readOnly = on;
}

/** @param {MessageEvent} event */
async function listen(event) {
  if (event.source !== window.parent || event.origin !== HOST) return;
  const {wish, id, ...details} = event.data;
  if (wish === 'dress') dress(details);
  if (wish === 'readOnly') readOnly(details.on);
  if (wish === 'focus') fields[0].focus();
  if (wish === 'blur') /** @type {HTMLElement} */ (document.activeElement)?.blur();
  if (wish === 'clear') clear();
  if (wish === 'check') tell({reply: id, value: check()});
  if (wish === 'make') tell({reply: id, value: await make(details.form)});
}

window.addEventListener('message', listen);
new ResizeObserver(() => {
  tell({event: 'height', height: Math.ceil(main.getBoundingClientRect().height)});
}).observe(main);
tell({event: 'loaded'});
