// @ts-check
/** @typedef {import('@stripe/stripe-js').StripeElementsOptionsMode} OptionsMode */
/** @typedef {import('@stripe/stripe-js').StripeElementsOptionsClientSecret} OptionsSecret */
/** @typedef {import('@stripe/stripe-js').StripeElementsUpdateOptions} UpdateOptions */
/**
 * @typedef {object} GroupOptions
 * @property {string} [clientSecret]
 * @property {string} [customerSessionClientSecret]
 * @property {string} [mode]
 * @property {number | null} [amount]
 * @property {string} [currency]
 * @property {string | null} [setupFutureUsage]
 * @property {Appearance} [appearance]
 */

/** @type {Record<string, new (group: ElementsGroup, options: ElementOptions) => BaseElement>} */
const ELEMENTS = {
  payment: PaymentElement,
  expressCheckout: ExpressElement,
  linkAuthentication: EmailElement,
  address: AddressElement,
};

/** What belongs together on one page: the options, the Elements, and their being submitted. */
class ElementsGroup {
  /**
   * @param {string} key
   * @param {GroupOptions} options
   */
  constructor(key, options) {
    this.key = key;
    this.options = options;
    /** @type {Map<string, BaseElement>} */
    this.created = new Map();
    this.submitted = false;
    /** @type {Set<() => void>} */
    this.updated = new Set();
    if (options.clientSecret) intentId(options.clientSecret, this.kind);
    else checkMode(options);
    const session = options.customerSessionClientSecret;
    if (session !== undefined && !/^cuss_secret_\w+$/.test(session)) {
      throw new IntegrationError(
        `Invalid value for customerSessionClientSecret: it should look like cuss_secret_…, not ${session}.`
      );
    }
  }

  get kind() {
    const {clientSecret, mode} = this.options;
    return clientSecret ? kindOf(clientSecret) : mode === 'setup' ? SETUP : PAYMENT;
  }

  /**
   * @param {string} type
   * @param {ElementOptions} [options]
   */
  create(type, options = {}) {
    if (!Object.hasOwn(ELEMENTS, type)) {
      throw new IntegrationError(
        `The stand-in for Stripe has the Elements ${Object.keys(ELEMENTS).join(', ')}, not ${type}.`
      );
    }
    if (this.getElement(type)) {
      throw new IntegrationError(`Can only create one Element of type ${type}.`);
    }
    const element = new ELEMENTS[type](this, {...options});
    this.created.set(type, element);
    return element;
  }

  /** @param {string} type */
  getElement(type) {
    const element = this.created.get(type);
    return element && !element.destroyed ? element : null;
  }

  /**
   * @param {'update-end'} event
   * @param {() => void} handler
   */
  on(event, handler) {
    if (event === 'update-end') this.updated.add(handler);
  }

  /** @param {UpdateOptions} options */
  async update(options) {
    /** @type {GroupOptions} */
    const wanted = {...this.options, ...options};
    if (!wanted.clientSecret) checkMode(wanted);
    this.options = wanted;
    if (options.appearance) {
      for (const element of this.created.values()) element.dress(options.appearance);
    }
    await Promise.resolve();
    for (const handler of this.updated) handler();
  }

  async fetchUpdates() {
    const {clientSecret} = this.options;
    if (!clientSecret) {
      throw new IntegrationError(
        'elements.fetchUpdates() is for Elements with a clientSecret: call elements.update().'
      );
    }
    const {error} = await retrieveIntent(this.key, clientSecret, this.kind);
    return error ? {error: {message: error.message ?? ''}} : {};
  }

  async submit() {
    const source = this.source();
    for (const element of this.mountedOnes()) {
      const isOther = element instanceof ExpressElement || element instanceof PaymentElement;
      if (isOther && element !== source) continue;
      const {error} = await element.mounted().check();
      this.submitted = !error;
      if (error) return {error};
    }
    return {selectedPaymentMethod: source instanceof ExpressElement ? 'google_pay' : 'card'};
  }

  /** The Elements on the page; the Payment Element must be among them when it was created. */
  mountedOnes() {
    const living = [...this.created.values()].filter((each) => !each.destroyed);
    return living.filter((each) => each.frame || each instanceof PaymentElement);
  }

  /** The Element that the payment method comes from. */
  source() {
    const express = this.getElement('expressCheckout');
    if (express instanceof ExpressElement && express.accepted) return express;
    const payment = this.getElement('payment');
    if (!payment) throw new IntegrationError('Create and mount a Payment Element first.');
    return payment;
  }

  /**
   * What the other Elements on the page know: whom to bill and where to ship to.
   * @returns {Promise<{billing_details: {[name: string]: any}, shipping?: object}>}
   */
  async details() {
    /** @type {{billing_details: {[name: string]: any}, shipping?: object}} */
    const known = {billing_details: {}};
    const email = this.getElement('linkAuthentication');
    if (email?.frame) known.billing_details.email = (await email.frame.ask('value')).value.email;
    const address = this.getElement('address');
    if (address?.frame) {
      const {value} = await address.frame.ask('value');
      if (address.options.mode === 'shipping') known.shipping = value;
      else Object.assign(known.billing_details, value);
    }
    return known;
  }
}

/** @param {GroupOptions} options */
function checkMode({mode, amount, currency}) {
  if (mode !== 'payment' && mode !== 'setup') {
    throw new IntegrationError(`The stand-in for Stripe has modes payment and setup, not ${mode}.`);
  }
  const noAmount = amount === undefined || amount === null;
  if (mode === 'setup' ? !noAmount : !Number.isInteger(amount) || Number(amount) <= 0) {
    throw new IntegrationError(
      mode === 'setup'
        ? 'Invalid value for elements(): amount may not be given with mode setup.'
        : `Invalid value for elements(): amount must be a positive integer of the currency's ` +
          `smallest unit, not ${amount}.`
    );
  }
  if (mode === 'setup' && currency === undefined) return;
  if (typeof currency !== 'string' || !/^[a-z]{3}$/.test(currency)) {
    throw new IntegrationError(
      `Invalid value for elements(): currency must be three lower-case letters, not ${currency}.`
    );
  }
}
