/** The English texts. A translation is one file with the same keys. */

export default {
  // The frame
  skip: "Skip to the content",
  places: "Views",
  "place.explore": "Explore",
  "place.library": "Library",
  "place.albums": "Albums",
  "place.bin": "Bin",
  search: "Search",
  "search.hint": "Search titles, tags and places",
  upload: "Upload",
  join: "Join",
  "sign-in": "Sign in",
  "sign-out": "Sign out",
  account: "Account",
  "account.menu": "Account menu",
  offline: "You are offline. Uploads wait.",
  "drop.hint": "Drop to upload",

  // Parts that many views share
  close: "Close",
  cancel: "Cancel",
  retry: "Try again",
  undo: "Undo",
  "photos.count": { one: "{count} photo", other: "{count} photos" },
  "visibility.public": "Everyone",
  "visibility.unlisted": "Anyone with the link",
  "visibility.private": "Only me",
  order: "Order",
  "order.taken": "Date taken",
  "order.newest": "Newest upload",
  "order.oldest": "Oldest upload",
  "order.top": "Best rated",
  "select.photo": "Select {name}",
  "select.day": "Select all of {day}",

  // Explore, library, unknown addresses
  "explore.label": "Public photos in random order",
  "explore.empty": "No public photos yet",
  "explore.empty.text": "Be the first. Photos that you share with everyone appear here.",
  "library.label": "Your photos",
  "library.empty": "Your library starts here",
  "library.empty.text": "Drop photos or a whole folder anywhere on this page. They are sorted by the day they were taken, and only you see them.",
  photo: "Photo",
  missing: "There is nothing here",
  "missing.text": "The address is wrong, or what it showed was deleted.",

  // Uploads
  "upload.choose": "Choose photos",
  "upload.folder": "Choose a folder",

  // Errors, by the code of the API
  "error.title": "That did not work",
  "error.page": "Something went wrong on this page. Reload it and try again.",
  "error.retry": "Try again {wait}.",
  "error.request": "Request {id}",
  "error.Unreachable": "The service cannot be reached. Check your connection and try again.",
};
