// What a shop's checkout page does, and no more.
const form = document.getElementById('checkout');
const outcome = document.getElementById('outcome');
const stripe = Stripe(form.dataset.key);
const elements = stripe.elements({mode: 'payment', amount: 4200, currency: 'usd'});
let clientSecret = '';

elements.create('payment').mount('#card');

async function pay() {
  const submitted = await elements.submit();
  if (submitted.error) return submitted.error.message;
  if (!clientSecret) {
    const body = new URLSearchParams({amount: form.dataset.amount ?? '4200'});
    clientSecret = await (await fetch('/intent', {method: 'POST', body})).text();
  }
  const {error, paymentIntent} = await stripe.confirmPayment({
    elements,
    clientSecret,
    confirmParams: {return_url: `${location.origin}/?from=shop`},
    redirect: form.dataset.redirect ?? 'if_required',
  });
  return error ? error.message : paymentIntent.status;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  outcome.textContent = '';
  try {
    outcome.textContent = await pay();
  } catch (error) {
    outcome.textContent = `${error.name}: ${error.message}`;
  }
});
