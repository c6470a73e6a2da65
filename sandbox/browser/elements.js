// @ts-check
/** @typedef {import('@stripe/stripe-js').StripeElementsOptionsMode} OptionsMode */
/** @typedef {import('@stripe/stripe-js').StripeElementsOptionsClientSecret} OptionsSecret */
/** @typedef {import('@stripe/stripe-js').StripeElementsUpdateOptions} UpdateOptions */
/** @typedef {import('@stripe/stripe-js').StripePaymentElementOptions} CardOptions */
/** @typedef {import('@stripe/stripe-js').StripePaymentElementUpdateOptions} PaymentUpdate */
/** @typedef {(event: any) => any} Handler */
/**
 * @typedef {object} GroupOptions
 * @property {string} [clientSecret]
 * @property {string} [mode]
 * @property {number | null} [amount]
 * @property {string} [currency]
 * @property {Appearance} [appearance]
 */

/** The Payment Element: the card fields, mounted somewhere in the shop's page. */
class PaymentElement {
  /**
   * @param {Appearance} appearance
   * @param {CardOptions} options
   * @param {() => void} changed
   */
  constructor(appearance, options, changed) {
    this.appearance = appearance;
    this.options = options;
    this.changed = changed;
    /** @type {Map<string, Set<Handler>>} */
    this.handlers = new Map();
    /** @type {CardFrame | null} */
    this.frame = null;
    this.destroyed = false;
  }

  /** @param {string | HTMLElement} place */
  mount(place) {
    if (this.destroyed) {
      throw new IntegrationError('This Element has already been destroyed. Please create a new one.');
    }
    const node = typeof place === 'string' ? document.querySelector(place) : place;
    if (!(node instanceof HTMLElement)) {
      throw new IntegrationError(
        `The selector you specified (${place}) applies to no DOM elements that are currently on ` +
          'the page. Make sure the element exists on the page before calling mount().'
      );
    }
    this.unmount();
    this.frame = new CardFrame(this.appearance, (news) => this.hear(news));
    this.readOnly();
    node.replaceChildren(this.frame.iframe);
    this.emit('loaderstart', {});
  }

  /** @param {{event: string, [detail: string]: any}} news */
  hear({event, ...details}) {
    if (event === 'enter') {
      // As Stripe does: Enter in the card fields submits the form around them.
      this.frame?.iframe.closest('form')?.requestSubmit();
      return;
    }
    if (event === 'change') {
      this.changed();
      details.collapsed = false;
      details.value = {type: 'card'};
    }
    this.emit(event, details);
  }

  /**
   * @param {string} event
   * @param {object} details
   */
  emit(event, details) {
    for (const handler of this.handlers.get(event) ?? []) {
      handler({elementType: 'payment', ...details});
    }
  }

  /**
   * @param {string} event
   * @param {Handler} handler
   */
  on(event, handler) {
    const handlers = this.handlers.get(event) ?? new Set();
    this.handlers.set(event, handlers.add(handler));
    return this;
  }

  /**
   * @param {string} event
   * @param {Handler} handler
   */
  once(event, handler) {
    /** @type {Handler} */
    const first = (details) => {
      this.off(event, first);
      handler(details);
    };
    return this.on(event, first);
  }

  /**
   * @param {string} event
   * @param {Handler} [handler]
   */
  off(event, handler) {
    if (handler) this.handlers.get(event)?.delete(handler);
    else this.handlers.delete(event);
    return this;
  }

  /** @param {Partial<PaymentUpdate>} options */
  update(options) {
    Object.assign(this.options, options);
    this.readOnly();
    return this;
  }

  readOnly() {
    const {frame, options} = this;
    frame?.ready.then(() => frame.tell('readOnly', {on: options.readOnly === true}));
  }

  /** @param {Appearance} appearance */
  dress(appearance) {
    this.appearance = appearance;
    const {frame} = this;
    frame?.ready.then(() => frame.dress(appearance));
  }

  focus() {
    this.frame?.iframe.focus();
    this.frame?.tell('focus');
  }

  blur() {
    this.frame?.tell('blur');
  }

  clear() {
    this.frame?.tell('clear');
  }

  collapse() {
    return this;
  }

  unmount() {
    this.frame?.remove();
    this.frame = null;
  }

  destroy() {
    this.unmount();
    this.destroyed = true;
  }

  /** @returns {CardFrame} */
  mounted() {
    if (!this.frame) {
      throw new IntegrationError(
        'elements should have a mounted Payment Element. Please be sure that it is still mounted.'
      );
    }
    return this.frame;
  }
}

/** What belongs together on one page: the options, the Payment Element, and its being submitted. */
class ElementsGroup {
  /**
   * @param {string} key
   * @param {GroupOptions} options
   */
  constructor(key, options) {
    this.key = key;
    this.options = options;
    /** @type {PaymentElement | null} */
    this.payment = null;
    this.submitted = false;
    /** @type {Set<() => void>} */
    this.updated = new Set();
    if (options.clientSecret) intentId(options.clientSecret);
    else checkMode(options);
  }

  /**
   * @param {string} type
   * @param {CardOptions} [options]
   */
  create(type, options = {}) {
    if (type !== 'payment') {
      throw new IntegrationError(`The stand-in for Stripe has the payment Element only, not ${type}.`);
    }
    if (this.payment && !this.payment.destroyed) {
      throw new IntegrationError('Can only create one Element of type payment.');
    }
    const changed = () => {
      this.submitted = false;
    };
    this.payment = new PaymentElement(this.options.appearance ?? {}, {...options}, changed);
    return this.payment;
  }

  /** @param {string} type */
  getElement(type) {
    return type === 'payment' && this.payment && !this.payment.destroyed ? this.payment : null;
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
    if (options.appearance) this.payment?.dress(options.appearance);
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
    const {error} = await retrieveIntent(this.key, clientSecret);
    return error ? {error: {message: error.message ?? ''}} : {};
  }

  async submit() {
    const payment = this.getElement('payment');
    if (!payment) throw new IntegrationError('Create and mount a Payment Element first.');
    const {error} = await payment.mounted().check();
    this.submitted = !error;
    return error ? {error} : {selectedPaymentMethod: 'card'};
  }
}

/** @param {GroupOptions} options */
function checkMode({mode, amount, currency}) {
  if (mode !== 'payment') {
    throw new IntegrationError(`The stand-in for Stripe has mode payment only, not ${mode}.`);
  }
  if (!Number.isInteger(amount) || Number(amount) <= 0) {
    throw new IntegrationError(
      `Invalid value for elements(): amount must be a positive integer of the currency's smallest ` +
        `unit, not ${amount}.`
    );
  }
  if (typeof currency !== 'string' || !/^[a-z]{3}$/.test(currency)) {
    throw new IntegrationError(
      `Invalid value for elements(): currency must be three lower-case letters, not ${currency}.`
    );
  }
}
