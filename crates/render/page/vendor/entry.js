// What the page takes from Observable Plot. Everything else is left out of the bundle.
export {
  plot, dot, line, link, text, areaY, ruleX, ruleY, axisX, axisY, gridX, gridY, tip, pointer, crosshairX
} from "@observablehq/plot";
