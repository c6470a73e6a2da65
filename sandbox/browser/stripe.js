// @ts-check
/** @typedef {import('@stripe/stripe-js').StripeConstructor} StripeConstructor */
/** @typedef {import('@stripe/stripe-js').StripeConstructorOptions} StripeOptions */
/** @typedef {{elements: ElementsGroup, params?: {[name: string]: any}}} FromElements */

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
  async retrievePaymentIntent(clientSecret) {
    return named(PAYMENT.result, await retrieveIntent(this.key, clientSecret, PAYMENT));
  }

  /** @param {string} clientSecret */
  async retrieveSetupIntent(clientSecret) {
    return named(SETUP.result, await retrieveIntent(this.key, clientSecret, SETUP));
  }

  /** @param {{clientSecret: string}} options */
  async handleNextAction({clientSecret}) {
    const kind = kindOf(clientSecret);
    const {answer, error} = await retrieveIntent(this.key, clientSecret, kind);
    return error ? {error} : named(kind.result, await finish(this.key, kind, answer, clientSecret));
  }

  /** @param {ConfirmOptions} options */
  async confirmPayment(options) {
    return named(PAYMENT.result, await confirmIntent(this.key, PAYMENT, options));
  }

  /** @param {ConfirmOptions} options */
  async confirmSetup(options) {
    return named(SETUP.result, await confirmIntent(this.key, SETUP, options));
  }

  /** @param {FromElements} options */
  async createPaymentMethod({elements, params = {}}) {
    checkSubmitted(elements, 'stripe.createPaymentMethod()');
    const source = elements.source();
    elements.submitted = false;
    const form = {key: this.key, type: 'card', ...flat('', params)};
    const made = await source.mounted().make(form);
    if (made.saved) {
      throw new IntegrationError(
        'stripe.createPaymentMethod() is for a new card: use stripe.createConfirmationToken().'
      );
    }
    return made.error ? {error: made.error} : {paymentMethod: made.paymentMethod};
  }

  /** @param {FromElements} options */
  async createConfirmationToken({elements, params = {}}) {
    checkSubmitted(elements, 'stripe.createConfirmationToken()');
    const {return_url, shipping} = params;
    const made = await makeMethod(elements, params);
    if ('error' in made) return {error: made.error};
    const form = flat('', {...made, return_url, ...(shipping ? {shipping} : {})});
    const address = 'frames/confirmation_tokens';
    return named('confirmationToken', await callApi('POST', address, {key: this.key, ...form}));
  }
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
