// @ts-check
const RESOLVE_SECONDS = 1;
const NO_WALLETS = {
  amazonPay: false,
  applePay: false,
  googlePay: false,
  klarna: false,
  link: false,
  paypal: false,
};

/** The Express Checkout Element: one button of a test wallet, which calls itself Google Pay. */
class ExpressElement extends BaseElement {
  /** @param {ElementsGroup} group @param {ElementOptions} options */
  constructor(group, options) {
    super('expressCheckout', {frame: 'wallet', title: 'Secure express checkout frame'}, group, options);
    /** Set from the wallet's yes until the payment was tried. */
    this.accepted = false;
    /** @type {ElementOptions} */
    this.sheet = {};
  }

  /** @param {{event: string, [detail: string]: any}} news */
  hear({event, ...details}) {
    if (event === 'ready') {
      details.availablePaymentMethods = {...NO_WALLETS, googlePay: true};
    } else if (event === 'click') {
      this.clicked();
      return;
    } else if (event === 'confirm') {
      this.accepted = true;
      details.expressPaymentType = 'google_pay';
      details.paymentFailed = () => this.close();
    } else if (event === 'shippingaddresschange' || event === 'shippingratechange') {
      this.changed(event, details);
      return;
    }
    super.hear({event, ...details});
  }

  /** Ask the shop what the wallet shall show; without an answer in time it does not open. */
  clicked() {
    if (!this.handlers.get('click')?.size) {
      this.open(this.options);
      return;
    }
    let answered = false;
    const answer = (/** @type {() => void} */ act) => () => {
      if (!answered) act();
      answered = true;
    };
    window.setTimeout(
      answer(() => console.error('The click event must be resolved within one second.')),
      RESOLVE_SECONDS * 1000
    );
    this.emit('click', {
      expressPaymentType: 'google_pay',
      resolve: (/** @type {ElementOptions} */ details = {}) => answer(() => this.open({...this.options, ...details}))(),
      reject: answer(() => undefined),
    });
  }

  /** @param {ElementOptions} sheet */
  open(sheet) {
    this.check(sheet);
    this.sheet = sheet;
    const {amount, currency} = this.group.options;
    this.frame?.tell('open', {sheet: plain(sheet), amount, currency});
  }

  /** @param {ElementOptions} sheet */
  check({lineItems = [], shippingAddressRequired, shippingRates}) {
    const sum = lineItems.reduce((/** @type {number} */ total, /** @type {any} */ each) => total + each.amount, 0);
    if (sum > Number(this.group.options.amount)) {
      throw new IntegrationError(
        `The sum of the lineItems (${sum}) must not be more than the amount of the elements ` +
          `(${this.group.options.amount}).`
      );
    }
    if (shippingAddressRequired && !shippingRates?.length) {
      throw new IntegrationError(
        'When shippingAddressRequired is true, shippingRates must have at least one rate.'
      );
    }
  }

  /**
   * Let the shop re-price for the address or the rate that was chosen in the wallet.
   * @param {string} event
   * @param {object} details
   */
  changed(event, details) {
    if (!this.handlers.get(event)?.size) return;
    this.emit(event, {
      ...details,
      resolve: (/** @type {ElementOptions} */ answer = {}) => this.open({...this.sheet, ...answer}),
      reject: () => this.close(),
    });
  }

  close() {
    this.accepted = false;
    this.frame?.tell('close');
  }
}
