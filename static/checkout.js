// @ts-check
// The checkout page: fields, new prices, the card, paying, the hold.
export {};

const TRIES = 3;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
/** @param {string} tag @param {object} properties @returns {any} */
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
/** @param {any} node @param {string} type @param {(event: any) => any} react @param {any} [how] */
const on = (node, type, react, how) => node.addEventListener(type, react, how);
/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const {texts, declines, ...config} = JSON.parse(byId('checkout-config').textContent);
const form = byId('checkout-form');
const fault = byId('checkout-fault');
const cardFault = byId('card-fault');
const billingPlace = byId('billing-place');
const billing =
  byId('billing') ?? billingPlace.querySelector('template').content.querySelector('fieldset');
const billingSame = byId('billing-same');
const amount = () => Number(byId('pay').dataset.amount);
const dark = matchMedia('(prefers-color-scheme: dark)');

/** @type {import('@stripe/stripe-js').Stripe} */
let stripe;
/** @type {import('@stripe/stripe-js').StripeElements | null} */
let elements = null;
let busy = false;
let pressed = false;
let heldUntil = 0;
// By how much the server's clock is ahead of this one.
let ahead = 0;
let repriced = Promise.resolve();

// --- What went wrong, in one place
/** @param {string} text @param {[any, string][]} faults */
function show(text, faults = []) {
  const list = make('ul', {hidden: !faults.length});
  for (const [field, sentence] of faults) {
    const where = field?.closest?.('fieldset')?.firstElementChild.textContent;
    const link = make('a', {textContent: where ? `${where}: ${sentence}` : sentence});
    if (field?.id) link.href = `#${field.id}`;
    list.appendChild(make('li', {})).append(link);
  }
  fault.replaceChildren(make('p', {textContent: text}), list);
  fault.hidden = false;
}

/** @param {string} text @param {[any, string][]} [faults] */
function say(text, faults) {
  show(text, faults);
  fault.focus();
}

/** @param {[any, string][]} faults */
function sayFields(faults) {
  for (const [field, sentence] of faults) {
    if (!isField(field)) continue;
    mark(field, sentence);
    field.closest('details')?.setAttribute('open', '');
  }
  say(texts.fields, faults);
}

// --- Fields
/** @param {any} target */
const isField = (target) => target?.id && byId(`${target.id}-need`);

