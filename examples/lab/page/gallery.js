// The gallery shows test images and what the edited net takes them for.

import { best } from "./charts.js";

// newGallery returns update(shown, before), the probabilities for each image. choose(i) is called when one is chosen.
export function newGallery(root, labels, classes, choose) {
  let chosen = 0;
  const buttons = labels.map((label, i) => {
    const button = document.createElement("button");
    button.type = "button";
    const picture = document.createElement("img");
    picture.src = `images/${i}.png`;
    picture.width = picture.height = 56;
    picture.alt = classes[label];
    const judged = document.createElement("b");
    const says = document.createElement("span");
    button.append(picture, judged, says);
    button.addEventListener("click", () => {
      chosen = i;
      mark();
      choose(i);
    });
    return { button, judged, says };
  });
  root.append(...buttons.map((b) => b.button));
  const mark = () => buttons.forEach((b, i) => b.button.setAttribute("aria-pressed", i === chosen));
  mark();
  return {
    chosen: () => chosen,
    update(shown) {
      shown.forEach((probabilities, i) => {
        const guess = probabilities ? best(probabilities) : -1;
        const right = guess === labels[i];
        buttons[i].button.classList.toggle("wrong", !right);
        buttons[i].judged.textContent = right ? "✓" : "✗";
        buttons[i].says.textContent = (classes[guess] ?? "none").replace("/", "/\u200b"); // may break there
        buttons[i].button.setAttribute("aria-label", `${classes[labels[i]]}: the edited net says ${classes[guess] ?? "nothing"}`);
      });
    },
  };
}
