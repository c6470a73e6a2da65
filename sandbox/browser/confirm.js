// @ts-check
/** @typedef {import('@stripe/stripe-js').ConfirmPaymentData} ConfirmParams */
/**
 * @typedef {object} ConfirmOptions
 * @property {ElementsGroup} [elements]
 * @property {string} [clientSecret]
 * @property {Partial<ConfirmParams> & {confirmation_token?: string}} [confirmParams]
 * @property {'always' | 'if_required'} [redirect]
 */

const CONFIRM_PARAMS = [
  'confirmation_token',
  'payment_method',
  'payment_method_data',
  'receipt_email',
  'return_url',
  'shipping',
];

/**
 * Confirm a payment or a setup, with the challenge when there is one.
 * @param {string} key
 * @param {Kind} kind
 * @param {ConfirmOptions} options
 * @returns {Promise<Answered>}
 */
async function confirmIntent(key, kind, {elements, clientSecret, confirmParams = {}, redirect = 'always'}) {
  const secret = clientSecret ?? elements?.options.clientSecret;
  const id = intentId(secret, kind);
  checkConfirm(kind, elements, confirmParams, redirect);
  const seen = await retrieveIntent(key, String(secret), kind);
  if (seen.error) return seen;
  if (elements) checkAgreement(kind, elements, seen.answer);
  const {payment_method, confirmation_token, return_url, shipping, receipt_email} = confirmParams;
  const made = elements
    ? await makeMethod(elements, confirmParams)
    : {payment_method: String(payment_method ?? ''), confirmation_token};
  if ('error' in made && made.error) return {error: made.error};
  const onlyPayments = kind === PAYMENT ? {shipping, receipt_email} : {};
  const confirmed = await callApi('POST', `${kind.path}/${id}/confirm`, {
    key,
    client_secret: String(secret),
    use_stripe_sdk: 'true',
    ...flat('', made),
    ...flat('', {return_url, ...onlyPayments}),
  });
  if (confirmed.error) return confirmed;
  const result = await finish(key, kind, confirmed.answer, String(secret));
  if (result.error || redirect === 'if_required') return result;
  return leave(kind, String(return_url), result.answer, String(secret));
}

/**
 * Make the payment method of what is typed or chosen; each try to pay needs a submit of its own.
 * @param {ElementsGroup} elements
 * @param {ConfirmOptions['confirmParams']} params
 */
async function makeMethod(elements, params) {
  const source = elements.source();
  elements.submitted = false;
  const {billing_details, shipping} = await elements.details();
  const data = /** @type {any} */ (params?.payment_method_data ?? {});
  const billing = {...billing_details, ...data.billing_details};
  const form = {...data, billing_details: billing};
  const made = await source.mounted().make({key: elements.key, type: 'card', ...flat('', form)});
  if (source instanceof ExpressElement) source.close();
  if (made.error) return {error: made.error};
  const usage = made.usage && elements.kind === PAYMENT ? {setup_future_usage: made.usage} : {};
  return {
    payment_method: made.id,
    ...(shipping && !params?.shipping && elements.kind === PAYMENT ? {shipping} : {}),
    ...usage,
  };
}

/**
 * Let the shopper pass the challenge when there is one.
 * @param {string} key
 * @param {Kind} kind
 * @param {any} intent
 * @param {string} clientSecret
 * @returns {Promise<Answered>}
 */
async function finish(key, kind, intent, clientSecret) {
  const action = intent.next_action;
  if (intent.status !== 'requires_action' || action?.type !== 'use_stripe_sdk') {
    return {answer: intent};
  }
  await showChallenge(action.use_stripe_sdk.stripe_js);
  const after = await retrieveIntent(key, clientSecret, kind);
  const declined = after.answer?.[kind.failure];
  if (after.error || !declined) return after;
  return {error: {...declined, [kind.object]: after.answer}};
}

/**
 * @param {Kind} kind
 * @param {ElementsGroup | undefined} elements
 * @param {NonNullable<ConfirmOptions['confirmParams']>} confirmParams
 * @param {string} redirect
 */
function checkConfirm(kind, elements, confirmParams, redirect) {
  const ready = confirmParams.payment_method || confirmParams.confirmation_token;
  if (!elements && !ready) {
    throw new IntegrationError(
      `${kind.verb}: give elements, or confirmParams.payment_method or .confirmation_token.`
    );
  }
  if (elements) checkSubmitted(elements, kind.verb);
  if (redirect === 'always' && !confirmParams.return_url) {
    throw new IntegrationError(
      `${kind.verb}: confirmParams.return_url is required unless redirect is 'if_required'.`
    );
  }
  const unknown = Object.keys(confirmParams).find((name) => !CONFIRM_PARAMS.includes(name));
  if (unknown) {
    throw new IntegrationError(`The stand-in for Stripe does not act on confirmParams.${unknown}.`);
  }
}

/**
 * @param {unknown} elements
 * @param {string} verb
 */
function checkSubmitted(elements, verb) {
  if (!(elements instanceof ElementsGroup)) {
    throw new IntegrationError(`${verb}: elements must be what stripe.elements() returned.`);
  }
  if (!elements.submitted) {
    throw new IntegrationError(
      `elements.submit() must be called before ${verb}. Call it again after every change in the ` +
        'fields and after every try to pay.'
    );
  }
  elements.source().mounted();
}

/**
 * The elements must have been made for the intent that is confirmed.
 * @param {Kind} kind
 * @param {ElementsGroup} elements
 * @param {any} intent
 */
function checkAgreement(kind, elements, intent) {
  const {clientSecret, amount, currency, setupFutureUsage} = elements.options;
  if (elements.kind !== kind) {
    throw new IntegrationError(`${kind.verb} needs elements made for mode ${kind.mode}.`);
  }
  if (clientSecret || kind === SETUP) return;
  if (amount !== intent.amount || currency !== intent.currency) {
    throw new IntegrationError(
      `The elements were made for ${amount} ${currency}, but the PaymentIntent is for ` +
        `${intent.amount} ${intent.currency}: call elements.update() before elements.submit().`
    );
  }
  if (setupFutureUsage && setupFutureUsage !== intent.setup_future_usage) {
    throw new IntegrationError(
      `The elements were made with setupFutureUsage ${setupFutureUsage}, but the PaymentIntent has ` +
        `setup_future_usage ${intent.setup_future_usage}.`
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
 * @param {Kind} kind
 * @param {string} returnUrl
 * @param {any} intent
 * @param {string} clientSecret
 * @returns {Promise<never>}
 */
function leave(kind, returnUrl, intent, clientSecret) {
  const address = new URL(returnUrl);
  address.searchParams.set(kind.object, intent.id);
  address.searchParams.set(`${kind.object}_client_secret`, clientSecret);
  address.searchParams.set('redirect_status', 'succeeded');
  window.location.assign(address.href);
  return new Promise(() => undefined);
}
