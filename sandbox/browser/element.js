// @ts-check
/** @typedef {(event: any) => any} Handler */
/** @typedef {{[option: string]: any}} ElementOptions */

/** One Element: fields or buttons in a frame, mounted somewhere in the shop's page. */
class BaseElement {
  /**
   * @param {string} type
   * @param {{frame: string, title: string}} page
   * @param {ElementsGroup} group
   * @param {ElementOptions} options
   */
  constructor(type, page, group, options) {
    this.type = type;
    this.page = page;
    this.group = group;
    this.options = options;
    /** @type {Map<string, Set<Handler>>} */
    this.handlers = new Map();
    /** @type {InnerFrame | null} */
    this.frame = null;
    this.destroyed = false;
  }

  /** What the frame is told before it is shown. */
  start() {
    return {options: plain(this.options)};
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
    const {frame, title} = this.page;
    const appearance = this.group.options.appearance ?? {};
    this.frame = new InnerFrame(frame, title, this.start(), appearance, (news) => this.hear(news));
    node.replaceChildren(this.frame.iframe);
    this.emit('loaderstart', {});
  }

  /** @param {{event: string, [detail: string]: any}} news */
  hear({event, ...details}) {
    if (event === 'enter') {
      // As Stripe does: Enter in the fields submits the form around them.
      this.frame?.iframe.closest('form')?.requestSubmit();
      return;
    }
    if (event === 'change') this.group.submitted = false;
    this.emit(event, details);
  }

  /**
   * @param {string} event
   * @param {object} details
   */
  emit(event, details) {
    for (const handler of this.handlers.get(event) ?? []) {
      handler({elementType: this.type, ...details});
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

  /** @param {ElementOptions} options */
  update(options) {
    Object.assign(this.options, options);
    const {frame} = this;
    frame?.ready.then(() => frame.tell('options', {options: plain(this.options)}));
    return this;
  }

  /** @param {Appearance} appearance */
  dress(appearance) {
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

  unmount() {
    this.frame?.remove();
    this.frame = null;
  }

  destroy() {
    this.unmount();
    this.destroyed = true;
  }

  /** @returns {InnerFrame} */
  mounted() {
    if (!this.frame) {
      throw new IntegrationError(
        `elements should have a mounted ${this.type} Element. Please be sure that it is still mounted.`
      );
    }
    return this.frame;
  }
}

/** The Payment Element: saved cards when there are any, and the fields of a new one. */
class PaymentElement extends BaseElement {
  /** @param {ElementsGroup} group @param {ElementOptions} options */
  constructor(group, options) {
    const page = {frame: 'card', title: 'Secure card payment input frame'};
    super('payment', page, group, options);
  }

  start() {
    const {key, options} = this.group;
    const session = options.customerSessionClientSecret;
    return {key, session, setup: this.group.kind === SETUP, ...super.start()};
  }

  collapse() {
    return this;
  }
}

/** The Link Authentication Element, which here asks for the email and no more. */
class EmailElement extends BaseElement {
  /** @param {ElementsGroup} group @param {ElementOptions} options */
  constructor(group, options) {
    super('linkAuthentication', {frame: 'email', title: 'Secure email input frame'}, group, options);
  }
}

/** The Address Element: where to ship to, or whom to bill. */
class AddressElement extends BaseElement {
  /** @param {ElementsGroup} group @param {ElementOptions} options */
  constructor(group, options) {
    if (options.mode !== 'shipping' && options.mode !== 'billing') {
      throw new IntegrationError(
        `elements.create('address') needs mode shipping or billing, not ${options.mode}.`
      );
    }
    super('address', {frame: 'address', title: 'Secure address input frame'}, group, options);
  }

  /** @param {string} event @param {object} details */
  emit(event, details) {
    super.emit(event, event === 'change' ? {elementMode: this.options.mode, ...details} : details);
  }

  getValue() {
    return this.mounted().ask('value');
  }
}

/**
 * Return the options that can cross into a frame: those that are not functions.
 * @param {ElementOptions} options
 */
function plain(options) {
  return JSON.parse(JSON.stringify(options));
}
