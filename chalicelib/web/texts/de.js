/** The German texts. Missing keys are shown in English. */

/** @type {Partial<Record<keyof typeof import("./en.js").default, import("../core/texts.js").Text>>} */
const texts = {
  // The frame
  skip: "Zum Inhalt springen",
  places: "Ansichten",
  "place.explore": "Entdecken",
  "place.library": "Bibliothek",
  "place.albums": "Alben",
  "place.bin": "Papierkorb",
  search: "Suchen",
  "search.hint": "Titel, Tags und Orte suchen",
  upload: "Hochladen",
  join: "Registrieren",
  "sign-in": "Anmelden",
  "sign-out": "Abmelden",
  account: "Konto",
  "account.menu": "Kontomenü",
  offline: "Sie sind offline. Das Hochladen wartet.",
  "drop.hint": "Zum Hochladen ablegen",

  // Parts that many views share
  close: "Schließen",
  cancel: "Abbrechen",
  retry: "Erneut versuchen",
  undo: "Rückgängig",
  "photos.count": { one: "{count} Foto", other: "{count} Fotos" },
  "visibility.public": "Alle",
  "visibility.unlisted": "Alle mit dem Link",
  "visibility.private": "Nur ich",
  order: "Reihenfolge",
  "order.taken": "Aufnahmedatum",
  "order.newest": "Zuletzt hochgeladen",
  "order.oldest": "Zuerst hochgeladen",
  "order.top": "Am besten bewertet",
  "select.photo": "{name} auswählen",
  "select.day": "Alle vom {day} auswählen",

  // Explore, library, unknown addresses
  "explore.label": "Öffentliche Fotos in zufälliger Reihenfolge",
  "explore.empty": "Noch keine öffentlichen Fotos",
  "explore.empty.text": "Machen Sie den Anfang. Fotos, die Sie mit allen teilen, erscheinen hier.",
  "library.label": "Ihre Fotos",
  "library.empty": "Hier beginnt Ihre Bibliothek",
  "library.empty.text": "Legen Sie Fotos oder einen ganzen Ordner auf dieser Seite ab. Sie werden nach dem Aufnahmetag sortiert, und nur Sie sehen sie.",
  photo: "Foto",
  missing: "Hier ist nichts",
  "missing.text": "Die Adresse ist falsch, oder der Inhalt wurde gelöscht.",

  // Uploads
  "upload.choose": "Fotos auswählen",
  "upload.folder": "Ordner auswählen",

  // Errors, by the code of the API
  "error.title": "Das hat nicht geklappt",
  "error.page": "Auf dieser Seite ist etwas schiefgegangen. Laden Sie sie neu, und versuchen Sie es noch einmal.",
  "error.retry": "Versuchen Sie es {wait} erneut.",
  "error.request": "Anfrage {id}",
  "error.Unreachable": "Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung, und versuchen Sie es noch einmal.",
};
export default texts;
