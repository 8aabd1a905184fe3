import { greenBeans } from "./wrsi.ts";

/** What the transform is told, as its statement carries it: the place, and the constants for readers. */
export function labelParameters(latitude: number) {
  const { stages, coefficients, ...soil } = greenBeans;
  return { latitude, crop: { stages: [...stages], coefficients: [...coefficients], ...soil } };
}
