// @ts-check
/** @typedef {import('@stripe/stripe-js').StripeConstructor} StripeConstructor */
/** @typedef {import('@stripe/stripe-js').ConfirmPaymentData} ConfirmParams */
/** @typedef {import('@stripe/stripe-js').StripeConstructorOptions} StripeOptions */
/**
 * @typedef {object} ConfirmOptions
 * @property {ElementsGroup} [elements]
 * @property {string} [clientSecret]
 * @property {Partial<ConfirmParams>} [confirmParams]
 * @property {'always' | 'if_required'} [redirect]
 */

const CONFIRM_PARAMS = ['return_url', 'payment_method_data', 'shipping', 'receipt_email'];

/** What `Stripe(key)` returns. */
class StandInStripe {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
  }

  /** @param {OptionsMode | OptionsSecret} options */
  elements(options) {
    return new ElementsGroup(this.key, /** @type {GroupOptions} */ (options));
  }

  /** @param {string} clientSecret */
  retrievePaymentIntent(clientSecret) {
    return retrieveIntent(this.key, clientSecret);
  }

  /** @param {{clientSecret: string}} options */
  async handleNextAction({clientSecret}) {
    const {paymentIntent, error} = await retrieveIntent(this.key, clientSecret);
    return error ? {error} : this.finish(paymentIntent, clientSecret);
  }

  /** @param {ConfirmOptions} options */
  async confirmPayment({elements, clientSecret, confirmParams = {}, redirect = 'always'}) {
    if (!(elements instanceof ElementsGroup)) {
      throw new IntegrationError('The stand-in for Stripe needs elements to confirm a payment.');
    }
    const secret = clientSecret ?? elements.options.clientSecret;
    const id = intentId(secret);
    checkConfirm(elements, confirmParams, redirect);
    const card = elements.getElement('payment')?.mounted();
    if (!card || !secret) throw new IntegrationError('Create and mount a Payment Element first.');
    elements.submitted = false;
    const seen = await retrieveIntent(this.key, secret);
    if (seen.error) return seen;
    checkAmount(elements, seen.paymentIntent);
    const made = await card.make({
      key: this.key,
      type: 'card',
      ...flat('', confirmParams.payment_method_data ?? {}),
    });
    if (!made.id) return {error: made.error};
    const {return_url, shipping, receipt_email} = confirmParams;
    const confirmed = await callApi('POST', `payment_intents/${id}/confirm`, {
      key: this.key,
      client_secret: secret,
      payment_method: made.id,
      use_stripe_sdk: 'true',
      ...flat('', {return_url, shipping, receipt_email}),
    });
    if (confirmed.error) return confirmed;
    const result = await this.finish(confirmed.paymentIntent, secret);
    if (result.error || redirect === 'if_required') return result;
    return leave(String(return_url), result.paymentIntent, secret);
  }

  /**
   * Let the shopper pass the challenge when there is one.
   * @param {PaymentIntent} intent
   * @param {string} clientSecret
   * @returns {Promise<Paid | Failed>}
   */
  async finish(intent, clientSecret) {
    const action = /** @type {any} */ (intent.next_action);
    if (intent.status !== 'requires_action' || action?.type !== 'use_stripe_sdk') {
      return {paymentIntent: intent};
    }
    await showChallenge(action.use_stripe_sdk.stripe_js);
    const after = await retrieveIntent(this.key, clientSecret);
    const declined = after.paymentIntent?.last_payment_error;
    if (after.error || !declined) return after;
    const error = /** @type {StripeError} */ ({...declined, payment_intent: after.paymentIntent});
    return {error};
  }
}

/**
 * @param {ElementsGroup} elements
 * @param {Partial<ConfirmParams>} confirmParams
 * @param {string} redirect
 */
function checkConfirm(elements, confirmParams, redirect) {
  if (!elements.submitted) {
    throw new IntegrationError(
      'elements.submit() must be called before stripe.confirmPayment(). Call it again after every ' +
        'change in the card fields and after every try to pay.'
    );
  }
  if (redirect === 'always' && !confirmParams.return_url) {
    throw new IntegrationError(
      "stripe.confirmPayment(): confirmParams.return_url is required unless redirect is 'if_required'."
    );
  }
  const unknown = Object.keys(confirmParams).find((name) => !CONFIRM_PARAMS.includes(name));
  if (unknown) {
    throw new IntegrationError(`The stand-in for Stripe does not act on confirmParams.${unknown}.`);
  }
}

/**
 * @param {ElementsGroup} elements
 * @param {PaymentIntent} intent
 */
function checkAmount(elements, intent) {
  const {clientSecret, amount, currency} = elements.options;
  if (clientSecret) return;
  if (amount !== intent.amount || currency !== intent.currency) {
    throw new IntegrationError(
      `The elements were made for ${amount} ${currency}, but the PaymentIntent is for ` +
        `${intent.amount} ${intent.currency}: call elements.update() before elements.submit().`
    );
  }
}

/**
 * Return nested values as Stripe's forms name them, without those that are not set.
 * @param {string} prefix
 * @param {object} values
 * @returns {Record<string, string>}
 */
function flat(prefix, values) {
  /** @type {Record<string, string>} */
  const form = {};
  for (const [name, value] of Object.entries(values)) {
    const full = prefix ? `${prefix}[${name}]` : name;
    if (value !== null && typeof value === 'object') Object.assign(form, flat(full, value));
    else if (value !== null && value !== undefined) form[full] = String(value);
  }
  return form;
}

/**
 * Go to the shop's return address; the promise stays open because the page goes away.
 * @param {string} returnUrl
 * @param {PaymentIntent} intent
 * @param {string} clientSecret
 * @returns {Promise<never>}
 */
function leave(returnUrl, intent, clientSecret) {
  const address = new URL(returnUrl);
  address.searchParams.set('payment_intent', intent.id);
  address.searchParams.set('payment_intent_client_secret', clientSecret);
  address.searchParams.set('redirect_status', 'succeeded');
  window.location.assign(address.href);
  return new Promise(() => undefined);
}

/**
 * @param {string} key
 * @param {StripeOptions} [_options]
 */
function makeStripe(key, _options) {
  if (typeof key !== 'string' || !key.startsWith('pk_test_')) {
    throw new IntegrationError(
      'Stripe(): give a publishable test key (pk_test_…); this is a stand-in for test payments.'
    );
  }
  return new StandInStripe(key);
}

window.Stripe = /** @type {StripeConstructor} */ (/** @type {unknown} */ (makeStripe));
