"use strict";
/* Moves the mark of an explorer along its frontier and shows what is favoured there. All text
   goes through textContent: whatever a prompt or a response holds, it stays text. */
for (const root of document.querySelectorAll(".explorer")) {
  const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const slider = root.querySelector("input[type=range]");
  const start = data.stops[Number(root.dataset.start)].at;
  const shown = [...root.querySelectorAll(".shown")];
  const verdict = root.querySelector(".verdict");
  const pools = [...root.querySelectorAll(".pool")];

  const percent = (weight) =>
    weight > 0 && weight < 0.0005 ? "<0.1%" : `${(100 * weight).toFixed(1)}%`;

  const move = (name, x, y) => {
    for (const part of ["line", "dot"]) {
      const mark = document.getElementById(`${root.id}${name}-budget-${part}`);
      mark.setAttribute("transform", `translate(${x} ${part === "dot" ? y : 0})`);
    }
  };

  const row = (item, text, reward, weight) => {
    item.querySelector(".weight").textContent = percent(weight);
    item.querySelector(".bar").style.width = `${100 * weight}%`;
    item.querySelector(".reward").textContent = reward;
    item.querySelector(".text").textContent = text;
  };

  const show = () => {
    const stop = data.stops[Number(slider.value)];
    const [kl, beta, reward, interval, ess] = stop.shown;
    stop.shown.forEach((text, k) => { shown[k].textContent = text; });
    const sentence = stop.ok ? "The data support this budget." : `Beyond the data: ${stop.why}.`;
    if (verdict.textContent !== sentence) verdict.textContent = sentence;
    verdict.className = `verdict ${stop.ok ? "good" : "bad"}`;
    slider.setAttribute("aria-valuetext",
      `${kl} ${kl === "1" ? "nat" : "nats"}: reward ${reward}, interval ${interval}, beta ${beta}, ` +
      `effective sample size ${ess}. ${sentence}`);
    root.classList.toggle("beyond", !stop.ok);
    move("w", stop.at[0] - start[0], stop.at[1] - start[1]);
    move("n", stop.at[2] - start[2], stop.at[3] - start[3]);
    pools.forEach((pool, i) => {
      const [effective, responses, weights, rest] = stop.favoured[i];
      pool.querySelector(".ess b").textContent = effective;
      pool.querySelector(".rest b").textContent = percent(rest);
      const items = [...pool.querySelectorAll("li")];
      responses.forEach((index, k) => row(items[k], ...data.pools[i][index], weights[k]));
    });
  };

  root.querySelector(".slide").hidden = false;
  slider.value = root.dataset.start; /* a reloaded page begins where the figure does */
  slider.addEventListener("input", show);
  show();
}
