// @ts-check
// The email or the address fields, whichever of the two pages this is on.
import {input, serve, showFault, tell} from './inner.js';

const COUNTRIES = (
  'AT AU BE BG BR CA CH CN CY CZ DE DK EE ES FI FR GB GR HK HR HU IE IN IS IT JP LT LU LV MT MX NL NO ' +
  'NZ PL PT RO SE SG SI SK US'
).split(' ');
/** What each field is called in Stripe's values; "email" is alone on its page. */
const form = /** @type {HTMLFormElement} */ (document.querySelector('form'));
const fields = /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([
  ...form.querySelectorAll('input, select'),
]);
const country = /** @type {HTMLSelectElement | null} */ (document.querySelector('#country'));

/** @param {HTMLInputElement | HTMLSelectElement} field */
function faultOf(field) {
  const value = field.value.trim();
  const name = /** @type {HTMLElement} */ (form.querySelector(`label[for="${field.id}"]`)).innerText;
  if (field.id === 'email' && !/^\S+@\S+\.\S+$/.test(value)) return 'Your email is incomplete.';
  return field.required && !value ? `${name}: this field is incomplete.` : '';
}

function value() {
  const typed = Object.fromEntries(fields.map(({id, value}) => [id, value.trim()]));
  if (!country) return typed;
  const {name, ...rest} = typed;
  return {name, address: {...rest, line2: rest.line2 || null}};
}

function state() {
  const complete = fields.every((field) => !faultOf(field));
  return country ? {complete, isNewAddress: true, value: value()} : {complete, value: value()};
}

function tellChange() {
  const texts = fields.filter((field) => field !== country);
  tell({event: 'change', empty: texts.every((field) => !field.value), ...state()});
}

/** Show every fault, go to the first, and return it as Stripe names it. */
function check() {
  for (const field of fields) showFault(field, faultOf(field));
  const bad = fields.find(faultOf);
  if (!bad) return {complete: true};
  bad.focus();
  const code = bad.id === 'email' ? 'incomplete_email' : `incomplete_${bad.id}`;
  return {complete: false, error: {type: 'validation_error', code, message: faultOf(bad)}};
}

function clear() {
  for (const field of fields) {
    if (field !== country) field.value = '';
    showFault(field, '');
  }
  tellChange();
}

/** @param {{options: {allowedCountries?: string[], defaultValues?: any}}} wish */
function start({options}) {
  const {allowedCountries, defaultValues = {}} = options;
  const names = new Intl.DisplayNames('en', {type: 'region'});
  const codes = [...(allowedCountries ?? COUNTRIES)];
  const byName = codes.map((code) => new Option(names.of(code), code));
  byName.sort((one, other) => one.text.localeCompare(other.text));
  country?.replaceChildren(...byName);
  const {address, ...rest} = defaultValues;
  for (const [name, text] of Object.entries({...rest, ...address})) {
    if (fields.some(({id}) => id === name)) input(name).value = text ?? '';
  }
}

for (const field of fields) {
  field.addEventListener('input', () => {
    if (field.hasAttribute('aria-invalid')) showFault(field, faultOf(field));
    tellChange();
  });
  field.addEventListener('blur', () => {
    if (field.value) showFault(field, faultOf(field));
  });
}
serve({start, focus: () => fields[0].focus(), clear, check, value: state});
