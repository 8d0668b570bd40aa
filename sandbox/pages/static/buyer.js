// Keeps the chat on the buyer's page up to date, and sends what the buyer writes.
"use strict";

const phone = document.querySelector(".phone");
const list = document.getElementById("messages");
const scroller = document.getElementById("scroll");
const live = document.getElementById("live");
const composer = document.getElementById("composer");
const contact = document.getElementById("contact");
const standing = document.getElementById("standing");

const localTimes = (root) => {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    time.title = at.toLocaleString();
  }
};

const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; };

// Only what is new is added, so that a screen reader announces it once and pictures do not flicker.
const show = (html) => {
  const stay = !atEnd();
  const fresh = document.createElement("ol");
  fresh.innerHTML = html;
  localTimes(fresh);
  const wanted = new Set(Array.from(fresh.children, (item) => item.id));
  for (const item of Array.from(list.children)) {
    if (!wanted.has(item.id)) item.remove();
  }
  for (const item of Array.from(fresh.children)) {
    const shown = document.getElementById(item.id);
    if (!shown) list.append(item);
    else if (shown.innerHTML !== item.innerHTML) shown.replaceWith(item);
  }
  if (!stay) toEnd();
};

const stream = new EventSource(phone.dataset.stream);
stream.addEventListener("open", () => { live.textContent = "live"; live.className = "on"; });
stream.addEventListener("error", () => { live.textContent = "connecting…"; live.className = ""; });
stream.addEventListener("chat", (event) => show(JSON.parse(event.data)));

// The buttons stay the same elements, so that a keyboard's focus stays on them.
stream.addEventListener("contact", (event) => {
  const now = JSON.parse(event.data);
  for (const button of contact.elements) {
    const isOn = now[button.name];
    button.value = String(!isOn);
    button.textContent = isOn ? button.dataset.on : button.dataset.off;
  }
  if (standing.textContent !== now.standing) standing.textContent = now.standing;
});

contact.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(contact.action, {
    method: "POST",
    body: new URLSearchParams([[event.submitter.name, event.submitter.value]]),
  }).catch(() => null);
  if (!answer?.ok) standing.textContent = "That did not work. Try again.";
});

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = composer.elements.text;
  const answer = await fetch(composer.action, { method: "POST", body: new FormData(composer) })
    .catch(() => null);
  if (answer?.ok) input.value = "";
  else live.textContent = "not sent";
  toEnd();
});

localTimes(list);
toEnd();
