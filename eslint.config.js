/** Rules for the scripts of the page. The limits are those of the Python code. */

import js from "@eslint/js";
import globals from "globals";

const SIZES = {
  "max-lines": ["error", { max: 300 }],
  "max-lines-per-function": ["error", { max: 40, skipBlankLines: true, skipComments: true }],
  complexity: ["error", 12],
  "max-params": ["error", 6],
};

export default [
  { ignores: [".venv*/", ".data/", "out/"] },
  js.configs.recommended,
  {
    files: ["chalicelib/web/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      ...SIZES,
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-implicit-globals": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // Text that people wrote must never become markup.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: "Build elements with h()." })),
        { object: "document", property: "write", message: "Build elements with h()." },
      ],
    },
  },
  { files: ["chalicelib/web/texts/*.js"], rules: { "max-lines": "off" } },
  { files: ["chalicelib/web/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["bench/*.mjs"], languageOptions: { globals: globals.node } },
  { files: ["tests/web/**/*.js"], languageOptions: { globals: globals.node }, rules: SIZES },
];
