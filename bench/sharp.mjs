// Asked a line at a time, like bench/contenders.py: {"way", "photo", "into", "copy"} in, {"cpu"} out.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const sharp = createRequire(`${process.cwd()}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);
const SIDES = [2048, 1024, 256];
const inside = { fit: "inside", withoutEnlargement: true };

const ways = {
  // `rotate().resize(200).jpeg({ mozjpeg: true })` is the README's own pipeline.
  async readme(photo) {
    const one = (side) => sharp(photo).rotate().resize(side, side, inside).jpeg({ mozjpeg: true }).toBuffer();
    return [await one(2048), await one(1024), await one(256)];
  },
  async webp(photo) {
    const one = (side) => sharp(photo).rotate().resize(side, side, inside).webp().toBuffer();
    return [await one(2048), await one(1024), await one(256)];
  },
  chained: (photo) => chain(photo, [4, 4, 4]),
  tuned: (photo) => chain(photo, [2, 2, 4]),
};

// One decode, each size from the one before, one encode each.
async function chain(photo, efforts) {
  let image = sharp(photo).rotate().flatten({ background: "#fff" });
  const made = [];
  for (const [place, side] of SIDES.entries()) {
    const { data, info } = await image.resize(side, side, inside).raw().toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    made.push(await sharp(data, raw).webp({ effort: efforts[place] }).toBuffer());
    image = sharp(data, raw);
  }
  return made;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { way, photo, into, copy } = JSON.parse(line);
  const content = await readFile(photo);
  const begun = process.cpuUsage();
  let answer;
  try {
    const made = await ways[way](content);
    if (copy) await sharp(content).rotate().flatten({ background: "#fff" }).jpeg({ quality: 90 }).toBuffer();
    const { user, system } = process.cpuUsage(begun);
    answer = { cpu: (user + system) / 1e6 };
    if (into) await Promise.all(SIDES.map((side, place) => writeFile(`${into}/${side}`, made[place])));
  } catch (error) {
    answer = { error: error.message };
  }
  answer.peak = Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1000;
  console.log(JSON.stringify(answer));
}
