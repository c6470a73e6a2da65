// @ts-check
// Finds the number that a challenge of the checkout asks for: altcha's format, version 2, PBKDF2.

// So many at once, for the cores there are; the page stays free meanwhile.
const AT_ONCE = 8;
const TRIES = 3;

/** @param {string} hex */
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
/** @param {ArrayBuffer} buffer */
const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Ask again with the work done, until the answer is no challenge; the last answer says what to do.
 * @param {any} answer @param {(solution: string) => Promise<any>} ask
 */
export async function insist(answer, ask) {
  for (let tried = 0; answer.challenge && tried < TRIES; tried += 1) {
    answer = await ask(await solve(answer.challenge));
  }
  return answer;
}

/** Returns the solution as the server reads it. @param {any} challenge */
async function solve(challenge) {
  const {nonce, salt, cost, keyLength, keyPrefix} = challenge.parameters;
  const how = {name: 'PBKDF2', hash: 'SHA-256', salt: bytes(salt), iterations: cost};
  /** @param {number} counter */
  const derive = async (counter) => {
    const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
    new DataView(password.buffer).setUint32(password.length - 4, counter);
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
    return {counter, derivedKey: hex(await crypto.subtle.deriveBits(how, key, keyLength * 8))};
  };
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({length: AT_ONCE}, (_, index) => first + index);
    const tried = await Promise.all(counters.map(derive));
    const solution = tried.find(({derivedKey}) => derivedKey.startsWith(keyPrefix));
    if (solution) return btoa(JSON.stringify({challenge, solution}));
  }
}
