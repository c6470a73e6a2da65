// @ts-check
// What the pages cannot say by themselves: that a request of htmx's did not arrive.

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const messages = document.getElementById("messages");
    if (messages === null) return;
    const notice = document.createElement("p");
    notice.className = "notice notice-error";
    notice.textContent = messages.dataset.failed ?? "";
    messages.replaceChildren(notice);
  });
}
