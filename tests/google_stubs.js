// Runs the script of a Google Form with what Google gives it stubbed. Its path is the argument; what happens comes as
// JSON on stdin: the secret, the moment, and steps {install, submit, later, lose, forget, answers}. What it sent, what
// waits, its log and its failures go to stdout.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const vm = require('vm');

const told = JSON.parse(fs.readFileSync(0, 'utf8'));
const left = { sent: [], log: [], failures: [], triggers: ['of another'], waiting: [] };
const properties = new Map([['RELAY_URL', 'https://relay.example.cl/hooks/x'], ['RELAY_SECRET', told.secret]]);
const responses = new Map();
let now = told.now;
let answers = [];
let lost = false;

class Clock extends Date {
  static now() {
    return now;
  }
}

function item(id, title, type, value) {
  return { getItem: () => ({ getId: () => id, getTitle: () => title, getType: () => type }), getResponse: () => value };
}

function responseOf(id) {
  const at = new Date(now);
  return {
    getId: () => id,
    getTimestamp: () => at,
    getRespondentEmail: () => '',
    getItemResponses: () => [
      item(1, 'Nombre', 'TEXT', 'María José Muñoz 🏠'),
      item(2, '¿Qué buscas?', 'CHECKBOX', ['Departamento']),
      item(3, 'lead_id', 'TEXT', '7c9e6679-7425-40de-944b-e07fc1f90ae7'),
    ],
  };
}

const form = {
  getId: () => 'f1',
  getTitle: () => 'Cotización',
  getResponse(id) {
    if (lost || !responses.has(id)) throw new Error('No response with that id');
    return responses.get(id);
  },
};

function trigger(name) {
  const chain = { create: () => left.triggers.push(name) };
  for (const step of ['forForm', 'onFormSubmit', 'timeBased', 'everyMinutes']) chain[step] = () => chain;
  return chain;
}

const google = {
  Date: Clock,
  console: { error: (words) => left.log.push(words) },
  FormApp: { getActiveForm: () => form },
  LockService: { getScriptLock: () => ({ tryLock: () => true, releaseLock: () => {} }) },
  PropertiesService: {
    getScriptProperties: () => ({
      getProperty: (name) => properties.get(name) ?? null,
      getProperties: () => Object.fromEntries(properties),
      setProperty: (name, value) => properties.set(name, value),
      deleteProperty: (name) => properties.delete(name),
    }),
  },
  ScriptApp: {
    newTrigger: trigger,
    getProjectTriggers: () => left.triggers.map((name) => ({ getHandlerFunction: () => name })),
    deleteTrigger: (one) => left.triggers.splice(left.triggers.indexOf(one.getHandlerFunction()), 1),
  },
  UrlFetchApp: {
    fetch(url, options) {
      left.sent.push({ url, at: now, ...options });
      const answer = answers.shift();
      if (typeof answer !== 'number') throw new Error(String(answer));
      return { getResponseCode: () => answer };
    },
  },
  Utilities: {
    Charset: { UTF_8: 'utf8' },
    computeHmacSha256Signature: (text, key, charset) => [
      ...new Int8Array(crypto.createHmac('sha256', Buffer.from(key, charset)).update(text, charset).digest()),
    ],
  },
};

vm.createContext(google);
vm.runInContext(fs.readFileSync(process.argv[2], 'utf8'), google);

for (const step of told.steps) {
  answers = [...(step.answers ?? [])];
  lost = Boolean(step.lose);
  now += step.later ?? 1000;
  for (let times = step.install ?? 0; times > 0; times -= 1) google.install();
  if (step.forget) properties.delete(step.forget);
  try {
    if (step.submit) {
      responses.set(step.submit, responseOf(step.submit));
      google.sendResponse({ response: responses.get(step.submit) });
    } else if (step.later) {
      google.sendWaiting();
    }
  } catch (error) {
    left.failures.push(error.message);
  }
}
left.waiting = [...properties.keys()].filter((name) => name.startsWith('waiting.')).map((name) => name.slice(8));
process.stdout.write(JSON.stringify(left));
