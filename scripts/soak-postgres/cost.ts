import type { Site } from "./field.js";
export async function cost(_site: Site): Promise<string> {
  return "";
}
