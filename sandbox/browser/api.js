// @ts-check
/** @typedef {{answer: any, error?: undefined} | {error: StripeError, answer?: undefined}} Answered */
/**
 * What differs between payments and setups.
 * @typedef {object} Kind
 * @property {'payment' | 'setup'} mode
 * @property {string} object
 * @property {string} path
 * @property {string} prefix
 * @property {'paymentIntent' | 'setupIntent'} result
 * @property {string} failure
 * @property {string} verb
 */

const OWN_SCRIPT = /** @type {HTMLScriptElement} */ (document.currentScript);
const ORIGIN = new URL(OWN_SCRIPT.src).origin;
/** @type {Kind} */
const PAYMENT = {
  mode: 'payment',
  object: 'payment_intent',
  path: 'v1/payment_intents',
  prefix: 'pi',
  result: 'paymentIntent',
  failure: 'last_payment_error',
  verb: 'stripe.confirmPayment()',
};
/** @type {Kind} */
const SETUP = {
  mode: 'setup',
  object: 'setup_intent',
  path: 'v1/setup_intents',
  prefix: 'seti',
  result: 'setupIntent',
  failure: 'last_setup_error',
  verb: 'stripe.confirmSetup()',
};

/**
 * Call the API with the publishable key; a lost connection resolves to an error like any other.
 * @param {'GET' | 'POST'} method
 * @param {string} path
 * @param {Record<string, string>} params
 * @returns {Promise<Answered>}
 */
async function callApi(method, path, params) {
  const form = new URLSearchParams(params);
  const address = `${ORIGIN}/${path}`;
  try {
    const response =
      method === 'GET'
        ? await fetch(`${address}?${form}`)
        : await fetch(address, {method, body: form});
    const body = await response.json();
    return response.ok ? {answer: body} : {error: body.error};
  } catch {
    return {error: NO_CONNECTION};
  }
}

/**
 * Return the id of the intent that a client secret opens.
 * @param {unknown} clientSecret
 * @param {Kind} kind
 */
function intentId(clientSecret, kind) {
  const {prefix} = kind;
  const secret = String(clientSecret);
  if (!/^(?:pi|seti)_[a-zA-Z0-9]+_secret_\w+$/.test(secret) || !secret.startsWith(`${prefix}_`)) {
    throw new IntegrationError(
      `Invalid value for clientSecret: it should look like ${prefix}_…_secret_…, not ${secret}.`
    );
  }
  return secret.split('_secret_')[0];
}

/** @param {unknown} clientSecret */
function kindOf(clientSecret) {
  return String(clientSecret).startsWith('seti_') ? SETUP : PAYMENT;
}

/**
 * Return the intent as a publishable key may see it.
 * @param {string} key
 * @param {string} clientSecret
 * @param {Kind} kind
 */
function retrieveIntent(key, clientSecret, kind) {
  return callApi('GET', `${kind.path}/${intentId(clientSecret, kind)}`, {
    key,
    client_secret: clientSecret,
  });
}

/**
 * Return what Stripe.js promises for an answer: the object by its name, or the error.
 * @param {string} name
 * @param {Answered} answered
 */
function named(name, answered) {
  return answered.error ? {error: answered.error} : {[name]: answered.answer};
}