/** @param {any} field @returns {string} */
function faultOf(field) {
  const value = field.value.trim();
  if (!value) return field.dataset.missing ?? '';
  if (field.type !== 'email' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return '';
  return value.includes('@') ? texts.emailIncomplete : texts.emailWithoutAt;
}

/** @param {any} field @param {string} text */
function mark(field, text) {
  const place = byId(`${field.id}-error`);
  place.textContent = text;
  place.hidden = !text;
  field.ariaInvalid = text ? 'true' : null;
}

/** Suggest, never refuse. @param {any} field */
function suggest(field) {
  const hint = byId(`${field.id}-hint`);
  const value = field.value.trim();
  const {pattern, hint: unlike} = field.dataset;
  const [name, domain = ''] = value.split('@');
  const better = field.type === 'email' && config.mailSlips[domain.toLowerCase()];
  hint.replaceChildren(pattern && value && !RegExp(`^(${pattern})$`, 'i').test(value) ? unlike : '');
  if (better) {
    const email = `${name}@${better}`;
    const textContent = texts.emailSlip.replace('{email}', email);
    const button = make('button', {type: 'button', className: 'button button-link', textContent});
    on(button, 'click', () => {
      field.value = email;
      field.focus();
      check(field);
    });
    hint.append(button);
  }
  hint.hidden = !hint.textContent;
}

/** @param {any} field */
function check(field) {
  mark(field, faultOf(field));
  suggest(field);
}

on(window, 'pointerdown', () => (pressed = true), true);
for (const end of ['pointerup', 'pointercancel']) on(window, end, () => (pressed = false), true);
on(form, 'focusout', ({target}) => {
  // A message moves what is below it: the press that took the focus must become a click first.
  const later = () => setTimeout(() => target.isConnected && check(target));
  if (!isField(target)) return;
  if (pressed) on(window, 'pointerup', later, {once: true});
  else later();
});
on(form, 'input', ({target}) => {
  if (target.matches('[aria-invalid]') && isField(target) && !faultOf(target)) mark(target, '');
});
/** @param {any} event */
const takeCoupon = (event) => {
  event.preventDefault();
  reprice(byId('coupon-button').value);
};
on(form, 'keydown', (event) => event.key === 'Enter' && event.target.id === 'coupon' && takeCoupon(event));
on(form, 'click', (event) => event.target.closest('#coupon-button') && takeCoupon(event));
on(fault, 'click', (event) => {
  if (!event.target.hash) return;
  event.preventDefault();
  byId(event.target.hash.slice(1)).focus();
});

// Hidden billing fields are not in the page at all: nothing is asked or read out twice.
function placeBilling() {
  if (billingSame.checked) billing.remove();
  else billingPlace.append(billing);
}
on(billingSame, 'change', placeBilling);

// --- New fields and a new price from the server
on(form, 'change', () => reprice(''));

/** Tell the server what is typed, one request after the other. @param {string} action */
const reprice = (action) =>
  (repriced = repriced.then(() => takeNews(action)).catch(() => void (action && say(texts.lost))));

/** @param {string} action */
async function takeNews(action) {
  const typed = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  if (action) typed.set('action', action);
  const request = {method: 'POST', body: typed, signal: AbortSignal.timeout(30_000)};
  const response = await fetch(config.summaryUrl, request);
  if (response.redirected) return location.assign(response.url);
  if (response.status === 204) return;
  if (!response.ok) throw response;
  const parts = make('template', {innerHTML: await response.text()}).content.children;
  const focused = document.activeElement?.id;
  for (const part of [...parts]) put(part);
  if (focused && document.activeElement?.id !== focused) byId(focused)?.focus();
  setBusy(busy);
  showPrice();
}

/** Put a new part in its place, with what was typed since the request was sent. @param {any} part */
function put(part) {
  for (const input of part.querySelectorAll('input[id], select[id]')) {
    const {value} = input;
    input.value = byId(input.id)?.value ?? value;
    // The new country has no such state.
    if (input.selectedIndex < 0) input.value = value;
  }
  const place = byId(part.id);
  // What is read out must stay the same element.
  if (place?.role === 'status') place.textContent = part.textContent;
  else place?.replaceWith(part);
}

const price = () => ({amount: amount(), currency: byId('pay').dataset.currency.toLowerCase()});

function showPrice() {
  byId('payment').hidden = !amount();
  if (!elements) mountCard();
  else if (amount()) elements.update(price());
}

// --- The card fields
/** @returns {import('@stripe/stripe-js').Appearance} */
function appearance() {
  const style = getComputedStyle(form);
  /** @param {string} name */
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    theme: dark.matches ? 'night' : 'stripe',
    variables: {
      colorPrimary: token('accent'),
      colorBackground: token('raised'),
      colorText: token('ink'),
      colorTextSecondary: token('muted'),
      colorDanger: token('danger'),
      borderRadius: token('radius'),
      fontFamily: token('sans'),
      fontSizeBase: '16px',
    },
    rules: {'.Input': {border: `1px solid ${token('control')}`, boxShadow: 'none'}},
  };
}

function loadCard() {
  cardFault.hidden = true;
  if (window.Stripe) return mountCard();
  const onerror = () => (cardFault.hidden = false);
  document.head.append(make('script', {src: config.stripeJs, onload: mountCard, onerror}));
}

function mountCard() {
  if (!window.Stripe || !amount()) return;
  stripe ??= window.Stripe(config.key);
  elements = stripe.elements({mode: 'payment', ...price(), appearance: appearance()});
  const card = elements.create('payment', {
    // Our own fields ask for these.
    fields: {billingDetails: {name: 'never', email: 'never', address: 'never'}},
  });
  card.on('loaderror', () => {
    card.destroy();
    elements = null;
    cardFault.hidden = false;
  });
  card.mount('#card-frame');
}

on(dark, 'change', () => elements?.update({appearance: appearance()}));
on(byId('card-again'), 'click', loadCard);

// --- Paying
/** @param {boolean} now */
function setBusy(now) {
  busy = now;
  const button = byId('pay');
  button.dataset.text ??= button.textContent;
  button.textContent = now ? button.dataset.busy : button.dataset.text;
  button.ariaBusy = button.ariaDisabled = String(now);
}

/** Send it again while no answer comes. @param {string} url @param {object} body */
async function post(url, body, key = '', solution = '') {
  const headers = {
    'Content-Type': 'application/json',
    'Idempotency-Key': key,
    'Challenge-Solution': solution,
    'X-CSRFToken': form.csrfmiddlewaretoken.value,
  };
  const request = {method: 'POST', headers, body: JSON.stringify(body)};
  for (let tried = 0; tried < TRIES; tried += 1) {
    try {
      const response = await fetch(url, {...request, signal: AbortSignal.timeout(30_000)});
      ahead = Date.parse(response.headers.get('date') ?? '') - Date.now() || 0;
      return {status: response.status, ...(await response.json().catch(() => ({})))};
    } catch {
      await sleep(800 * 2 ** tried);
    }
  }
  return {message: texts.lost};
}

