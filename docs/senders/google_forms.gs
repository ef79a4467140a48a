/**
 * Sends each response of this Google Form to Lead Relay, signed, and sends again what did not arrive.
 *
 * To install: open the form, then the three dots > Apps Script, and put this file in place of what is there.
 * Project settings > Script properties: RELAY_URL, which is https://<your relay>/hooks/<hook>, and RELAY_SECRET, the
 * hook's secret. Then choose the function install above the editor, run it once, and allow what Google asks for.
 */

const WAITING = 'waiting.';
const MINUTES_BETWEEN = 5;
const GIVE_UP_MS = 7 * 24 * 60 * 60 * 1000;
const COMPLAIN_MS = 60 * 60 * 1000;
// Google ends a run after six minutes.
const LONGEST_RUN_MS = 4 * 60 * 1000;

/** Has Google call this script at each response, and every few minutes. To be run once; a second time does no harm. */
function install() {
  for (const trigger of ScriptApp.getProjectTriggers()) {
    if (['sendResponse', 'sendWaiting'].includes(trigger.getHandlerFunction())) ScriptApp.deleteTrigger(trigger);
  }
  ScriptApp.newTrigger('sendResponse').forForm(FormApp.getActiveForm()).onFormSubmit().create();
  ScriptApp.newTrigger('sendWaiting').timeBased().everyMinutes(MINUTES_BETWEEN).create();
}

/** Sends a response that was just given. It waits first and goes then: whatever breaks, it is sent later. */
function sendResponse(event) {
  const key = WAITING + event.response.getId();
  PropertiesService.getScriptProperties().setProperty(key, String(Date.now()));
  deliver(key, () => event.response);
}

/** Sends what waits, the oldest first. Fails where something has waited long, so that Google tells the form's owner. */
function sendWaiting() {
  const lock = LockService.getScriptLock();
  if (!lock.tryLock(0)) return;
  try {
    const began = Date.now();
    for (const [key] of waiting()) {
      if (Date.now() - began < LONGEST_RUN_MS) deliverAgain(key);
    }
  } finally {
    lock.releaseLock();
  }
  const late = waiting().filter(([, since]) => Date.now() - since > COMPLAIN_MS).length;
  if (late) throw new Error(`${late} responses have not reached the relay yet; the log of this script says why`);
}

/** Gives the keys of what waits, each with the moment since when. */
function waiting() {
  return Object.entries(PropertiesService.getScriptProperties().getProperties())
    .filter(([key]) => key.startsWith(WAITING))
    .map(([key, since]) => [key, Number(since)])
    .sort(([, one], [, other]) => one - other);
}

/** Sends a waiting response; one that has waited a week, and fails once more, is given up. */
function deliverAgain(key) {
  const properties = PropertiesService.getScriptProperties();
  deliver(key, () => FormApp.getActiveForm().getResponse(key.slice(WAITING.length)));
  const since = properties.getProperty(key);
  if (since !== null && Date.now() - Number(since) > GIVE_UP_MS) {
    properties.deleteProperty(key);
    console.error('given up: a response has waited for a week');
  }
}

/** Sends the response that find gives, which then waits no longer; after a failure, which the log tells, it does. */
function deliver(key, find) {
  try {
    post(bodyOf(find()));
    PropertiesService.getScriptProperties().deleteProperty(key);
  } catch (error) {
    console.error(`not delivered yet: ${error.message}`);
  }
}

/** Gives the response as JSON, the same each time. In ASCII alone, so that what is signed is what is sent. */
function bodyOf(response) {
  const form = FormApp.getActiveForm();
  const body = {
    formId: form.getId(),
    formTitle: form.getTitle(),
    responseId: response.getId(),
    submittedAt: response.getTimestamp().toISOString(),
    respondentEmail: response.getRespondentEmail() || null,
    answers: response.getItemResponses().map((one) => ({
      id: String(one.getItem().getId()),
      title: one.getItem().getTitle(),
      type: String(one.getItem().getType()),
      value: one.getResponse(),
    })),
  };
  return JSON.stringify(body).replace(/[\u007f-\uffff]/g, escaped);
}

function escaped(letter) {
  return '\\u' + letter.charCodeAt(0).toString(16).padStart(4, '0');
}

/** Posts a body with the header X-Relay-Signature: t=<seconds>,v1=<hex of HMAC-SHA256 over "t.body">. */
function post(body) {
  const moment = Math.floor(Date.now() / 1000);
  const answer = UrlFetchApp.fetch(property('RELAY_URL'), {
    method: 'post',
    contentType: 'application/json',
    payload: body,
    headers: { 'X-Relay-Signature': `t=${moment},v1=${hmac(`${moment}.${body}`)}` },
    followRedirects: false,
    muteHttpExceptions: true,
  });
  if (answer.getResponseCode() !== 200) throw new Error(`the relay answered ${answer.getResponseCode()}`);
}

/** Gives the HMAC in hex; Google gives its bytes as numbers from -128 to 127. */
function hmac(text) {
  const bytes = Utilities.computeHmacSha256Signature(text, property('RELAY_SECRET'), Utilities.Charset.UTF_8);
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('');
}

function property(name) {
  const value = PropertiesService.getScriptProperties().getProperty(name);
  if (!value) throw new Error(`the script property ${name} is not set`);
  return value;
}
