// page.js - shows /status.json every two seconds, and the try-it form.
//
// What others have written (sentences, names, answers) becomes text nodes alone, never markup.
"use strict";

const PERIOD_MS = 2000;
const byId = (id) => document.getElementById(id);

function cell(row, text, kind) {
  const made = row.insertCell();
  made.textContent = text;
  if (kind)
    made.className = kind;
  return made;
}

function fill(id, list, add) {
  const body = document.createElement("tbody");
  body.id = id;
  for (const one of list)
    add(body.insertRow(), one);
  byId(id).replaceWith(body);
}

const ms = (value) => value === null ? "–" : value < 10 ? value.toFixed(1) + " ms" : Math.round(value) + " ms";
const none = (count) => count ? "number warn" : "number";

function addLink(row, link) {
  const online = link.state === "online";
  cell(row, link.name);
  cell(row, link.jid);
  cell(row, online ? "online" : link.state + ": " + link.reason, online ? "good" : "bad");
  cell(row, link.calls_under_way + link.requests_running, "number");
  cell(row, link.executed, "number");
  cell(row, link.not_executed, none(link.not_executed));
  cell(row, link.unknown, none(link.unknown));
  cell(row, link.denied, none(link.denied));
  cell(row, link.reconnects, "number");
}

function addRoute(row, route) {
  cell(row, route.route || "(none)");
  cell(row, route.side === "http" ? "HTTP" : "XMPP");
  cell(row, route.under_way, "number");
  cell(row, route.rate.toFixed(1), "number");
  cell(row, ms(route.p50_ms), "number");
  cell(row, ms(route.p99_ms), "number");
  cell(row, route.total, "number");
  cell(row, route.not_executed, none(route.not_executed));
  cell(row, route.unknown, none(route.unknown));
  cell(row, Object.entries(route.codes).map(([code, total]) => code + ": " + total).join(", "));
}

function addFailure(row, failure) {
  cell(row, new Date(failure.time_ms).toLocaleTimeString());
  cell(row, failure.route || "(none)");
  cell(row, failure.from);
  cell(row, failure.operation);
  cell(row, failure.status || "", "number");
  cell(row, failure.outcome, failure.outcome === "unknown" ? "warn" : "");
  cell(row, Math.round(failure.ms), "number");
  cell(row, failure.text, "text");
  cell(row, failure.trace);
}

function upTime(seconds) {
  return seconds >= 3600 ? Math.floor(seconds / 3600) + " h" : Math.floor(seconds / 60) + " min";
}

function show(status) {
  const well = status.healthy && status.ready;
  const summary = byId("summary");
  summary.className = well ? "good" : "bad";
  summary.textContent = [well ? "up" : status.unhealthy_because || status.unready_because, "version " + status.version,
    upTime((status.now_ms - status.started_ms) / 1000), status.http.connections + " connections"].join(" · ");
  fill("links", status.links, addLink);
  fill("routes", status.routes, addRoute);
  fill("failures", status.failures, addFailure);
  byId("no-routes").hidden = status.routes.length > 0;
  byId("no-failures").hidden = status.failures.length > 0;
  byId("trial").hidden = !status.has_trial;
  const known = status.routes.filter((route) => route.side === "http" && route.route);
  byId("paths").replaceChildren(...known.map((route) => new Option(route.route, route.route)));
}

async function look() {
  try {
    const answer = await fetch("/status.json", {cache: "no-store"});
    show(await answer.json());
  } catch (error) {
    byId("summary").className = "bad";
    byId("summary").textContent = "the gateway doesn't answer: " + error.message;
  }
  setTimeout(look, PERIOD_MS);
}

// ---- the try-it form ----

let operations = [];

function complain(sentence) {
  byId("trial-error").textContent = sentence;
  byId("trial-error").hidden = !sentence;
}

async function ask(url, options) {
  const answer = await fetch(url, options);
  const told = await answer.json();
  if (told.error)
    throw new Error(told.error);
  return told;
}

function field(parameter) {
  const label = document.createElement("label");
  const often = parameter.most === 1 ? "" : ", repeated";
  label.textContent = parameter.path + " (" + parameter.type + often + (parameter.required ? ")" : ", optional)");
  label.title = parameter.documentation || "";
  const input = document.createElement(parameter.words ? "select" : "input");
  input.dataset.path = parameter.path;
  if (parameter.words)
    for (const word of parameter.required ? parameter.words : [""].concat(parameter.words))
      input.add(new Option(word, word));
  else
    input.spellcheck = false;
  label.append(input);
  return label;
}

function chooseOperation() {
  const chosen = operations[byId("operation").selectedIndex];
  byId("documentation").textContent = chosen ? chosen.unsupported || chosen.documentation || "" : "";
  byId("parameters").replaceChildren(...(chosen ? chosen.parameters.map(field) : []));
}

async function readContract(event) {
  event.preventDefault();
  complain("");
  byId("call").hidden = byId("answer").hidden = true;
  try {
    const told = await ask("/try/operations?route=" + encodeURIComponent(byId("path").value));
    operations = told.operations;
    byId("operation").replaceChildren(...operations.map((one) => new Option(one.name, one.name)));
    chooseOperation();
    byId("call").hidden = operations.length === 0;
    complain(operations.length ? "" : "its contract has no operation");
  } catch (error) {
    complain(error.message);
  }
}

// A field that is empty is left out, unless it is required: then it is an empty value.
function readArguments() {
  const list = [];
  const chosen = operations[byId("operation").selectedIndex];
  for (const input of byId("parameters").querySelectorAll("[data-path]")) {
    const parameter = chosen.parameters.find((one) => one.path === input.dataset.path);
    if (input.value !== "" || parameter.required)
      list.push(input.dataset.path + "=" + input.value.replace(/^[@\\]/, "\\$&"));
  }
  return list;
}

function showAnswer(told) {
  const end = byId("end");
  const because = told.fault ? ": " + told.fault.code + ": " + told.fault.reason : told.text ? ": " + told.text : "";
  end.className = told.end === "answer" || told.end === "empty" ? "good" : "bad";
  end.textContent = told.end + ", " + told.outcome + ", " + told.ms + " ms" + because;
  byId("values").textContent = told.values || told.unreadable || "";
  byId("body").textContent = told.body || "";
  byId("request").textContent = told.request;
  byId("answer").hidden = false;
}

async function callIt(event) {
  event.preventDefault();
  complain("");
  byId("answer").hidden = true;
  const asked = {route: byId("path").value, operation: byId("operation").value, arguments: readArguments()};
  try {
    showAnswer(await ask("/try/call", {method: "POST", headers: {"Content-Type": "application/json"},
      body: JSON.stringify(asked)}));
  } catch (error) {
    complain(error.message);
  }
}

byId("which").addEventListener("submit", readContract);
byId("operation").addEventListener("change", chooseOperation);
byId("call").addEventListener("submit", callIt);
look();
