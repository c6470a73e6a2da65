// @ts-check
// The hosted page: it pays with the same script that shops load, then asks where to go.
export {};

const form = /** @type {HTMLFormElement} */ (document.getElementById('pay'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
const problem = /** @type {HTMLElement} */ (document.getElementById('problem'));
const {key, amount, currency, address} = /** @type {Record<string, string>} */ ({...form.dataset});
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const stripe = /** @type {NonNullable<typeof window.Stripe>} */ (window.Stripe)(key);
const isFree = Number(amount) === 0;
const elements = isFree
  ? null
  : stripe.elements({
      mode: 'payment',
      amount: Number(amount),
      currency,
      appearance: {theme: theme()},
    });

function theme() {
  return dark.matches ? /** @type {const} */ ('night') : /** @type {const} */ ('stripe');
}

elements?.create('payment').mount('#card');
dark.addEventListener('change', () => elements?.update({appearance: {theme: theme()}}));

/** @returns {Promise<string | undefined>} what to tell the shopper; undefined when it is done */
async function pay() {
  const submitted = await elements?.submit();
  // The fields say it themselves.
  if (submitted?.error) return '';
  const body = new URLSearchParams();
  for (const name of ['email', 'name']) {
    body.set(name, /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value);
  }
  const response = await fetch(address, {method: 'POST', body});
  const {client_secret: clientSecret, error} = await response.json();
  if (error || !clientSecret || !elements) return error?.message;
  const billing_details = {email: body.get('email') ?? '', name: body.get('name') || undefined};
  const result = await stripe.confirmPayment({
    elements,
    clientSecret,
    confirmParams: {payment_method_data: {billing_details}},
    redirect: 'if_required',
  });
  return result.error?.message;
}

/** @param {string} message */
function complain(message) {
  problem.textContent = message;
  if (message) problem.focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (!form.reportValidity()) return;
  button.disabled = true;
  problem.textContent = '';
  try {
    const message = await pay();
    // The page's address leads on: to the shop once it is paid.
    if (message === undefined) window.location.assign(address);
    else complain(message);
  } catch {
    complain('The connection was lost. Please try again.');
  }
  button.disabled = false;
});
