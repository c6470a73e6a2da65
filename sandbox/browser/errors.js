// @ts-check
/** @typedef {import('@stripe/stripe-js').StripeError} StripeError */

/** The page uses Stripe.js in a way that Stripe.js refuses: a fault of the shop, not of the shopper. */
class IntegrationError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'IntegrationError';
  }
}

/** @type {StripeError} */
const NO_CONNECTION = {
  type: 'api_connection_error',
  message:
    'We are experiencing issues connecting to our payments provider. ' +
    'Please check your internet connection and try again.',
};
