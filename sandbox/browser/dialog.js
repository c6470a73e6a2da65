// @ts-check

/**
 * Show the 3-D Secure challenge over the page until the shopper has passed or failed it.
 * @param {string} url
 * @returns {Promise<void>}
 */
function showChallenge(url) {
  const dialog = document.createElement('dialog');
  const iframe = document.createElement('iframe');
  dialog.setAttribute('aria-label', '3-D Secure authentication, test payments');
  iframe.title = '3-D Secure authentication';
  iframe.src = url;
  Object.assign(dialog.style, {
    background: 'rgba(0, 0, 0, 0.55)',
    border: '0',
    boxSizing: 'border-box',
    height: '100vh',
    margin: '0',
    maxHeight: 'none',
    maxWidth: 'none',
    padding: '12px',
    width: '100vw',
  });
  Object.assign(iframe.style, {
    background: '#fff',
    border: '0',
    borderRadius: '12px',
    colorScheme: 'normal',
    display: 'block',
    height: '320px',
    left: '50%',
    maxHeight: 'calc(100vh - 24px)',
    position: 'absolute',
    top: '50%',
    transform: 'translate(-50%, -50%)',
    width: 'min(420px, calc(100vw - 24px))',
  });
  // The way out is to pass or to fail, so that the payment never hangs half done.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  iframe.addEventListener('load', () => iframe.focus());
  dialog.append(iframe);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    /** @param {MessageEvent} event */
    function over(event) {
      const ours = event.origin === ORIGIN && event.source === iframe.contentWindow;
      if (!ours || event.data?.from !== 'challenge') return;
      window.removeEventListener('message', over);
      dialog.close();
      dialog.remove();
      resolve();
    }
    window.addEventListener('message', over);
  });
}
