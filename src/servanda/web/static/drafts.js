// The choice of a draft, on pages that show one at a time.
import { change, data, onChange, scenario } from "./scenario.js";

/** Fill `place` with one radio button a draft; choosing one changes the scenario. Nothing where there is only one draft. */
export const draftSwitch = (place, title = "Draft") => {
  const drafts = data.drafts;
  if (drafts.length < 2) return;
  const set = document.createElement("fieldset");
  set.className = "choices";
  const legend = document.createElement("legend");
  legend.textContent = title;
  set.append(legend);
  const inputs = drafts.map((draft) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "draft", value: draft.name });
    input.addEventListener("change", (event) => change({ draft: draft.name }, event));
    label.append(input, draft.title);
    set.append(label);
    return input;
  });
  const show = () => {
    const chosen = drafts.some((draft) => draft.name === scenario.draft) ? scenario.draft : drafts[0].name;
    for (const input of inputs) input.checked = input.value === chosen;
  };
  show();
  onChange(show);
  place.replaceChildren(set);
};
