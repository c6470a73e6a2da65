// @ts-check
/** @typedef {import('@stripe/stripe-js').Appearance} Appearance */
/** @typedef {{complete: boolean, error?: StripeError}} Checked */
/** @typedef {{id?: string, usage?: string | null, saved?: boolean, paymentMethod?: any, error?: StripeError}} Made */
/** @typedef {(news: {event: string, [detail: string]: any}) => void} Hear */

const LOAD_SECONDS = 15;

/** An iframe of our origin, seen from the shop's page: it sends wishes and hears news. */
class InnerFrame {
  /**
   * @param {string} name
   * @param {string} title
   * @param {object} start
   * @param {Appearance} appearance
   * @param {Hear} hear
   */
  constructor(name, title, start, appearance, hear) {
    this.start = start;
    this.appearance = appearance;
    this.hear = hear;
    this.iframe = document.createElement('iframe');
    this.iframe.title = title;
    this.iframe.src = `${ORIGIN}/frames/${name}#${encodeURIComponent(window.location.origin)}`;
    this.iframe.allow = 'payment *';
    Object.assign(this.iframe.style, {
      border: '0',
      display: 'block',
      height: '0',
      width: '100%',
    });
    /** @type {Map<number, (value: any) => void>} */
    this.waiting = new Map();
    this.asked = 0;
    this.listen = this.listen.bind(this);
    window.addEventListener('message', this.listen);
    /** @type {() => void} */
    let loaded = () => undefined;
    /** @type {Promise<void>} */
    this.ready = new Promise((resolve) => {
      loaded = resolve;
    });
    this.loaded = loaded;
    this.timer = window.setTimeout(() => this.late(), LOAD_SECONDS * 1000);
  }

  late() {
    const message = `The fields could not be loaded from ${ORIGIN}.`;
    this.hear({event: 'loaderror', error: {type: 'api_connection_error', message}});
  }

  /** @param {MessageEvent} event */
  listen(event) {
    if (event.origin !== ORIGIN || event.source !== this.iframe.contentWindow) return;
    const {reply, ...news} = event.data;
    if (typeof reply === 'number') {
      this.waiting.get(reply)?.(news.value);
      this.waiting.delete(reply);
    } else if (news.event === 'loaded') {
      this.dress(this.appearance);
      this.tell('start', this.start);
    } else if (news.event === 'started') {
      window.clearTimeout(this.timer);
      this.loaded();
      this.hear({event: 'ready'});
    } else if (news.event === 'height') {
      this.iframe.style.height = `${news.height}px`;
    } else {
      this.hear(news);
    }
  }

  /** @param {Appearance} appearance */
  dress(appearance) {
    this.appearance = appearance;
    // A frame whose colour scheme differs from its page's gets an opaque background.
    this.iframe.style.colorScheme = appearance.theme === 'night' ? 'dark' : 'light';
    this.tell('dress', {theme: appearance.theme, variables: appearance.variables});
  }

  /**
   * @param {string} wish
   * @param {object} details
   */
  tell(wish, details = {}) {
    this.iframe.contentWindow?.postMessage({wish, ...details}, ORIGIN);
  }

  /**
   * @param {string} wish
   * @param {object} details
   * @returns {Promise<any>}
   */
  async ask(wish, details = {}) {
    await this.ready;
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.tell(wish, {id, ...details});
    });
  }

  /** @returns {Promise<Checked>} */
  check() {
    return this.ask('check');
  }

  /**
   * @param {Record<string, string>} form
   * @returns {Promise<Made>}
   */
  make(form) {
    return this.ask('make', {form});
  }

  remove() {
    window.clearTimeout(this.timer);
    window.removeEventListener('message', this.listen);
    this.iframe.remove();
  }
}
