"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

  const bytes = (count) => {
    if (count < 1024) return `${count} B`;
    let exponent = 0;
    let unit = 1024;
    while (count >= unit * 1024) {
      unit *= 1024;
      exponent += 1;
    }
    return `${(Math.round((count * 10) / unit) / 10).toFixed(1)} ${units[exponent]}`;
  };

  const time = (seconds) => {
    const part = (unit, limit) => Math.floor(seconds / unit) % limit;
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${part(60, 60)} min ${part(1, 60)} s`;
    if (seconds < 86400) return `${part(3600, 24)} h ${part(60, 60)} min`;
    return `${part(86400, Infinity)} d ${part(3600, 24)} h`;
  };

  const transferText = ({ sent, total, rate, client, seconds }) => {
    const parts = [total === undefined ? bytes(sent) : `${bytes(sent)} of ${bytes(total)}`, `${bytes(rate)}/s`];
    if (total !== undefined && rate > 0) parts.push(`${time(Math.floor((total - sent) / rate))} left`);
    if (client !== undefined) parts.push(`${time(seconds)} to ${client}`);
    return parts.join(" · ");
  };

  const failureText = ({ route, secondsAgo }) => `${route} · ${time(secondsAgo)} ago`;

  const setText = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const span = (className) => {
    const element = document.createElement("span");
    element.className = className;
    return element;
  };

  // Rows that stay are changed in place, so that neither a selection nor a reader's place is lost.
  const setRows = (list, count, make, fill) => {
    while (list.children.length > count) list.lastElementChild.remove();
    while (list.children.length < count) list.append(make());
    [...list.children].forEach(fill);
  };

  const makeTransfer = () => {
    const row = document.createElement("li");
    row.append(span("name"), document.createElement("progress"), span("meta"));
    return row;
  };

  const fillTransfer = (row, transfer) => {
    const name = row.querySelector(".name");
    const bar = row.querySelector("progress");
    name.classList.toggle("hidden-name", transfer.name === undefined);
    setText(name, transfer.name ?? "a private file");
    bar.hidden = transfer.total === undefined;
    bar.max = Math.max(1, transfer.total ?? 1);
    bar.value = transfer.total === 0 ? 1 : transfer.sent;
    bar.setAttribute("aria-label", name.textContent);
    setText(row.querySelector(".meta"), transferText(transfer));
  };

  const makeFailure = () => {
    const row = document.createElement("li");
    const line = span("name");
    line.append(span("status"), span("summary"));
    row.append(line, span("cause"), span("meta"));
    return row;
  };

  const fillFailure = (row, failure) => {
    setText(row.querySelector(".status"), String(failure.status));
    setText(row.querySelector(".summary"), failure.summary);
    setText(row.querySelector(".cause"), failure.cause ?? "");
    setText(row.querySelector(".meta"), failureText(failure));
  };

  const makeSaving = () => {
    const row = document.createElement("li");
    row.append(span("name"), span("meta"));
    return row;
  };

  const fillSaving = (row, { name, saved }) => {
    const title = row.querySelector(".name");
    title.classList.toggle("hidden-name", name === undefined);
    setText(title, name ?? "a private repository");
    setText(row.querySelector(".meta"), `${bytes(saved)} today`);
  };

  const showCache = ({ size, limit, saved, top }) => {
    setText(byId("saved"), bytes(saved));
    setText(byId("kept"), `${bytes(size)} of ${bytes(limit)} kept`);
    byId("no-savings").hidden = top.length > 0;
    setRows(byId("savings"), top.length, makeSaving, (row, at) => fillSaving(row, top[at]));
  };

  const show = (report) => {
    const { totals } = report;
    setText(byId("uptime"), time(report.uptime));
    setText(byId("live"), String(report.live));
    setText(byId("rate"), `${bytes(report.rate)}/s`);
    setText(byId("sent"), bytes(totals.sent));
    setText(byId("finished"), String(totals.finished));
    setText(byId("unfinished"), `${totals.cancelled} left by clients, ${totals.aborted} failed`);
    setText(byId("news"), report.live === 1 ? "1 transfer runs" : `${report.live} transfers run`);
    const { transfers, failures } = report;
    byId("no-transfers").hidden = report.live > 0;
    byId("more-transfers").hidden = report.live <= transfers.length;
    setText(byId("more-transfers"), `and ${report.live - transfers.length} more`);
    setRows(byId("transfers"), transfers.length, makeTransfer, (row, at) => fillTransfer(row, transfers[at]));
    if (report.cache !== undefined) showCache(report.cache);
    byId("no-failures").hidden = failures.length > 0;
    setRows(byId("failures"), failures.length, makeFailure, (row, at) => fillFailure(row, failures[at]));
  };

  const setState = (name, text) => {
    byId("state").className = `state ${name}`;
    setText(byId("state"), text);
  };

  let events = null;
  let retry = 0;

  const listen = () => {
    clearTimeout(retry);
    events?.close();
    events = new EventSource("events");
    events.onmessage = (message) => {
      show(JSON.parse(message.data));
      setState("live", "Live");
    };
    events.onerror = () => {
      setState("lost", "Not live; trying again");
      // After an answer such as 503 the browser does not come back by itself.
      if (events.readyState === EventSource.CLOSED) retry = setTimeout(listen, 10000);
    };
  };

  // Nobody sees a page in the background.
  const follow = () => {
    if (!document.hidden) return listen();
    clearTimeout(retry);
    events?.close();
    setState("", "Paused");
  };

  const copy = async (pre, button) => {
    try {
      await navigator.clipboard.writeText(pre.innerText);
    } catch {
      // Pages that came over plain HTTP have no clipboard, but may copy a selection.
      getSelection().selectAllChildren(pre);
      document.execCommand("copy");
    }
    setText(button, "Copied");
    setTimeout(() => setText(button, "Copy"), 2000);
  };

  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-describedby", command.querySelector("figcaption").id);
    button.addEventListener("click", () => copy(command.querySelector("pre"), button));
    command.append(button);
  }
  document.addEventListener("visibilitychange", follow);
  follow();
})();
