/** Types of the API's answers, for the type checker. The browser never loads this file. */

type Visibility = "public" | "unlisted" | "private";

interface Exif {
  camera?: string;
  lens?: string;
  focalLength?: number;
  aperture?: number;
  shutter?: string;
  iso?: number;
  latitude?: number;
  longitude?: number;
}

interface Photo {
  photoId: string;
  userId: string;
  filename: string;
  contentType: string;
  size: number;
  width: number;
  height: number;
  rotation: 0 | 90 | 180 | 270;
  uploadedAt: string;
  takenAt: string | null;
  takenLocal: string | null;
  takenOffset: string | null;
  title: string;
  description: string;
  tags: string[];
  visibility: Visibility;
  status: "pending" | "ready" | "rejected" | "erased";
  rating: { average: number | null; count: number };
  exif: Exif;
  placeholder: string;
  renditions: Record<string, string>;
  /** Only the owner receives the fields below. */
  sha256?: string | null;
  rejection?: string | null;
  trashedAt?: string | null;
  wantedRotation?: number | null;
}

interface Album {
  albumId: string;
  userId: string;
  name: string;
  description: string;
  continent: string;
  country: string;
  years: number[];
  photoCount: number;
  coverPhotoId: string | null;
  coverUrl: string | null;
  visibility: Visibility;
  createdAt: string;
  updatedAt: string;
}

interface ShareLink {
  linkId: string;
  createdAt: string;
  expiresAt: string | null;
  hasPassword: boolean;
  /** Only the answer to the creation has the URL. */
  url?: string;
}

interface PageOf<Item> {
  items: Item[];
  lastKey: string | null;
}

/** What a view module returns. The router shows `element` in `<main>`, and calls `close` when the view is dropped. */
interface View {
  title: string;
  element: HTMLElement;
  /** The photos that the viewer steps through. */
  list?: import("./grid/photo-list.js").GridList;
  /** True if the view could not be opened, and says why. */
  isFailure?: boolean;
  /** Return the path of a photo over this view, if it is not `p/{photoId}`. */
  photoHref?: (photoId: string) => string;
  /** One's own album, which uploads from this view go to unless the user chooses another. */
  album?: Pick<Album, "albumId" | "name">;
  /** Called when the view is shown again from the history. */
  resume?: () => void;
  close?: () => void;
}

/** How the photos of a list are read and changed, if not by the routes of single photos. */
interface PhotoSource {
  /** Return the path of a photo. */
  photoHref?: (photoId: string) => string;
  /** Return a photo with fresh signed URLs. Throws ApiError. */
  refetch?: (photoId: string) => Promise<Photo>;
  /** Return a URL that downloads a photo. Throws ApiError. */
  download?: (photoId: string) => Promise<{ url: string }>;
  /** False if nobody can change photos here. */
  canChange?: boolean;
}
