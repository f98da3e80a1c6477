// The newest kept run for the scenario of a page.
import { send } from "./api.js";
import { jobBox } from "./job.js";
import { body, scenario } from "./scenario.js";

/**
 * The newest run of a kind (frictions, designs, or run: a whole one with its diagnosis) for the scenario at hand, as `{id, created,
 * seconds, headline}`, or null. `draft` is the one a run of frictions explains; `off: false` wants a run with every friction at
 * work, whatever is switched off here; the values of the parameters in `left` do not count.
 */
export const newestRun = async (kind, { draft = "", off = true, left = [] } = {}) => {
  const asked = body({ kind, draft, left });
  if (!off) asked.off = [];
  return (await send("POST", `/api/cases/${scenario.case}/newest-run`, asked)).run;
};

/**
 * A place for the box of a job, made anew by `show(missing)` where the scenario has changed, and hidden where nothing is missing.
 * `options()` gives the options of the job, `set()` and `off()` its scenario: what the page shows may be a part of what it varies.
 */
export const jobPlace = (place, kind, onRun, { options = () => ({}), set = () => scenario.set, off = () => scenario.off } = {}) => {
  let box = null;
  let key = "";
  return {
    show(missing) {
      place.hidden = !missing;
      const now = JSON.stringify([[...set()].sort(), [...off()].sort(), options()]);
      if (!missing || now === key) { if (!missing) key = ""; return; }
      key = now;
      if (box) box.stop();
      box = jobBox(place, kind, options(), onRun, { set: new Map(set()), off: new Set(off()) });
    },
  };
};
