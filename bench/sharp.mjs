// Like bench/contenders.py, read one JSON request per line: {"way", "photo", "into", "copy"}. Print {"cpu", "peak"}.
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
  // The README of sharp shows this pipeline: `rotate().resize(200).jpeg({ mozjpeg: true })`.
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

// Decode once, resize each rendition from the previous one, and encode each once.
async function chain(photo, efforts) {
  let image = sharp(photo).rotate().flatten({ background: "#fff" });
  const files = [];
  for (const [index, side] of SIDES.entries()) {
    const { data, info } = await image.resize(side, side, inside).raw().toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    files.push(await sharp(data, raw).webp({ effort: efforts[index] }).toBuffer());
    image = sharp(data, raw);
  }
  return files;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { way, photo, into, copy } = JSON.parse(line);
  const content = await readFile(photo);
  const started = process.cpuUsage();
  let answer;
  try {
    const files = await ways[way](content);
    if (copy) await sharp(content).rotate().flatten({ background: "#fff" }).jpeg({ quality: 90 }).toBuffer();
    const { user, system } = process.cpuUsage(started);
    answer = { cpu: (user + system) / 1e6 };
    if (into) await Promise.all(SIDES.map((side, index) => writeFile(`${into}/${side}`, files[index])));
  } catch (error) {
    answer = { error: error.message };
  }
  answer.peak = Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1000;
  console.log(JSON.stringify(answer));
}