/** @param {object} body */
async function start(body) {
  const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  /** @param {string} [solution] */
  const ask = (solution) => post(config.payUrl, body, key, solution);
  const answer = await ask();
  if (!answer.challenge) return answer;
  byId('pay').textContent = texts.checking;
  return import(config.challengeJs).then(({insist}) => insist(answer, ask)).catch(() => answer);
}

/** Returns the address to go to; says what went wrong when there is none. @param {object} shown */
async function pay(shown) {
  const wrong = [...form.elements].filter((field) => isField(field) && faultOf(field));
  if (wrong.length) return sayFields(wrong.map((field) => [field, faultOf(field)]));
  if (amount()) {
    if (!elements) return say(texts.card);
    const {error} = await elements.submit();
    // Stripe has gone to the fault in the card fields.
    if (error) return show(error.message ?? texts.card);
  }
  const body = {
    ...Object.fromEntries(new FormData(form)),
    billing_same: billingSame.checked,
    ...shown,
  };
  const answer = await start(body);
  if (answer.held_until) heldUntil = Date.parse(answer.held_until);
  if (answer.client_secret) return confirm(answer.client_secret, answer.order_url);
  if (answer.order_url) return answer.order_url;
  if (answer.fields) sayFields(Object.entries(answer.fields).map(([name, all]) => [form[name], all[0]]));
  else say(answer.message ?? texts.failed);
  // The page may be out of date.
  if (answer.status === 409 || answer.fields) reprice('update');
}

/** @param {string} clientSecret @param {string} orderUrl */
async function confirm(clientSecret, orderUrl) {
  if (!elements) return undefined;
  const prefix = billingSame.checked ? '' : 'billing_';
  /** @param {string} name @returns {string} */
  const typed = (name) => form[prefix + name]?.value ?? '';
  const billing_details = {
    name: typed('name'),
    email: form.email.value,
    address: {
      line1: typed('line1'),
      line2: typed('line2'),
      city: typed('city'),
      state: typed('region'),
      postal_code: typed('postcode'),
      country: typed('country'),
    },
  };
  const return_url = new URL(orderUrl, location.href).href;
  const confirmParams = {return_url, payment_method_data: {billing_details}};
  const {paymentIntent, error} = await stripe
    .confirmPayment({elements, clientSecret, confirmParams, redirect: 'if_required'})
    .catch((thrown) => ({paymentIntent: undefined, error: thrown}));
  // Without it the order page would still tell of a decline before this try.
  if (paymentIntent) return `${orderUrl}&redirect_status=${paymentIntent.status}`;
  if (error.type === 'card_error' || error.code in declines) {
    return say(declines[error.decline_code || error.code] ?? declines.generic_decline);
  }
  // No answer, or none about the card: see at Stripe how the payment stands.
  for (let tried = 0; tried < TRIES; tried += 1) {
    await sleep(500 * tried);
    const status = (await stripe.retrievePaymentIntent(clientSecret)).paymentIntent?.status;
    if (status === 'succeeded' || status === 'processing') return orderUrl;
    if (status) return say(status === 'canceled' ? texts.expired : texts.lost);
  }
  say(texts.unknown);
}

on(form, 'submit', async (event) => {
  event.preventDefault();
  if (busy) return;
  fault.hidden = true;
  // A new price may be under way.
  const shown = {shown_total_minor: amount(), shown_currency: byId('pay').dataset.currency};
  setBusy(true);
  await repriced;
  const address = await pay(shown);
  if (address) return location.assign(address);
  setBusy(false);
  showHold();
});

// --- How long the items are held
async function showHold() {
  if (!heldUntil) return;
  const {show} = await import(config.holdJs);
  show(heldUntil, ahead, texts, async () => {
    const answer = await post(config.holdUrl, {});
    if (answer.message) return say(answer.message);
    heldUntil = Date.parse(answer.held_until) || 1;
    return showHold();
  });
}

// --- Begin
on(window, 'pageshow', ({persisted}) => {
  if (!persisted) return;
  setBusy(false);
  reprice('update');
});
form.noValidate = true;
placeBilling();
byId('payment').hidden = !amount();
loadCard();
