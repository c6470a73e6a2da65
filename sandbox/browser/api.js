// @ts-check
/** @typedef {import('@stripe/stripe-js').PaymentIntent} PaymentIntent */
/** @typedef {{paymentIntent: PaymentIntent, error?: undefined}} Paid */
/** @typedef {{error: StripeError, paymentIntent?: undefined}} Failed */

const OWN_SCRIPT = /** @type {HTMLScriptElement} */ (document.currentScript);
const ORIGIN = new URL(OWN_SCRIPT.src).origin;

/**
 * Call the API with the publishable key; a lost connection resolves to an error like any other.
 * @param {'GET' | 'POST'} method
 * @param {string} path
 * @param {Record<string, string>} params
 * @returns {Promise<Paid | Failed>}
 */
async function callApi(method, path, params) {
  const form = new URLSearchParams(params);
  const address = `${ORIGIN}/v1/${path}`;
  try {
    const response =
      method === 'GET'
        ? await fetch(`${address}?${form}`)
        : await fetch(address, {method, body: form});
    const body = await response.json();
    return response.ok ? {paymentIntent: body} : {error: body.error};
  } catch {
    return {error: NO_CONNECTION};
  }
}

/**
 * Return the id of the intent that a client secret opens.
 * @param {unknown} clientSecret
 */
function intentId(clientSecret) {
  if (typeof clientSecret !== 'string' || !/^pi_\w+_secret_\w+$/.test(clientSecret)) {
    throw new IntegrationError(
      `Invalid value for clientSecret: it should look like pi_…_secret_…, not ${clientSecret}.`
    );
  }
  return clientSecret.split('_secret_')[0];
}

/**
 * Return the intent as a publishable key may see it.
 * @param {string} key
 * @param {string} clientSecret
 */
function retrieveIntent(key, clientSecret) {
  return callApi('GET', `payment_intents/${intentId(clientSecret)}`, {
    key,
    client_secret: clientSecret,
  });
}
